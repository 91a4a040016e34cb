"""The steps by which an import is taken back. Each looks for what is still to be done, so any process takes the next.

People are shut out. Transit opens again; every entry is reversed, the newest first, so that balances go back the way
they came; members' accounts close at zero and their people are taken out; then transit closes and the programme's
ceiling is 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import delete, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base import audit
from marketplace.base.actor import Actor
from marketplace.base.audit import Transition, request_id
from marketplace.base.crypto import Vault
from marketplace.hours.alerts.service import settle_alert
from marketplace.hours.books import programme_account
from marketplace.hours.importing.keeping import forget
from marketplace.hours.importing.models import BankImport, ImportedMember
from marketplace.hours.importing.running import withdraw
from marketplace.hours.importing.steps import PORTION
from marketplace.hours.importing.taking import plan_by_index, tell
from marketplace.hours.importing.transit import Transit, accounts_for
from marketplace.hours.importing.undoing.shutting import open_next, shut_next
from marketplace.hours.models import Incident, Insurance, Member, Programme, StudentChange, Training
from marketplace.people.models import RefreshToken, SignInCode
from timebank import CloseAccount, Command, ReopenAccount, Reverse, SetLimits

FILED = (Incident, Training, Insurance, StudentChange)  # what an officer, or she, writes into a member's file
_IN_STATE = text("SELECT id FROM ledger_account WHERE id = ANY(:accounts) AND state = :state ORDER BY id")
# a subquery and no join: the planner knows nothing yet of so many new rows, and would compare all of them with all
_STANDING = (
    " FROM ledger_entry e WHERE e.reference = :reference AND e.kind = 'imported'"
    " AND (SELECT r.id FROM ledger_entry r WHERE r.reverses = e.id AND r.reverses IS NOT NULL) IS NULL"
)
_HOW_MANY = text("SELECT count(*)" + _STANDING)
_NEWEST = text("SELECT e.id, e.key" + _STANDING + " AND e.id < :before ORDER BY e.id DESC LIMIT :limit")
# reversals are made newest first: what stands lies before what the last one reversed
_REACHED = text(
    "SELECT e.reverses FROM ledger_entry e WHERE e.reference = :reference AND e.kind = 'reversal'"
    " AND starts_with(e.key, :head) ORDER BY e.id DESC LIMIT 1"
)
_ALL = 2**63 - 1
EndsAs = Literal["undone", "done", "stopped"]
_PEOPLE = text("SELECT count(*) FROM imported_member WHERE import_id = :id")
_INSIDE = text("SELECT count(*) FROM imported_member WHERE import_id = :id AND was_in IS NULL")
_SHUT = text("SELECT count(*) FROM imported_member WHERE import_id = :id AND was_in IS NOT NULL")


@dataclass(frozen=True, slots=True)
class Left:
    """What is still to be done: members to shut out, accounts of transit to open, entries to reverse, members to take
    out; of a way back that was called off, members to let `inside` again and nothing else."""

    inside: int
    reopened: int
    entries: int
    members: int

    @property
    def steps(self) -> int:
        """In so many steps; the last one ends it."""
        return sum(-(-count // PORTION) for count in (self.inside, self.reopened, self.entries, self.members)) + 1


def transit_of(made: BankImport) -> list[UUID]:
    """The accounts of transit that the import has, or would have had."""
    return [Transit.account_of(made.id, number).account for number in range(accounts_for(made.entries))]


def is_called_off(made: BankImport) -> bool:
    """On its way out, and now letting everybody in again, or stopped on doing so."""
    return made.state in {"undoing", "undo_stopped"} and made.undo_obstacles > 0


def ends_as(made: BankImport) -> EndsAs | None:
    """The state in which an import that is on its way out comes to rest; None for any other."""
    if made.state not in {"undoing", "undo_stopped"}:
        return None
    if not is_called_off(made):
        return "undone"
    return "stopped" if made.finished_at is None else "done"


async def left_of(tx: AsyncSession, made: BankImport) -> Left:
    """What is still to be done for an import."""
    if is_called_off(made):
        return Left(int(await tx.scalar(_SHUT, {"id": made.id}) or 0), 0, 0, 0)
    await plan_by_index(tx)
    entries = int(await tx.scalar(_HOW_MANY, {"reference": made.reference}) or 0)
    reopened = len(await _in_state(tx, made, "closed")) if entries else 0
    inside, people = [int(await tx.scalar(query, {"id": made.id}) or 0) for query in (_INSIDE, _PEOPLE)]
    return Left(inside, reopened, entries, people)


async def _in_state(tx: AsyncSession, made: BankImport, state: str) -> list[UUID]:
    return list(await tx.scalars(_IN_STATE, {"accounts": transit_of(made), "state": state}))


async def take_next(tx: AsyncSession, vault: Vault, made: BankImport, *, now: datetime) -> None:
    """Take the next step of a locked import, in the caller's transaction. `ImportInUse`, what the ledger refuses."""
    if made.undo_obstacles:
        await open_next(tx, made, now=now)
    elif not (
        await shut_next(tx, made, now=now) or await _reverse(tx, made, now=now) or await _part(tx, made, now=now)
    ):
        await _end(tx, vault, made, now=now)


async def _reverse(tx: AsyncSession, made: BankImport, *, now: datetime) -> bool:
    """The newest entries that stand; before that the accounts that they need. False: there are none."""
    await plan_by_index(tx)
    head, given = f"{made.reference}:undo", {"reference": made.reference, "limit": PORTION}
    reached = await tx.scalar(_REACHED, {"reference": made.reference, "head": f"{head}:"})
    newest = (await tx.execute(_NEWEST, {**given, "before": reached or _ALL})).all()
    # Nothing is passed over, should somebody have posted meanwhile. All entries are looked at once, before the first
    # people go: at every step with people it would take rows times members.
    if not newest and reached is not None and await tx.scalar(_PEOPLE, {"id": made.id}) == made.members:
        newest = (await tx.execute(_NEWEST, {**given, "before": _ALL})).all()
    if not newest:
        return False
    commands: list[Command] = [
        ReopenAccount(f"{head}:reopened:{account}", account)
        for account in (await _in_state(tx, made, "closed"))[:PORTION]
    ] or [Reverse(f"{head}:{row.id}", row.key, now, made.reference) for row in newest]
    await tell(tx, commands, now=now)
    return True


async def _part(tx: AsyncSession, made: BankImport, *, now: datetime) -> bool:
    """Close members' accounts and take their people out: wards and groups before those who answer for them."""
    query = (
        select(Member)
        .join(ImportedMember, col(ImportedMember.member_id) == col(Member.id))
        .where(col(ImportedMember.import_id) == made.id)
        .order_by(col(Member.guardian_id).is_(None) & col(Member.contact_id).is_(None), col(Member.id))
        .limit(PORTION)
        .with_for_update(of=Member)  # whoever writes about one of them has written it by now, or finds nobody
    )
    members = list(await tx.scalars(query))
    if not members:
        return False
    accounts = {"accounts": [one.ledger_account for one in members], "state": "open"}
    closing = [
        CloseAccount(f"{made.reference}:undo:closed:{one}", one) for one in await tx.scalars(_IN_STATE, accounts)
    ]
    await tell(tx, closing, now=now)
    tx.add_all(_left(made, one, now) for one in members)
    own = [one.account_id for one in members if one.kind != "elder" and one.account_id is not None]
    for asked in (RefreshToken, SignInCode):  # somebody who tried the door while it was being shut
        await tx.execute(delete(asked).where(col(asked.account_id).in_(own)))
    await _clear_files(tx, made, [one.id for one in members])
    await withdraw(tx, members)
    return True


async def _clear_files(tx: AsyncSession, made: BankImport, members: Sequence[UUID]) -> None:
    """What was written into a file after the door was shut goes with the person, whom nobody has met.

    Written before, it would have stood in the way. The audit log keeps that it was written, and that it went.
    """
    for record in FILED:
        gone = delete(record).where(col(record.member_id).in_(members)).returning(col(record.member_id))
        for member_id in await tx.scalars(gone.execution_options(synchronize_session=False)):
            what = {"kind": record.__tablename__, "import_id": str(made.id)}
            audit.note(tx, "bank.undo_record", actor=Actor.system(), entity="member", entity_id=member_id, **what)


def _left(made: BankImport, member: Member, now: datetime) -> Transition:
    return Transition(
        entity="member",
        entity_id=member.id,
        from_state=member.state,
        to_state="left",
        version=member.version + 1,
        actor_id=made.undo_by,
        reason=made.reference,
        at=now,
        request_id=request_id(),
    )


async def _end(tx: AsyncSession, vault: Vault, made: BankImport, *, now: datetime) -> None:
    """Transit is closed, the programme issues nothing any more, the files are forgotten."""
    head, issuance = f"{made.reference}:undo", programme_account(made.programme_id)
    commands: list[Command] = [
        CloseAccount(f"{head}:closed:{account}", account) for account in await _in_state(tx, made, "open")
    ]
    if await tx.scalar(_IN_STATE, {"accounts": [issuance], "state": "open"}) is not None:
        commands.append(SetLimits(f"{head}:ceiling", issuance, 0, None))
    await tell(tx, commands, now=now)
    (await tx.get_one(Programme, made.programme_id)).ceiling_minutes = 0
    made.state, made.undone_at = "undone", now
    await forget(tx, vault, made.id)
    note = made.undo_reason or made.reference
    await settle_alert(tx, "import_stopped", made.id, note=note, closed_by=made.undo_by, now=now)
    audit.note(tx, "bank.undone", actor=Actor.system(), entity="bank_import", entity_id=made.id, members=made.members)
