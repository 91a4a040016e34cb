"""What an order tells the ledger: its holds while it waits, their release, its one entry when it is carried out."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

import timebank
from marketplace.hours.giving.errors import NotEnoughMinutes, ReceiverFull, ReceiverUnknown
from marketplace.hours.giving.models import TransferLine, TransferOrder
from marketplace.hours.models import Member
from timebank import Command, Hold, Post, Release, Result, Transfer
from timebank.errors import AccountClosed, CapReached, InsufficientBalance, LedgerError

_REACHED = text(
    "SELECT posting.account, sum(posting.amount)::bigint AS minutes FROM ledger_entry entry"
    " JOIN ledger_posting posting ON posting.entry = entry.id"
    " WHERE entry.key = :key AND posting.account IS NOT NULL AND posting.amount > 0"
    " GROUP BY posting.account ORDER BY posting.account"
)
HELD_LONGER = timedelta(days=30)  # than the order waits, so that a late worker finds the minutes still there


@dataclass(frozen=True, slots=True)
class Around:
    """What else the ledger does in the same call: before the entry (opening accounts) and after it (closing them)."""

    before: Sequence[Command] = ()
    after: Sequence[Command] = ()
    excess_to: UUID | None = None


@dataclass(slots=True)
class Placed:
    """An order with its lines, in their order."""

    order: TransferOrder
    lines: list[TransferLine] = field(default_factory=list)

    @property
    def moving(self) -> list[TransferLine]:
        """The lines that take part."""
        return [line for line in self.lines if line.moves]


def held_by(lines: Sequence[TransferLine]) -> dict[UUID, int]:
    """How much the lines take from each account."""
    sums: dict[UUID, int] = defaultdict(int)
    for line in lines:
        sums[line.source_account] += line.minutes
    return dict(sums)


def hold_commands(order: TransferOrder, lines: Sequence[TransferLine]) -> list[Command]:
    """The ledger's commands that set aside what these lines take, longer than the order waits."""
    until = order.executes_at or order.expires_at or order.asked_at
    return [
        Hold(
            key=order.hold_key(account),
            account=account,
            amount=minutes,
            expires_at=until + HELD_LONGER,
            reference=order.key,
        )
        for account, minutes in held_by(lines).items()
    ]


async def hold(
    tx: AsyncSession,
    placed: Placed,
    lines: Sequence[TransferLine],
    *,
    now: datetime,
    before: Sequence[Command] = (),
) -> None:
    """Set aside what these lines take, after what the ledger does `before`. `NotEnoughMinutes`."""
    await _apply(tx, [*before, *hold_commands(placed.order, lines)], placed, now=now)


def release_commands(order: TransferOrder, lines: Sequence[TransferLine]) -> list[Command]:
    """The ledger's commands that give back what is held for these lines; harmless on what is resolved."""
    return [
        Release(key=f"{order.hold_key(account)}:release", hold_key=order.hold_key(account))
        for account in held_by(lines)
    ]


async def post(
    tx: AsyncSession, placed: Placed, around: Around, *, now: datetime, held: Sequence[TransferLine] = ()
) -> None:
    """Write the order's one entry. What is held for the lines `held` is freed first, under the locks of one call."""
    freed = release_commands(placed.order, held)
    entry = entry_of(placed, now=now, excess_to=around.excess_to)
    commands = [*around.before, *freed, *([entry] if entry else []), *around.after]
    for answer in await _apply(tx, commands, placed, now=now):
        if answer.key == placed.order.key:
            placed.order.excess_minutes = answer.excess


async def readdress(tx: AsyncSession, placed: Placed) -> None:
    """Receivers who moved to another branch while the order waited receive there."""
    ids = {line.receiver_id for line in placed.moving if line.receiver_id is not None}
    query = select(col(Member.id), col(Member.ledger_account)).where(col(Member.id).in_(ids))
    accounts = {member_id: account for member_id, account in await tx.execute(query)}  # noqa: C416 - rows are no pairs to mypy
    for line in placed.moving:
        if line.receiver_id in accounts:
            line.destination_account = accounts[line.receiver_id]
    await tx.flush()


def entry_of(placed: Placed, *, now: datetime, excess_to: UUID | None = None) -> Post | None:
    """The order as one entry; None where nothing moves."""
    order = placed.order
    transfers = tuple(Transfer(line.source_account, line.destination_account, line.minutes) for line in placed.moving)
    if not transfers:
        return None
    return Post(
        key=order.key, transfers=transfers, kind=order.kind, reference=order.key, occurred_at=now, excess_to=excess_to
    )


async def reached_by(tx: AsyncSession, order: TransferOrder) -> dict[UUID, int]:
    """How much the order's entry brought to each account, by account."""
    return {account: int(minutes) for account, minutes in await tx.execute(_REACHED, {"key": order.key})}


async def excess_of(tx: AsyncSession, order: TransferOrder, line: TransferLine) -> int:
    """What of a carried out order's line passed its receiver's cap, and so did not reach her account."""
    if not order.excess_minutes:
        return 0
    return line.minutes - (await reached_by(tx, order)).get(line.destination_account, 0)


async def _apply(tx: AsyncSession, commands: Sequence[Command], placed: Placed, *, now: datetime) -> list[Result]:
    try:
        async with tx.begin_nested():  # a refusal gives back the ledger's locks, and the caller may go on
            return await timebank.apply(tx, commands, now=now)
    except LedgerError as error:
        raise refusal_of(error, placed.order.minutes) from error


def refusal_of(error: LedgerError, minutes: int) -> Exception:
    """What a refusal of the ledger means for an order of so many minutes; one that means nothing stays itself."""
    if isinstance(error, InsufficientBalance):
        return NotEnoughMinutes(available=error.data.get("available", 0), needed=error.data.get("amount", minutes))
    if isinstance(error, CapReached):
        return ReceiverFull(cap=error.data.get("cap"))
    return ReceiverUnknown() if isinstance(error, AccountClosed) else error
