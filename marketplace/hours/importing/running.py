"""Carrying an import out: one step after the other, each with the note that it was taken, in a transaction of its own.

Whoever is killed, and wherever, the next one goes on with the step that is not noted; two at once take turns. What is
refused stops the import: while only people were written, they are taken out again and nothing is left of it.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base.crypto import DataKey
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.base.timers import Timer
from marketplace.hours.alerts.service import raise_alert
from marketplace.hours.importing.errors import HereChanged, ImportBegunAnew
from marketplace.hours.importing.keeping import kept
from marketplace.hours.importing.models import BankImport, ImportedLine, ImportedMember
from marketplace.hours.importing.report import read_bank
from marketplace.hours.importing.shelf import shelf_of
from marketplace.hours.importing.steps import Work
from marketplace.hours.importing.taking import take
from marketplace.hours.members.guardians import OF_AGE_DUE
from marketplace.hours.models import Member
from marketplace.people.models import Account
from marketplace.visits.models import Performer
from timebank.errors import LedgerError


async def load(platform: Platform, import_id: UUID) -> Work | None:
    """What is to be done for an import under way, as it lay on the shelf or read anew; None for any other."""
    async with transaction(platform.db) as tx:
        made = await tx.get(BankImport, import_id)
        if made is None:
            return None
        at_hand = shelf_of(platform).take(made)
        if made.state != "running" or at_hand is not None:
            return at_hand if made.state == "running" else None
        files = await kept(tx, platform.vault, made)
        # no cap: balances were judged when it began, and a cap that was lowered since takes nobody's hours
        bank = await read_bank(tx, files, cap_minutes=None, now=made.imported_at)
        return Work(made, bank, platform.policy, platform.vault)


async def advance(platform: Platform, work: Work) -> BankImport:
    """Take the next step, unless there is none; the import as it stands then. `ImportBegunAnew`."""
    try:
        async with transaction(platform.db) as tx:
            made = await locked(tx, work.made.id)
            if made.state == "running":
                _see_that_it_fits(work, made)
                made.steps = len(work.steps)  # an import that an older version began may have had fewer
                await take(tx, work, work.steps[made.done_steps], now=platform.now())
                made.done_steps += 1
            return made
    except (HereChanged, IntegrityError, LedgerError) as error:
        return await _stop(platform, work, getattr(error, "code", HereChanged.code))


def _see_that_it_fits(work: Work, made: BankImport) -> None:
    """Steps follow from rows: of others than it was begun with none is taken. `ImportBegunAnew`, `HereChanged`."""
    if made.begun != work.made.begun:
        raise ImportBegunAnew
    if work.bank.problems:  # a district was renamed since: its members' rows are no longer understood
        raise HereChanged(problems=len(work.bank.problems))


async def _stop(platform: Platform, work: Work, trouble: str) -> BankImport:
    """Nothing more is done until somebody has seen why; an operator is alerted."""
    now = platform.now()
    async with transaction(platform.db) as tx:
        made = await locked(tx, work.made.id)
        if made.state != "running" or made.begun != work.made.begun:
            return made
        step = work.steps[min(made.done_steps, len(work.steps) - 1)]
        figures = {"trouble": trouble, "part": step.part, "done_steps": made.done_steps, "steps": made.steps}
        if step.part == "people":
            await withdraw(tx, await members_of(tx, made.id))
            made.done_steps = 0
        made.state, made.trouble = "stopped", trouble
        await raise_alert(tx, "import_stopped", made.id, cause=now.isoformat(), figures=figures, now=now)
        return made


async def locked(tx: AsyncSession, import_id: UUID) -> BankImport:
    """The import as it stands, with its row locked."""
    query = select(BankImport).where(col(BankImport.id) == import_id).with_for_update()
    return (await tx.scalars(query.execution_options(populate_existing=True))).one()


async def members_of(tx: AsyncSession, import_id: UUID) -> list[Member]:
    """Who came with an import."""
    mine = select(col(ImportedMember.member_id)).where(col(ImportedMember.import_id) == import_id)
    return list(await tx.scalars(select(Member).where(col(Member.id).in_(mine))))


async def withdraw(tx: AsyncSession, members: Sequence[Member]) -> None:
    """Take out people of an import; nobody has met them, and no open account in the books is theirs."""
    ids = [one.id for one in members]
    accounts = [one.account_id for one in members if one.kind != "elder" and one.account_id is not None]
    for gone in (
        delete(Timer).where(col(Timer.rule) == OF_AGE_DUE, col(Timer.entity_id).in_(ids)),
        delete(ImportedLine).where(col(ImportedLine.member_id).in_(ids)),
        delete(ImportedMember).where(col(ImportedMember.member_id).in_(ids)),
        delete(Member).where(col(Member.id).in_(ids)),
        delete(Performer).where(col(Performer.id).in_(ids)),
        delete(Account).where(col(Account.id).in_(accounts)),
        delete(DataKey).where(col(DataKey.owner_id).in_(accounts)),
    ):
        await tx.execute(gone.execution_options(synchronize_session=False))
    for one in members:
        tx.expunge(one)
