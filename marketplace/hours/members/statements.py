"""A member's statement: what occurred on the account between two days of the city, in minutes and in words."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

import timebank
from marketplace.base import audit
from marketplace.base.actor import Actor
from marketplace.base.clock import local_day, local_instant
from marketplace.base.crypto import Vault
from marketplace.base.errors import Language
from marketplace.hours.errors import PeriodBackwards
from marketplace.hours.importing.joining import IMPORTED, words_kept
from marketplace.hours.ledger.roots import Root, root_by
from marketplace.hours.members.words import in_words
from marketplace.hours.models import Member, Task
from timebank.statements import lines_after, stream_lines

LONGEST_DAYS = 3660
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
    next_after: int | None
    root: Root | None


def period_of(since: date | None, until: date | None, *, now: datetime) -> Period:
    """The days asked for, the last thirty if none are. `PeriodBackwards`."""
    until = until or local_day(now)
    since = since or until - USUAL
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
    after: int | None = None,
    limit: int = PAGE,
) -> MemberStatement:
    """One page of the member's statement, after the line of version `after`.

    A look by anybody but the member leaves an audit row.
    """
    note_reading(tx, member, actor)
    account = member.ledger_account
    opening = await timebank.balance_at(tx, account, occurred_before=period.starts_at)
    closing = await timebank.balance_at(tx, account, occurred_before=period.ends_at)
    lines = await lines_after(
        tx, account, starts_at=period.starts_at, ends_at=period.ends_at, after=after, limit=limit + 1
    )
    page = lines[:limit]
    return MemberStatement(
        member_id=member.id,
        since=period.since,
        until=period.until,
        opening_minutes=opening,
        closing_minutes=closing,
        entries=tuple(await in_entries(tx, vault, member, page, language)),
        next_after=page[-1].version if len(lines) > limit else None,
        root=await root_by(tx, period.until),
    )


def note_reading(tx: AsyncSession, member: Member, actor: Actor) -> None:
    """Remember that somebody else looked."""
    if actor.account_id != member.account_id:
        audit.note(tx, "statement.read", actor=actor, entity="member", entity_id=member.id)


async def stream_entries(
    tx: AsyncSession, vault: Vault, member: Member, period: Period, language: Language
) -> AsyncIterator[list[Entry]]:
    """All entries of the period, a portion at a time, however many there are."""
    portion: list[timebank.Line] = []
    async for line in stream_lines(tx, member.ledger_account, starts_at=period.starts_at, ends_at=period.ends_at):
        portion.append(line)
        if len(portion) == PAGE:
            yield await in_entries(tx, vault, member, portion, language)
            portion = []
    yield await in_entries(tx, vault, member, portion, language)


async def in_entries(
    tx: AsyncSession, vault: Vault, member: Member, lines: Sequence[timebank.Line], language: Language
) -> list[Entry]:
    """Lines of the ledger as the member reads them."""
    references = {line.reference for line in lines if line.kind == "task"}
    ids = [UUID(reference.removeprefix("task:")) for reference in references]
    query = select(col(Task.id), col(Task.kind)).where(col(Task.id).in_(ids))
    kinds = {f"task:{task_id}": kind for task_id, kind in await tx.execute(query)}
    kept = await words_kept(tx, vault, member, [line.entry_key for line in lines if line.kind == IMPORTED])
    return [
        Entry(
            occurred_at=line.occurred_at,
            recorded_at=line.recorded_at,
            minutes=line.amount,
            balance_after_minutes=line.balance_after,
            kind=line.kind,
            reference=line.reference,
            words=in_words(line.kind, line.amount, kinds.get(line.reference), language, kept.get(line.entry_key)),
            version=line.version,
        )
        for line in lines
    ]
