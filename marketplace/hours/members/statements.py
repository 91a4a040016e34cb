"""A member's statement: what occurred on the account between two days of the city, in minutes and in words."""

import csv
import io
from collections.abc import Iterable
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
from marketplace.base.errors import Language
from marketplace.hours.errors import PeriodBackwards
from marketplace.hours.members.words import in_words
from marketplace.hours.models import Member, Task

LONGEST_DAYS = 366
USUAL = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line, in minutes: gained above zero, given below."""

    occurred_at: datetime
    recorded_at: datetime
    minutes: int
    balance_after_minutes: int
    kind: str
    reference: str
    words: str


@dataclass(frozen=True, slots=True)
class MemberStatement:
    """`opening + Σ minutes = closing`."""

    member_id: UUID
    since: date
    until: date
    opening_minutes: int
    closing_minutes: int
    entries: tuple[Entry, ...]


async def statement_of(
    tx: AsyncSession,
    member: Member,
    *,
    since: date | None,
    until: date | None,
    actor: Actor,
    language: Language,
    now: datetime,
) -> MemberStatement:
    """From `since` to `until`, both days inclusive; the last thirty days if not given. `PeriodBackwards`.

    A look by anybody but the member leaves an audit row.
    """
    until = until or local_day(now)
    since = since or until - USUAL
    if until < since or (until - since).days >= LONGEST_DAYS:
        raise PeriodBackwards(pointer="/from", longest_days=LONGEST_DAYS)
    starts_at, ends_at = local_instant(since, time()), local_instant(until, time()) + timedelta(days=1)
    found = await timebank.statement(tx, member.ledger_account, starts_at=starts_at, ends_at=ends_at)
    if actor.account_id != member.account_id:
        audit.note(tx, "statement.read", actor=actor, entity="member", entity_id=member.id)
    entries = await _entries(tx, found.lines, language)
    return MemberStatement(member.id, since, until, found.opening, found.closing, entries)


async def _entries(tx: AsyncSession, lines: Iterable[timebank.Line], language: Language) -> tuple[Entry, ...]:
    lines = list(lines)
    references = {line.reference for line in lines if line.kind == "task"}
    ids = [UUID(reference.removeprefix("task:")) for reference in references]
    query = select(col(Task.id), col(Task.kind)).where(col(Task.id).in_(ids))
    kinds = {f"task:{task_id}": kind for task_id, kind in await tx.execute(query)}
    return tuple(
        Entry(
            occurred_at=line.occurred_at,
            recorded_at=line.recorded_at,
            minutes=line.amount,
            balance_after_minutes=line.balance_after,
            kind=line.kind,
            reference=line.reference,
            words=in_words(line.kind, line.amount, kinds.get(line.reference), language),
        )
        for line in lines
    )


def as_csv(statement: MemberStatement) -> str:
    """The entries as CSV (RFC 4180), a header row first."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["occurred_at", "recorded_at", "minutes", "balance_after_minutes", "kind", "reference", "words"])
    for one in statement.entries:
        times = (one.occurred_at.isoformat(), one.recorded_at.isoformat())
        writer.writerow([*times, one.minutes, one.balance_after_minutes, one.kind, one.reference, one.words])
    return out.getvalue()
