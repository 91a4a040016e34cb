"""What an auditor asks: the trial balance, whether visits and entries match one to one, and the daily Merkle root."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from timebank.calls import call
from timebank.limits import check_day


@dataclass(frozen=True, slots=True)
class TrialLine:
    """One book's total of one kind of account in one unit; `kind` is clearing, settled or position for summed legs."""

    book: str
    unit: str
    kind: str
    accounts: int
    posted: int
    held: int
    owed: int

    @property
    def figures(self) -> tuple[int, int, int, int]:
        """Accounts, posted, held, owed."""
        return self.accounts, self.posted, self.held, self.owed


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """Expected references against entries that stand: all three lists are empty when they match one to one."""

    missing: tuple[str, ...]  # expected, but no entry stands
    unexpected: tuple[str, ...]  # an entry stands, but was not expected
    doubled: tuple[str, ...]  # more than one entry stands

    @property
    def matches(self) -> bool:
        """Whether every expected reference has exactly one standing entry and no other has any."""
        return not (self.missing or self.unexpected or self.doubled)


_TRIAL_BALANCE = text(
    "SELECT book, unit, kind, count(*) AS accounts, sum(posted)::bigint AS posted, sum(held)::bigint AS held,"
    " sum(owed)::bigint AS owed FROM ledger_account GROUP BY book, unit, kind"
    " UNION ALL SELECT book, unit, role, 0, sum(amount)::bigint, 0, 0"
    " FROM ledger_posting WHERE role <> 'account' GROUP BY book, unit, role"
    " ORDER BY 1, 2, 3"
)
_STANDING = text(
    "SELECT e.reference FROM ledger_entry e WHERE e.kind = ANY(:kinds)"
    " AND NOT EXISTS (SELECT 1 FROM ledger_entry r WHERE r.reverses = e.id)"
)


async def trial_balance(tx: AsyncSession) -> list[TrialLine]:
    """Totals per book, unit and kind, all at one moment; `posted` sums to zero in every book and unit."""
    return [TrialLine(**row._asdict()) for row in await tx.execute(_TRIAL_BALANCE)]


async def reconcile(tx: AsyncSession, references: Iterable[str], *, kinds: Iterable[str]) -> Reconciliation:
    """Compare the references that should have been posted (say, of all approved visits) with the entries that stand.

    Only entries of the given kinds count, and not those that were reversed.
    """
    expected = set(references)
    standing = Counter((await tx.scalars(_STANDING, {"kinds": list(kinds)})).all())
    return Reconciliation(
        missing=tuple(sorted(expected - standing.keys())),
        unexpected=tuple(sorted(standing.keys() - expected)),
        doubled=tuple(sorted(reference for reference, times in standing.items() if times > 1)),
    )


async def make_root(tx: AsyncSession, *, on_day: date) -> bytes:
    """The day's Merkle root over all accounts' chain heads; made once, later calls of the same day return the same.

    Waits for writers under way; call it in a transaction of its own, not after `apply`.
    """
    check_day("on_day", on_day)
    return bytes(await call(tx, text("SELECT ledger_make_root(:day)"), day=on_day))
