"""The proof: the ledger's invariants recomputed over all rows (`sql/proof.sql`), each by a query for what breaks it.

Numbers are those of the invariants table in docs/ledger.md. An empty proof means that history is whole: every entry
balanced and equal to its digest, every chain unbroken, every balance equal to its postings, every branch mirrored.
"""

import re
from dataclasses import dataclass
from importlib.resources import files

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_CHECK = re.compile(
    r"^-- check (?P<invariant>\d+) (?P<name>\w+)\n(?P<query>.*?)(?=^-- check|\Z)", re.MULTILINE | re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Failure:
    """One broken invariant: its number and name, what it is about (entry, account, branch, key), the figures."""

    invariant: int
    name: str
    subject: str
    detail: str


async def prove(tx: AsyncSession) -> list[Failure]:
    """Everything that breaks an invariant, recomputed over all rows; empty when all is well.

    In READ COMMITTED each check sees its own moment, which is consistent in itself: writers need not stop.
    """
    checks = (files("timebank") / "sql" / "proof.sql").read_text("utf-8")
    failures: list[Failure] = []
    for check in _CHECK.finditer(checks):
        for subject, detail in await tx.execute(text(check["query"])):
            failures.append(Failure(int(check["invariant"]), check["name"], str(subject), str(detail)))
    return failures
