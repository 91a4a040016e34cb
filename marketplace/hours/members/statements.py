"""A member's statement: what occurred on the account between two days of the city, in minutes and in words."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from operator import attrgetter
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

import timebank
from marketplace.base import audit
from marketplace.base.actor import Actor
from marketplace.base.clock import local_day, local_instant
from marketplace.base.errors import Language
from marketplace.hours.errors import PeriodBackwards
from marketplace.hours.giving.models import TransferOrder
from marketplace.hours.members.words import in_words
from marketplace.hours.models import Member, Task

_OWNER = text("SELECT owner FROM ledger_account WHERE id = :account")
_OWNED = text(
    "SELECT id FROM ledger_account WHERE owner = :owner AND unit = 'minute' AND kind = 'member' ORDER BY state, id"
)
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
    accounts = await accounts_of(tx, member)
    found = [await timebank.statement(tx, one, starts_at=starts_at, ends_at=ends_at) for one in accounts]
    if actor.account_id != member.account_id:
        audit.note(tx, "statement.read", actor=actor, entity="member", entity_id=member.id)
    opening, closing = sum(one.opening for one in found), sum(one.closing for one in found)
    entries = await _entries(tx, _in_one(found), member, language)
    return MemberStatement(member.id, since, until, opening, closing, entries)


async def accounts_of(tx: AsyncSession, member: Member) -> list[UUID]:
    """The member's accounts: the one in the home branch, and closed ones in branches where she was at home before."""
    owner = await tx.scalar(_OWNER, {"account": member.ledger_account})
    if owner is None:
        return [member.ledger_account]
    return list(await tx.scalars(_OWNED, {"owner": owner}))


def _in_one(found: Sequence[timebank.Statement]) -> list[timebank.Line]:
    """The lines of all accounts in the order of their occurring, with the balance of all together after each."""
    if len(found) == 1:
        return list(found[0].lines)
    balance = sum(one.opening for one in found)
    # of a move's two lines the one that leaves comes first
    order = attrgetter("occurred_at", "entry_id", "amount")
    lines = sorted((line for one in found for line in one.lines), key=order)
    together = []
    for line in lines:
        balance += line.amount
        together.append(replace(line, balance_after=balance))
    return together


async def _entries(
    tx: AsyncSession, lines: Sequence[timebank.Line], member: Member, language: Language
) -> tuple[Entry, ...]:
    for_her = await _acted_for(tx, lines, member)
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
            words=in_words(
                line.kind,
                line.amount,
                kinds.get(line.reference),
                language,
                by_officer=line.reference in for_her,
            ),
        )
        for line in lines
    )


async def _acted_for(tx: AsyncSession, lines: Iterable[timebank.Line], member: Member) -> set[str]:
    """References of those orders that an officer placed for this member."""
    references = {line.reference for line in lines if line.reference.startswith("order:")}
    ids = [UUID(reference.removeprefix("order:")) for reference in references]
    query = select(col(TransferOrder.id)).where(
        col(TransferOrder.id).in_(ids), col(TransferOrder.on_behalf_of) == member.id
    )
    return {f"order:{order_id}" for order_id in await tx.scalars(query)}


def as_csv(statement: MemberStatement) -> str:
    """The entries as CSV (RFC 4180), a header row first."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["occurred_at", "recorded_at", "minutes", "balance_after_minutes", "kind", "reference", "words"])
    for one in statement.entries:
        times = (one.occurred_at.isoformat(), one.recorded_at.isoformat())
        writer.writerow([*times, one.minutes, one.balance_after_minutes, one.kind, one.reference, one.words])
    return out.getvalue()
