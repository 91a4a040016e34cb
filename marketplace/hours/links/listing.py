"""Links as operators see them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

import timebank
from marketplace.hours.books import CITY
from marketplace.hours.links.finding import link_and_peer
from marketplace.hours.links.given_up import given_up_keys
from marketplace.hours.links.models import GivenUpKey, LinkPeer
from timebank import links
from timebank.links import Link
from timebank.links.mirrors import Flying, word_of


@dataclass(frozen=True, slots=True)
class Shown:
    """A link with its partner, what is in flight, what waits for a payee who has left, and keys that were given up."""

    link: Link
    peer: LinkPeer
    flying: tuple[Flying, ...]
    unclaimed: int
    given_up: tuple[GivenUpKey, ...]
    at: datetime


async def shown(tx: AsyncSession, link_id: UUID, *, now: datetime) -> Shown:
    """One link. `LinkUnknown`."""
    link, peer = await link_and_peer(tx, link_id)
    word = await word_of(tx, link_id, received=0)
    unclaimed = await timebank.balance(tx, link.unclaimed, now=now)
    given_up = tuple(await given_up_keys(tx, link_id))
    return Shown(link, peer, word.flying, unclaimed.posted, given_up, now)


async def all_links(tx: AsyncSession, *, now: datetime) -> list[Shown]:
    """Every link, by the partner's name."""
    return [await shown(tx, link.id, now=now) for link in await links.find_links(tx, CITY)]
