"""Mirror reconciliation: what a side says of its link, and whether two sides' words fit.

Each direction has its own chain, in the order of the payer's decisions; the payee's copy is a beginning of it. So from
both heights either side can work out what the other's balance must be. Nothing is ever corrected here.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from timebank.links.errors import UnknownLink
from timebank.links.links import Link, link_of
from timebank.links.relays import Direction, Relay, find_relay, in_flight

HeadAt = Callable[[int], Awaitable[bytes | None]]
SENT_DIFFERS = "sent_chain_differs"
SENT_LOST = "sent_relay_lost"
RECEIVED_DIFFERS = "received_chain_differs"
MIRROR_DIFFERS = "mirror_differs"
UNKNOWN_IN_FLIGHT = "unknown_in_flight"


@dataclass(frozen=True, slots=True)
class Flying:
    """A relay in flight as one side lists it; `seq` if it is committed there."""

    id: UUID
    direction: Direction
    state: str
    amount: int
    seq: int | None


@dataclass(frozen=True, slots=True)
class Word:
    """A side's word on its link. `limit` is what it lets the other owe. Heads are those of chains sent and received.

    `sent_at` is the head of its sent chain at the height that the asker has received; None if it is not that high.
    """

    balance: int
    limit: int
    sent_height: int
    sent_head: bytes
    received_height: int
    received_head: bytes
    sent_at: bytes | None
    flying: tuple[Flying, ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """What we know when we ask: how many relays we have received, and up to which of ours the partner has confirmed."""

    received: int
    confirmed: int


_SEEN = text(
    "SELECT l.received_height, COALESCE(max(r.seq), 0) FROM ledger_link l LEFT JOIN ledger_relay r"
    " ON r.link = l.id AND r.direction = 'out' AND r.confirmed_at IS NOT NULL WHERE l.id = :link GROUP BY l.id"
)
_HEAD = text("SELECT head FROM ledger_relay WHERE link = :link AND direction = :direction AND seq = :seq")
_ROOT = text(
    "SELECT ledger_relay_root(id, unit, CASE CAST(:direction AS text) WHEN 'out' THEN our_name ELSE their_name END,"
    " CASE CAST(:direction AS text) WHEN 'out' THEN their_name ELSE our_name END) FROM ledger_link WHERE id = :link"
)
_SUM = text("SELECT sum(amount) FROM ledger_relay WHERE link = :link AND direction = :direction AND seq <= :upto")
_RELAY_AT = text("SELECT id FROM ledger_relay WHERE link = :link AND direction = :direction AND seq = :seq")


async def word_of(tx: AsyncSession, link: UUID, *, received: int) -> Word:
    """Our word, asked by a partner that has received `received` relays of ours. Raises `UnknownLink`."""
    found = await link_of(tx, link)
    return Word(
        balance=found.balance,
        limit=found.our_limit,
        sent_height=found.sent_height,
        sent_head=found.sent_head,
        received_height=found.received_height,
        received_head=found.received_head,
        sent_at=await head_at(tx, link, "out", received),
        flying=tuple(_flying(relay) for relay in await in_flight(tx, link)),
    )


def _flying(relay: Relay) -> Flying:
    return Flying(relay.id, relay.direction, relay.state, relay.amount, relay.seq)


async def head_at(tx: AsyncSession, link: UUID, direction: Direction, seq: int) -> bytes | None:
    """The head of a direction's chain at a height (0: its root), None above it."""
    query = _ROOT if seq == 0 else _HEAD
    found = await tx.scalar(query, {"link": link, "direction": direction} | ({"seq": seq} if seq else {}))
    return None if found is None else bytes(found)


async def seen_of(tx: AsyncSession, link: UUID) -> Seen:
    """What to remember before asking for the partner's word. Raises `UnknownLink`."""
    row = (await tx.execute(_SEEN, {"link": link})).one_or_none()
    if row is None:
        raise UnknownLink({"link": str(link)})
    return Seen(*row)


async def differences(tx: AsyncSession, link: UUID, theirs: Word, *, seen: Seen) -> list[str]:
    """What does not fit between our books and the partner's word: codes, empty when all fits.

    `seen` was read before their word was asked for, with `seen.received`. Their word may be older than our books are
    now: what we have done meanwhile is no difference. Raises `UnknownLink`.
    """
    ours = await link_of(tx, link)
    found: list[str] = []
    if theirs.received_head != await head_at(tx, link, "out", theirs.received_height):
        found.append(SENT_DIFFERS)
    if theirs.received_height < seen.confirmed:
        found.append(SENT_LOST)
    if theirs.sent_at != await head_at(tx, link, "in", seen.received):
        found.append(RECEIVED_DIFFERS)
    if theirs.balance != await _expected(tx, ours, theirs):
        found.append(MIRROR_DIFFERS)
    for one in theirs.flying:
        known = await find_relay(tx, link, one.id) if one.direction == "in" else None
        if one.direction == "in" and (known is None or (known.direction, known.amount) != ("out", one.amount)):
            found.append(f"{UNKNOWN_IN_FLIGHT}:{one.id}")
    return found


async def _expected(tx: AsyncSession, ours: Link, theirs: Word) -> int:
    """What the partner's balance must be: what it sent, less what it received of ours."""
    seen = min(theirs.sent_height, ours.received_height)
    sent = await _sum(tx, ours.id, "in", seen)
    sent += sum(one.amount for one in theirs.flying if one.direction == "out" and (one.seq or 0) > ours.received_height)
    return sent - await _sum(tx, ours.id, "out", theirs.received_height)


async def _sum(tx: AsyncSession, link: UUID, direction: Direction, upto: int) -> int:
    return int(await tx.scalar(_SUM, {"link": link, "direction": direction, "upto": upto}) or 0)


async def first_difference(upto: int, ours: HeadAt, theirs: HeadAt) -> int:
    """The first height at which two chains differ that differ at `upto`, by halving: both are asked for some heads."""
    same, differs = 0, upto
    while differs - same > 1:
        middle = (same + differs) // 2
        if await ours(middle) == await theirs(middle):
            same = middle
        else:
            differs = middle
    return differs


async def relay_at(tx: AsyncSession, link: UUID, direction: Direction, seq: int) -> UUID | None:
    """The relay that stands at a height of a direction's chain."""
    found: UUID | None = await tx.scalar(_RELAY_AT, {"link": link, "direction": direction, "seq": seq})
    return found
