"""A member's statement: what occurred on the account between two days of the city, in minutes and in words."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import accumulate
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

import timebank
from marketplace.base import audit
from marketplace.base.actor import Actor
from marketplace.base.clock import local_day, local_instant, reckoned
from marketplace.base.crypto import Vault
from marketplace.base.errors import Language
from marketplace.hours.errors import PeriodBackwards
from marketplace.hours.giving.models import TransferOrder
from marketplace.hours.importing.joining import IMPORTED, words_kept
from marketplace.hours.ledger.roots import Root, root_by
from marketplace.hours.members.words import in_words
from marketplace.hours.models import Member, Task
from timebank.statements import balance_after, lines_after, stream_lines

_OWNER = text("SELECT owner FROM ledger_account WHERE id = :account")
_OWNED = text(
    "SELECT id FROM ledger_account WHERE owner = :owner AND unit = 'minute' AND kind = 'member' ORDER BY state, id"
)
LONGEST_DAYS = 3660
Cursor = tuple[int, int]  # entry and leg of a line
USUAL = timedelta(days=30)
PAGE = 1000


@dataclass(frozen=True, slots=True)
class Entry:
    """One line, in minutes: gained above zero, given below. `version` is its place in the account's chain."""

    occurred_at: datetime
    recorded_at: datetime
    minutes: int
    balance_after_minutes: int
    kind: str
    reference: str
    words: str
    version: int


@dataclass(frozen=True, slots=True)
class Period:
    """Two days of the city, both inclusive."""

    since: date
    until: date

    @property
    def starts_at(self) -> datetime:
        """The first instant."""
        return local_instant(self.since, time())

    @property
    def ends_at(self) -> datetime:
        """The instant after the last."""
        return local_instant(self.until, time()) + timedelta(days=1)


@dataclass(frozen=True, slots=True)
class MemberStatement:
    """`opening + Σ minutes = closing` over all pages; `next_after` is the cursor of the page that follows, if any.

    `root` is the newest one published for the period: `timebank.attestations` proves the lines under it.
    """

    member_id: UUID
    since: date
    until: date
    opening_minutes: int
    closing_minutes: int
    entries: tuple[Entry, ...]
    next_after: str | None
    root: Root | None


def period_of(since: date | None, until: date | None, *, now: datetime) -> Period:
    """The days asked for, the last thirty if none are. `DayOutOfRange`, `PeriodBackwards`."""
    until = reckoned(until or local_day(now), pointer="/to")
    since = reckoned(since or until - USUAL, pointer="/from")
    if until < since or (until - since).days >= LONGEST_DAYS:
        raise PeriodBackwards(pointer="/from", longest_days=LONGEST_DAYS)
    return Period(since, until)


async def statement_of(
    tx: AsyncSession,
    vault: Vault,
    member: Member,
    period: Period,
    *,
    actor: Actor,
    language: Language,
    after: Cursor | None = None,
    limit: int = PAGE,
) -> MemberStatement:
    """One page of the member's statement, after the line `after`.

    A look by anybody but the member leaves an audit row.
    """
    note_reading(tx, member, actor)
    accounts = await accounts_of(tx, member)
    opening = await _together(tx, accounts, before=period.starts_at)
    lines = await lines_after(
        tx, accounts, starts_at=period.starts_at, ends_at=period.ends_at, after=after, limit=limit + 1
    )
    begins = opening if after is None else await balance_after(tx, accounts, after)
    page = _in_one(accounts, lines[:limit], begins)
    return MemberStatement(
        member_id=member.id,
        since=period.since,
        until=period.until,
        opening_minutes=opening,
        closing_minutes=await _together(tx, accounts, before=period.ends_at),
        entries=tuple(await in_entries(tx, vault, member, page, language)),
        next_after=f"{page[-1].entry_id}-{page[-1].leg}" if len(lines) > limit else None,
        root=await root_by(tx, period.until),
    )


async def accounts_of(tx: AsyncSession, member: Member) -> list[UUID]:
    """The member's accounts: the one in the home branch, and closed ones in branches where she was at home before."""
    owner = await tx.scalar(_OWNER, {"account": member.ledger_account})
    if owner is None:
        return [member.ledger_account]
    return list(await tx.scalars(_OWNED, {"owner": owner}))


async def _together(tx: AsyncSession, accounts: Sequence[UUID], *, before: datetime) -> int:
    return sum([await timebank.balance_at(tx, account, occurred_before=before) for account in accounts])


def _in_one(accounts: Sequence[UUID], lines: Sequence[timebank.Line], begins: int) -> list[timebank.Line]:
    """Lines of several accounts say what all had together; one account's say what its chain says."""
    if len(accounts) == 1:
        return list(lines)
    sums = accumulate((line.amount for line in lines), initial=begins)
    return [replace(line, balance_after=balance) for line, balance in zip(lines, list(sums)[1:], strict=True)]


def note_reading(tx: AsyncSession, member: Member, actor: Actor) -> None:
    """Remember that somebody else looked."""
    if actor.account_id != member.account_id:
        audit.note(tx, "statement.read", actor=actor, entity="member", entity_id=member.id)


async def stream_entries(
    tx: AsyncSession, vault: Vault, member: Member, period: Period, language: Language
) -> AsyncIterator[list[Entry]]:
    """All entries of the period, a portion at a time, however many there are."""
    accounts = await accounts_of(tx, member)
    begins = await _together(tx, accounts, before=period.starts_at)
    portion: list[timebank.Line] = []
    async for line in stream_lines(tx, accounts, starts_at=period.starts_at, ends_at=period.ends_at):
        portion.append(line)
        if len(portion) == PAGE:
            yield await in_entries(tx, vault, member, _in_one(accounts, portion, begins), language)
            begins += sum(one.amount for one in portion)
            portion = []
    yield await in_entries(tx, vault, member, _in_one(accounts, portion, begins), language)


async def in_entries(
    tx: AsyncSession, vault: Vault, member: Member, lines: Sequence[timebank.Line], language: Language
) -> list[Entry]:
    """Lines of the ledger as the member reads them."""
    references = {line.reference for line in lines if line.kind == "task"}
    ids = [UUID(reference.removeprefix("task:")) for reference in references]
    query = select(col(Task.id), col(Task.kind)).where(col(Task.id).in_(ids))
    kinds = {f"task:{task_id}": kind for task_id, kind in await tx.execute(query)}
    for_her = await _acted_for(tx, lines, member)
    kept = await words_kept(tx, vault, member, [line.entry_key for line in lines if line.kind == IMPORTED])
    return [
        Entry(
            occurred_at=line.occurred_at,
            recorded_at=line.recorded_at,
            minutes=line.amount,
            balance_after_minutes=line.balance_after,
            kind=line.kind,
            reference=line.reference,
            words=in_words(
                line.kind,
                line.amount,
                kinds.get(line.reference),
                language,
                kept=kept.get(line.entry_key),
                acted_as=for_her.get(line.reference),
            ),
            version=line.version,
        )
        for line in lines
    ]


async def _acted_for(tx: AsyncSession, lines: Sequence[timebank.Line], member: Member) -> dict[str, str]:
    """Of those orders that somebody else placed for this member: by what right, by reference."""
    references = {line.reference for line in lines if line.reference.startswith("order:")}
    ids = [UUID(reference.removeprefix("order:")) for reference in references]
    query = select(col(TransferOrder.id), col(TransferOrder.acted_as)).where(
        col(TransferOrder.id).in_(ids), col(TransferOrder.on_behalf_of) == member.id
    )
    return {f"order:{order_id}": acted_as or "officer" for order_id, acted_as in await tx.execute(query)}
