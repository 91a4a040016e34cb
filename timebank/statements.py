"""Reading one account: its balance now, its balance at a point in time, and its statement over a period.

Two clocks: `occurred_at` is when the service was given, `recorded_at` when the ledger learnt of it.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from timebank.errors import UnknownAccount
from timebank.limits import check_account, check_instant, check_optional_instant


@dataclass(frozen=True, slots=True)
class Balance:
    """An account now, in its unit. `held` counts unexpired holds only."""

    account: UUID
    book: str
    unit: str
    kind: str
    owner: str | None
    state: str
    floor: int | None
    cap: int | None
    posted: int
    held: int
    owed: int
    version: int

    @property
    def available(self) -> int | None:
        """What may be spent or held now; None on an account without a floor."""
        return None if self.floor is None else max(0, self.posted - self.held - self.floor)


@dataclass(frozen=True, slots=True)
class Line:
    """One posting on a statement. `balance_after` and `hash` follow the account's chain, in order of recording."""

    entry_id: int
    leg: int
    entry_key: str
    kind: str
    reference: str
    occurred_at: datetime
    recorded_at: datetime
    amount: int
    version: int
    balance_after: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Statement:
    """What occurred on an account in [starts_at, ends_at): `opening + Σ line.amount = closing`."""

    account: UUID
    starts_at: datetime
    ends_at: datetime
    opening: int
    closing: int
    lines: tuple[Line, ...]


_BALANCE = text(
    "SELECT a.book, a.unit, a.kind, a.owner, a.state, a.floor, a.cap, a.posted, a.held - COALESCE(("
    "  SELECT sum(h.amount) FROM ledger_hold h"
    "  WHERE h.account = a.id AND h.state = 'held' AND h.expires_at <= :now), 0)::bigint AS held, a.owed, a.version"
    " FROM ledger_account a WHERE a.id = :account"
)
BALANCE_AT = text(  # no row when there is no such account; two indexes hold all that it asks for
    "SELECT (SELECT COALESCE(sum(p.amount), 0)::bigint FROM ledger_posting p JOIN ledger_entry e ON e.id = p.entry"
    " WHERE p.account = :account"
    " AND (CAST(:occurred AS timestamptz) IS NULL OR e.occurred_at < :occurred)"
    " AND (CAST(:recorded AS timestamptz) IS NULL OR e.recorded_at < :recorded))"
    " FROM ledger_account a WHERE a.id = :account"
)
_LINE = (
    "SELECT e.id AS entry_id, p.leg, e.key AS entry_key, e.kind, e.reference, e.occurred_at, e.recorded_at,"
    " p.amount, p.version, p.balance_after, p.hash FROM ledger_posting p JOIN ledger_entry e ON e.id = p.entry"
)
# An account's entries lie all over the ledger: for what was before the period two indexes are enough, only the lines
# themselves are fetched. One row at least where the account is known; without a line its entry is null.
_STATEMENT = text(
    "WITH mine AS MATERIALIZED (SELECT p.version, p.amount, e.occurred_at"  # noqa: S608 - made of a constant
    "  FROM ledger_posting p JOIN ledger_entry e ON e.id = p.entry"
    "  WHERE p.account = :account AND e.occurred_at < greatest(CAST(:starts_at AS timestamptz), :ends_at))"
    " SELECT (SELECT COALESCE(sum(amount), 0)::bigint FROM mine WHERE occurred_at < :starts_at) AS opening, lines.*"
    f" FROM ledger_account a LEFT JOIN ({_LINE} JOIN mine ON p.version = mine.version"
    "  WHERE p.account = :account AND mine.occurred_at >= :starts_at AND mine.occurred_at < :ends_at) lines ON true"
    " WHERE a.id = :account ORDER BY lines.occurred_at, lines.entry_id, lines.leg"
)
_LINES = text(
    f"{_LINE} WHERE p.account = ANY(:accounts) AND e.occurred_at >= :starts_at AND e.occurred_at < :ends_at"
    " ORDER BY e.occurred_at, e.id, p.leg"
)
_PAGE = text(
    f"SELECT * FROM ({_LINES.text}) lines"  # noqa: S608 - made of a constant
    " WHERE CAST(:entry AS bigint) IS NULL OR (occurred_at, entry_id, leg) > ("
    " (SELECT occurred_at FROM ledger_entry WHERE id = :entry), :entry, CAST(:leg AS int)) LIMIT :limit"
)
_BEFORE = text(
    "SELECT COALESCE(sum(p.amount), 0)::bigint FROM ledger_posting p JOIN ledger_entry e ON e.id = p.entry"
    " WHERE p.account = ANY(:accounts) AND (e.occurred_at, e.id, p.leg) <= ("
    " (SELECT occurred_at FROM ledger_entry WHERE id = :entry), CAST(:entry AS bigint), CAST(:leg AS int))"
)


async def balance(tx: AsyncSession, account: UUID, *, now: datetime) -> Balance:
    """The account as it stands at `now`. Raises `UnknownAccount`."""
    check_account("account", account)
    check_instant("now", now)
    row = (await tx.execute(_BALANCE, {"account": account, "now": now})).one_or_none()
    if row is None:
        raise UnknownAccount({"account": str(account)})
    owed = row.owed
    if row.floor is not None:
        # a hold that has expired but was not yet swept no longer keeps the account below its floor
        owed = max(0, row.floor - (row.posted - row.held))
    return Balance(account=account, **{**row._asdict(), "owed": owed})


async def balance_at(
    tx: AsyncSession,
    account: UUID,
    *,
    occurred_before: datetime | None = None,
    recorded_before: datetime | None = None,
) -> int:
    """Posted balance from what occurred, and was recorded, before the given instants (None: no bound)."""
    check_account("account", account)
    check_optional_instant("occurred_before", occurred_before)
    check_optional_instant("recorded_before", recorded_before)
    arguments = {"account": account, "occurred": occurred_before, "recorded": recorded_before}
    found = await tx.scalar(BALANCE_AT, arguments)
    if found is None:
        raise UnknownAccount({"account": str(account)})
    return int(found)


async def statement(tx: AsyncSession, account: UUID, *, starts_at: datetime, ends_at: datetime) -> Statement:
    """All postings that occurred from `starts_at` (inclusive) to `ends_at` (exclusive). Raises `UnknownAccount`."""
    check_account("account", account)
    check_instant("starts_at", starts_at)
    check_instant("ends_at", ends_at)
    arguments = {"account": account, "starts_at": starts_at, "ends_at": ends_at}
    rows = (await tx.execute(_STATEMENT, arguments)).all()
    if not rows:
        raise UnknownAccount({"account": str(account)})
    opening = int(rows[0].opening)
    lines = tuple(Line(*row[1:]) for row in rows if row.entry_id is not None)
    return Statement(account, starts_at, ends_at, opening, opening + sum(line.amount for line in lines), lines)


async def lines_after(
    tx: AsyncSession,
    accounts: Sequence[UUID],
    *,
    starts_at: datetime,
    ends_at: datetime,
    after: tuple[int, int] | None,
    limit: int,
) -> list[Line]:
    """A page of the accounts' lines in one order: the `limit` that follow the one of entry and leg `after`."""
    entry, leg = after or (None, None)
    asked = {"accounts": list(accounts), "starts_at": starts_at, "ends_at": ends_at, "entry": entry, "leg": leg}
    return [Line(**row._asdict()) for row in await tx.execute(_PAGE, {**asked, "limit": limit})]


async def balance_after(tx: AsyncSession, accounts: Sequence[UUID], after: tuple[int, int]) -> int:
    """What the accounts had together after the line of this entry and leg, in the order of `lines_after`."""
    asked = {"accounts": list(accounts), "entry": after[0], "leg": after[1]}
    return int(await tx.scalar(_BEFORE, asked) or 0)


async def stream_lines(
    tx: AsyncSession, accounts: Sequence[UUID], *, starts_at: datetime, ends_at: datetime
) -> AsyncIterator[Line]:
    """All lines of the accounts in one order, however many, read by a server-side cursor."""
    asked = {"accounts": list(accounts), "starts_at": starts_at, "ends_at": ends_at}
    async for row in await tx.stream(_LINES, asked):
        yield Line(**row._asdict())
