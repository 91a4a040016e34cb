"""A bank's rows compared with what is here: telephones with an account, elders who are registered, closed books."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from uuid import UUID

from sqlalchemy import or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base.clock import local_instant
from marketplace.base.crypto import Vault
from marketplace.hours.books import CITY, book_of
from marketplace.hours.importing.columns import HISTORY, MEMBERS, SIGNING_IN, HistoryRow, MemberRow
from marketplace.hours.importing.judging import Bank
from marketplace.hours.importing.problems import Problem
from marketplace.hours.models import Member
from marketplace.people.models import Account, Elder, Region

PORTION = 5_000
_IS_MEMBER = or_(col(Member.elder_id) == col(Elder.id), col(Member.account_id) == col(Elder.account_id))
_PERIODS = text("SELECT book, starts_at, ends_at FROM ledger_period")


@dataclass(frozen=True, slots=True)
class Known:
    """An elder who is registered here: who she is, and the account she signs in with, if any."""

    elder_id: UUID
    account_id: UUID | None


async def districts_here(tx: AsyncSession) -> dict[str, UUID]:
    """Every district by its code and both its names, in lower case."""
    found = await tx.scalars(select(Region).where(col(Region.level) == "district"))
    return {word.casefold(): one.id for one in found for word in (one.code, one.name_zh, one.name_en)}


async def compare_with_here(tx: AsyncSession, vault: Vault, bank: Bank) -> dict[str, Known]:
    """Add to the bank's problems what does not fit here; the elders that it brings along, by external id."""
    await _phones(tx, vault, bank)
    await _students(tx, vault, bank)
    elders = await _elders(tx, vault, [row for row in bank.members if row.kind == "elder"], bank.problems)
    await _periods(tx, bank)
    return elders


async def _phones(tx: AsyncSession, vault: Vault, bank: Bank) -> None:
    rows = {vault.hash("phone", row.phone): row for row in bank.members if row.kind in SIGNING_IN}
    for portion in _portions(list(rows)):
        taken = await tx.scalars(select(col(Account.phone_hash)).where(col(Account.phone_hash).in_(portion)))
        bank.problems += [Problem(MEMBERS.name, rows[one].line, "phone", "phone_taken") for one in taken]


async def _students(tx: AsyncSession, vault: Vault, bank: Bank) -> None:
    rows = {vault.hash("student", row.student): row for row in bank.members if row.kind == "student"}
    for portion in _portions(list(rows)):
        taken = await tx.scalars(select(col(Member.student_hash)).where(col(Member.student_hash).in_(portion)))
        bank.problems += [
            Problem(MEMBERS.name, rows[one].line, "student_number", "student_taken") for one in taken if one
        ]


async def _elders(
    tx: AsyncSession, vault: Vault, rows: Sequence[MemberRow], problems: list[Problem]
) -> dict[str, Known]:
    hashes = {row.external_id: vault.hash("phone", row.phone) for row in rows}
    here: dict[tuple[bytes, str], list[tuple[Elder, bool]]] = {}
    for portion in _portions(sorted(set(hashes.values()))):
        query = (
            select(Elder, col(Member.id).is_not(None))  # visible: an operator imports; nothing of them is shown
            .join(Member, _IS_MEMBER, isouter=True)
            .where(col(Elder.phone_hash).in_(portion), col(Elder.state) != "closed")
        )
        for elder, joined in await tx.execute(query):
            here.setdefault((elder.phone_hash, elder.name), []).append((elder, joined))
    known: dict[str, Known] = {}
    taken: set[UUID] = set()
    for row in rows:
        found = here.get((hashes[row.external_id], row.name), [])
        wrong = _elder_problem(row, found, taken)
        if wrong is not None:
            problems.append(wrong)
            continue
        elder = found[0][0]
        taken.add(elder.id)
        known[row.external_id] = Known(elder.id, elder.account_id)
    return known


def _elder_problem(row: MemberRow, found: Sequence[tuple[Elder, bool]], taken: set[UUID]) -> Problem | None:
    if not found:
        return Problem(MEMBERS.name, row.line, "phone", "elder_unknown")
    if len(found) > 1:  # two of one name and telephone: a person must tell them apart
        return Problem(MEMBERS.name, row.line, "phone", "elder_ambiguous", {"count": len(found)})
    elder, joined = found[0]
    if elder.district_id != row.district_id:
        return Problem(MEMBERS.name, row.line, "district", "elder_elsewhere")
    if joined or elder.id in taken:
        return Problem(MEMBERS.name, row.line, "external_id", "member_already")
    return None


async def _periods(tx: AsyncSession, bank: Bank) -> None:
    closed = [tuple(row) for row in await tx.execute(_PERIODS)]
    if not closed:
        return
    books = {row.external_id: book_of(row.district_id) for row in bank.members}
    for row in bank.history:
        if _is_closed(closed, _books_of(row, books), local_instant(row.day, time())):
            bank.problems.append(Problem(HISTORY.name, row.line, "date", "period_closed"))
    if not bank.has_history:
        for balance in bank.balances:
            at = local_instant(balance.as_of, time())
            if _is_closed(closed, {books.get(balance.member, CITY), CITY}, at):
                bank.problems.append(Problem("balances.csv", balance.line, "as_of", "period_closed"))


def _books_of(row: HistoryRow, books: dict[str, str]) -> set[str]:
    """The books that a row touches: two branches meet in the city's."""
    touched = {books.get(name, CITY) if name else CITY for name in (row.source, row.destination)}
    return touched if len(touched) == 1 else {*touched, CITY}


def _is_closed(periods: Iterable[tuple[str, datetime, datetime]], books: set[str], at: datetime) -> bool:
    return any(book in books and starts_at <= at < ends_at for book, starts_at, ends_at in periods)


def _portions(values: list[bytes]) -> Iterable[list[bytes]]:
    return (values[i : i + PORTION] for i in range(0, len(values), PORTION))
