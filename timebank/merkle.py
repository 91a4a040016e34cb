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

GROUP_LEVEL = 6  # nodes are stored from groups of 2^6 leaves on: sql/0010_root_nodes.sql
_LEAST = UUID(int=0)

_ROOT = text("SELECT root FROM ledger_root WHERE on_day = :day")
_GROUP = text(
    "SELECT place, first FROM ledger_root_node WHERE on_day = :day AND level = :level AND first <= :account"
    " ORDER BY first DESC LIMIT 1"
)
_LEAVES = text(
    "SELECT account, version, head FROM ledger_root_leaf WHERE on_day = :day AND account >= :first"
    " ORDER BY account LIMIT CAST(:limit AS bigint)"
)
_NEIGHBOURS = text(
    "SELECT n.node, n.place % 2 = 0 AS odd FROM ledger_root_node n WHERE n.on_day = :day AND n.level >= :level"
    " AND n.place = (CAST(:place AS bigint) >> (n.level - CAST(:level AS integer))) # 1 ORDER BY n.level"
)


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
    """The proof that the account's head went into the day's root. `UnknownAccount` if it was not in it.

    Reads the group of leaves that the account is in, and one stored node per level above it.
    """
    root = await tx.scalar(_ROOT, {"day": on_day})
    group = (await tx.execute(_GROUP, {"day": on_day, "level": GROUP_LEVEL, "account": account})).first()
    place, first = group or (0, _LEAST)  # none: fewer leaves than a group, or a root older than the nodes
    limit = 2**GROUP_LEVEL if group else None
    rows = (await tx.execute(_LEAVES, {"day": on_day, "first": first, "limit": limit})).all()
    within = next((i for i, row in enumerate(rows) if row.account == account), None)
    if root is None or within is None:
        raise UnknownAccount({"account": str(account), "on_day": on_day.isoformat()})
    leaves = [leaf(row.account, row.version, row.head) for row in rows]
    above = await _above(tx, on_day, place) if group else ()
    return Inclusion(account, rows[within].version, rows[within].head, root, steps(leaves, within) + above)


async def _above(tx: AsyncSession, on_day: date, place: int) -> tuple[Step, ...]:
    """The neighbours from a group's node up to the root."""
    asked = {"day": on_day, "level": GROUP_LEVEL, "place": place}
    return tuple(Step(node, left=odd) for node, odd in await tx.execute(_NEIGHBOURS, asked))
