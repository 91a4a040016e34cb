"""Links: opening one with both limits, hearing the partner's, suspending, resuming, closing, reading.

The limit we grant is the floor of the mirror account, so that the ledger's own CHECK keeps it; the limit they grant is
kept by a trigger on the link's row. Both count what is in flight.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from timebank.accounts import account_id, open_account
from timebank.calls import call
from timebank.commands import SetLimits
from timebank.errors import InvalidCommand
from timebank.ledger import apply
from timebank.limits import MAX_AMOUNT, check_instant, check_text
from timebank.links.errors import UnknownLink

LINK = "link"
UNCLAIMED = "unclaimed"
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


@dataclass(frozen=True, slots=True)
class Link:
    """A link now. `balance` above 0: we owe the partner, below: it owes us.

    `leaving` is held by payers for relays not yet decided, `arriving` is room held for the partner's.
    """

    id: UUID
    book: str
    unit: str
    mirror: UUID
    unclaimed: UUID
    our_name: str
    their_name: str
    our_limit: int
    their_limit: int
    balance: int
    leaving: int
    arriving: int
    sent_height: int
    sent_head: bytes
    received_height: int
    received_head: bytes
    state: str
    reason: str | None
    opened_at: datetime

    @property
    def room_out(self) -> int:
        """What our members may still pay to the partner's."""
        return max(0, self.their_limit - self.balance - self.leaving)

    @property
    def room_in(self) -> int:
        """What the partner's members may still pay to ours."""
        return max(0, self.balance - self.arriving + self.our_limit)


_LINKS = (
    "SELECT l.id, l.book, l.unit, l.mirror, l.unclaimed, l.our_name, l.their_name, -a.floor AS our_limit,"
    " l.their_limit, l.balance, l.leaving, a.held AS arriving, l.sent_height, l.sent_head, l.received_height,"
    " l.received_head, l.state, l.reason, l.opened_at FROM ledger_link l JOIN ledger_account a ON a.id = l.mirror"
)
_LINK = text(f"{_LINKS} WHERE l.id = :link")
_ALL = text(f"{_LINKS} WHERE l.book = :book ORDER BY l.their_name, l.unit")
_OPEN = text("SELECT ledger_open_link(:link, :mirror, :unclaimed, :our_name, :their_name, :now)")
_HEAR = text("SELECT ledger_hear_limit(:link, :limit)")
_TURN = text("SELECT ledger_turn_link(:link, :state, :reason, :now)")


async def open_link(
    tx: AsyncSession, link: UUID, *, book: str, unit: str, our_name: str, their_name: str, limit: int, now: datetime
) -> Link:
    """Open a link of a city's book; `limit` is what the partner may owe us. The id and both names are agreed with it.

    Names are the first parts of addresses (`a-z`, `0-9`, `-`). Their limit is 0 until it is heard. Repeating it changes
    nothing. Raises `LinkExists`, `InvalidCommand`, `UnknownBook`. The one ledger call of its transaction.
    """
    for field, name in (("our_name", our_name), ("their_name", their_name)):
        if not _NAME.fullmatch(name) or our_name == their_name:
            raise InvalidCommand({"field": field, "reason": "two different names of a-z, 0-9 and -, at most 40 each"})
    check_limit("limit", limit)
    mirror = account_id(book, unit, LINK, str(link))
    unclaimed = account_id(book, unit, UNCLAIMED, str(link))
    found = await find_link(tx, link)
    if found is None:
        opening = open_account(book, unit, LINK, owner=str(link), floor=-limit)
        await apply(tx, [opening, open_account(book, unit, UNCLAIMED, owner=str(link))], now=now)
    arguments = {"link": link, "mirror": mirror, "unclaimed": unclaimed, "our_name": our_name, "their_name": their_name}
    await call(tx, _OPEN, **arguments, now=now)
    return found or await link_of(tx, link)


async def set_our_limit(tx: AsyncSession, link: UUID, limit: int, *, key: str, now: datetime) -> None:
    """What the partner may owe us from now on. `InsufficientBalance` below what it owes or has under way."""
    check_limit("limit", limit)
    mirror = (await link_of(tx, link)).mirror
    await apply(tx, [SetLimits(key=key, account=mirror, floor=-limit, cap=None)], now=now)


async def hear_limit(tx: AsyncSession, link: UUID, limit: int) -> None:
    """What the partner says that we may owe. A lower one lets end what is under way. Raises `UnknownLink`."""
    check_limit("their_limit", limit)
    await call(tx, _HEAR, link=link, limit=limit)


async def suspend_link(tx: AsyncSession, link: UUID, *, reason: str, now: datetime) -> None:
    """Take no new relays; what is in flight ends. Raises `UnknownLink`; `LinkSuspended` if it is closed."""
    check_text("reason", reason)
    await _turn(tx, link, "suspended", reason, now)


async def resume_link(tx: AsyncSession, link: UUID, *, now: datetime) -> None:
    """Take relays again. Raises `UnknownLink`; `LinkSuspended` if it is closed."""
    await _turn(tx, link, "open", None, now)


async def close_link(tx: AsyncSession, link: UUID, *, reason: str, now: datetime) -> None:
    """Close for good: only at balance zero with nothing in flight (`LinkNotEmpty`) or unclaimed (`AccountNotEmpty`)."""
    check_text("reason", reason)
    await _turn(tx, link, "closed", reason, now)


async def _turn(tx: AsyncSession, link: UUID, state: str, reason: str | None, now: datetime) -> None:
    check_instant("now", now)
    await call(tx, _TURN, link=link, state=state, reason=reason, now=now)


async def find_link(tx: AsyncSession, link: UUID) -> Link | None:
    """The link as it stands, or None."""
    row = (await tx.execute(_LINK, {"link": link})).one_or_none()
    return None if row is None else Link(**row._asdict())


async def link_of(tx: AsyncSession, link: UUID) -> Link:
    """The link as it stands. Raises `UnknownLink`."""
    found = await find_link(tx, link)
    if found is None:
        raise UnknownLink({"link": str(link)})
    return found


async def find_links(tx: AsyncSession, book: str) -> list[Link]:
    """All links of a city's book, by the partner's name."""
    return [Link(**row._asdict()) for row in await tx.execute(_ALL, {"book": book})]


def check_limit(field: str, limit: object) -> None:
    """Refuse anything but an integer from 0 to the largest amount."""
    if isinstance(limit, bool) or not isinstance(limit, int) or not 0 <= limit <= MAX_AMOUNT:
        raise InvalidCommand({"field": field, "reason": f"an integer from 0 to {MAX_AMOUNT}"})
