"""Clearing between branches: what each branch owes the others, and whether the city's mirror agrees.

An hour that crosses books adds, in the same entry: clearing of the giver's branch +x, clearing of the receiver's
-x, and in the city's book position(giver) -x, position(receiver) +x.
Hence position(b) = -(clearing(b) + settled(b)), always.
"""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from timebank.calls import call
from timebank.limits import check_text


@dataclass(frozen=True, slots=True)
class NetPosition:
    """One branch in one unit. `clearing > 0`: the branch owes the others that much. `position` is the city's mirror."""

    branch: str
    city: str
    unit: str
    clearing: int
    settled: int
    position: int

    @property
    def mirrored(self) -> bool:
        """Whether the city's book agrees with the branch's."""
        return self.position == -(self.clearing + self.settled)


_SUMS = text("SELECT branch, city, unit, clearing, settled, position FROM ledger_net_position WHERE city = :city")


async def net_positions(tx: AsyncSession, city: str) -> list[NetPosition]:
    """Every branch of the city that ever cleared, by branch and unit, summed from the newest snapshot on."""
    check_text("city", city)
    rows = await tx.execute(_SUMS, {"city": city})
    return sorted((NetPosition(**row._asdict()) for row in rows), key=lambda one: (one.branch, one.unit))


async def take_snapshot(tx: AsyncSession) -> int:
    """Store every branch's sums so far; returns the last entry id contained.

    Waits for writers under way; call it in a transaction of its own, not after `apply`.
    """
    return int(await call(tx, text("SELECT ledger_take_snapshot()")))
