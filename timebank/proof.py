"""The proof: the ledger's invariants recomputed over all rows (`sql/proof.sql`), each by a query for what breaks it.

Numbers are those of the invariants table in docs/ledger.md. An empty proof means that history is whole: every entry
balanced and equal to its digest, every chain unbroken, every balance equal to its postings, every branch mirrored.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from importlib.resources import files

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_CHECK = re.compile(
    r"^-- check (?P<invariant>\d+) (?P<name>\w+)\n(?P<query>.*?)(?=^-- check|\Z)", re.MULTILINE | re.DOTALL
)


_ROOTS = text("SELECT on_day, root FROM ledger_root")


@dataclass(frozen=True, slots=True)
class Failure:
    """One broken invariant: its number and name, what it is about (entry, account, branch, key), the figures."""

    invariant: int
    name: str
    subject: str
    detail: str


async def prove(tx: AsyncSession, *, published: Mapping[date, bytes] | None = None) -> list[Failure]:
    """Everything that breaks an invariant, recomputed over all rows; empty when all is well. `published` are roots as
    they were given away: only by them is a history found that was rewritten as a whole.

    In READ COMMITTED each check sees its own moment, which is consistent in itself: writers need not stop.
    """
    checks = (files("timebank") / "sql" / "proof.sql").read_text("utf-8")
    failures: list[Failure] = []
    for check in _CHECK.finditer(checks):
        for subject, detail in await tx.execute(text(check["query"])):
            failures.append(Failure(int(check["invariant"]), check["name"], str(subject), str(detail)))
    if published:
        roots = {row.on_day: bytes(row.root) for row in await tx.execute(_ROOTS)}
        for day, root in published.items():
            if roots.get(day) != root:
                found = roots[day].hex() if day in roots else "none"
                failures.append(Failure(3, "root_differs_from_published", day.isoformat(), f"now {found}"))
    return failures
