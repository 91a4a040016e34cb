"""Starting an import: judged once more, written down with its files, and carried out by a job, step by step.

Files that came in before are found again by their hash: an import under way is left alone, one that was stopped goes on
where it stopped.
"""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base import locks, outbox
from marketplace.base.actor import Actor
from marketplace.base.clock import local_day
from marketplace.base.crypto import Vault
from marketplace.base.ids import new_id
from marketplace.base.policy import Policy
from marketplace.hours.importing.errors import BankHasProblems, ImportOnItsWayOut, ReportStale
from marketplace.hours.importing.keeping import keep
from marketplace.hours.importing.models import BankImport
from marketplace.hours.importing.report import Files, Judged, imported, judge
from marketplace.hours.importing.steps import steps_of
from marketplace.hours.models import Programme

WANTED = "import.wanted"
ON_ITS_WAY_OUT = frozenset({"undoing", "undo_stopped"})


async def start(
    tx: AsyncSession,
    vault: Vault,
    files: Files,
    *,
    policy: Policy,
    actor: Actor,
    now: datetime,
    token: str | None = None,
) -> BankImport:
    """Have the bank brought in, or find that it is or was.

    `BankHasProblems`; `ReportStale` when a token is given and does not fit; `ImportOnItsWayOut`.
    """
    await alone(tx)
    made = await imported(tx, files, lock=True)
    if made is not None and made.state in ON_ITS_WAY_OUT:
        raise ImportOnItsWayOut
    if made is not None and made.state != "stopped":
        return made
    if made is None or made.done_steps == 0:
        made = await _written(tx, vault, files, made, policy=policy, actor=actor, now=now, token=token)
    made.state, made.trouble = "running", None
    made.begun += 1  # who read it before reads it again
    await tx.flush()
    await outbox.send(tx, WANTED, import_id=made.id)
    return made


async def alone(tx: AsyncSession) -> None:
    """Wait until nobody else starts an import or has one taken back; they wait for this transaction."""
    await locks.wait_for(tx, "bank import")


async def _written(
    tx: AsyncSession,
    vault: Vault,
    files: Files,
    before: BankImport | None,
    *,
    policy: Policy,
    actor: Actor,
    now: datetime,
    token: str | None,
) -> BankImport:
    """The import with its files and its programme; one that stopped before its first step is judged anew."""
    judged = await judge(tx, vault, files, policy=policy, now=now)
    if judged.bank.problems:
        raise BankHasProblems(problems=len(judged.bank.problems))
    if token is not None and token != judged.report.token:
        raise ReportStale
    if before is not None:  # the same hash: its files are kept already
        return before
    made = await _new(tx, files, judged, policy=policy, actor=actor, now=now)
    await keep(tx, vault, made.id, files)
    return made


async def _new(
    tx: AsyncSession, files: Files, judged: Judged, *, policy: Policy, actor: Actor, now: datetime
) -> BankImport:
    programme = _programme(policy, judged.report.minutes, actor, now)
    made = BankImport(
        files_sha256=files.sha256,
        programme_id=programme.id,
        members=len(judged.bank.members),
        entries=judged.report.entries,
        minutes=judged.report.minutes,
        imported_by=actor.account_id,
        imported_at=now,
        encoding=files.encoding,
        steps=len(steps_of(judged.bank)),
    )
    tx.add(programme)
    await tx.flush()
    tx.add(made)
    await tx.flush()
    return made


def _programme(policy: Policy, minutes: int, actor: Actor, now: datetime) -> Programme:
    """The programme that issues what the old bank had: closed from the start, it grants to nobody else."""
    day = local_day(now)
    return Programme(
        id=new_id(),
        name_zh=f"导入（{day}）",
        name_en=f"Import of {day}",
        categories=sorted(policy.key_categories),
        ceiling_minutes=minutes,
        valid_from=day,
        valid_until=day,
        state="closed",
        authorised_by=actor.account_id,
        authorised_at=now,
    )
