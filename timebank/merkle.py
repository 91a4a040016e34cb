"""Proof that an account's head was in a day's root, without showing anybody else's account.

Leaf = sha256(00, account, version, head); node = sha256(01, left, right); an odd last node rises unchanged.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from timebank.errors import UnknownAccount


@dataclass(frozen=True, slots=True)
class Step:
    """A neighbour on the way up to the root, and the side on which it stands."""

    node: bytes
    left: bool


@dataclass(frozen=True, slots=True)
class Inclusion:
    """An account's head in a day's root and the way from one to the other."""

    account: UUID
    version: int
    head: bytes
    root: bytes
    steps: tuple[Step, ...]

    def holds(self) -> bool:
        """Whether the way from this head ends in this root."""
        node = leaf(self.account, self.version, self.head)
        for step in self.steps:
            node = sha256(b"\x01" + (step.node + node if step.left else node + step.node)).digest()
        return node == self.root


def leaf(account: UUID, version: int, head: bytes) -> bytes:
    """The tree's leaf for an account's head."""
    return sha256(b"\x00" + account.bytes + version.to_bytes(8, "big") + head).digest()


def steps(leaves: Sequence[bytes], place: int) -> tuple[Step, ...]:
    """The neighbours from leaf number `place` (from 0) up to the root."""
    way: list[Step] = []
    level = list(leaves)
    while len(level) > 1:
        neighbour = place ^ 1
        if neighbour < len(level):
            way.append(Step(level[neighbour], left=neighbour < place))
        level = [
            sha256(b"\x01" + level[i] + level[i + 1]).digest() if i + 1 < len(level) else level[i]
            for i in range(0, len(level), 2)
        ]
        place //= 2
    return tuple(way)


async def inclusion(tx: AsyncSession, account: UUID, *, on_day: date) -> Inclusion:
    """The proof that the account's head went into the day's root. `UnknownAccount` if it was not in it."""
    root = await tx.scalar(text("SELECT root FROM ledger_root WHERE on_day = :day"), {"day": on_day})
    rows = (
        await tx.execute(
            text("SELECT account, version, head FROM ledger_root_leaf WHERE on_day = :day ORDER BY account"),
            {"day": on_day},
        )
    ).all()
    places = {row.account: place for place, row in enumerate(rows)}
    if root is None or account not in places:
        raise UnknownAccount({"account": str(account), "on_day": on_day.isoformat()})
    place = places[account]
    leaves = [leaf(row.account, row.version, row.head) for row in rows]
    return Inclusion(account, rows[place].version, rows[place].head, root, steps(leaves, place))
