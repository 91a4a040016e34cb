"""Finding links, their partners and addresses."""

import re
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base.platform import Platform
from marketplace.hours.books import CITY, MINUTE
from marketplace.hours.links.client import Partner
from marketplace.hours.links.errors import LinkUnknown, PartnerNotReady, PayeeUnknown
from marketplace.hours.links.keys import signing_key
from marketplace.hours.links.models import LinkPeer
from marketplace.hours.models import Member
from timebank.links import Link, find_link, find_links

_ADDRESS = re.compile(r"(?P<bank>[a-z0-9][a-z0-9-]{0,39})/(?P<member>[A-Za-z0-9._:-]{1,80})")


@dataclass(frozen=True, slots=True)
class Address:
    """Somebody at a bank, in the Credit Commons' way: `bank/member`. The second part is the bank's own affair."""

    bank: str
    member: str

    def __str__(self) -> str:
        return f"{self.bank}/{self.member}"


def read_address(text: str) -> Address:
    """The address of this text. `PayeeUnknown` if it is none."""
    found = _ADDRESS.fullmatch(text)
    if found is None:
        raise PayeeUnknown(pointer="/payee")
    return Address(found["bank"], found["member"])


async def link_to(tx: AsyncSession, bank: str) -> Link:
    """The link in minutes to a bank of this name that is not closed. `LinkUnknown`."""
    for link in await find_links(tx, CITY):
        if (link.their_name, link.unit) == (bank, MINUTE) and link.state != "closed":
            return link
    raise LinkUnknown(pointer="/payee")


async def link_and_peer(tx: AsyncSession, link_id: UUID) -> tuple[Link, LinkPeer]:
    """The link and how its partner is reached. `LinkUnknown`."""
    link, peer = await find_link(tx, link_id), await tx.get(LinkPeer, link_id)
    if link is None or peer is None:
        raise LinkUnknown
    return link, peer


async def partner_of(tx: AsyncSession, platform: Platform, link_id: UUID) -> Partner:
    """All that a call to the partner needs. `LinkUnknown`; `PartnerNotReady` before address and key are told."""
    _, peer = await link_and_peer(tx, link_id)
    if peer.address is None or peer.public_key is None:
        raise PartnerNotReady
    keys = peer.believed_keys(platform.now())
    return Partner(link_id, peer.address, keys, await signing_key(tx, platform.vault, peer))


async def payee_of(tx: AsyncSession, link: Link, text: str) -> Member:
    """The member of ours whom a partner wants to pay.

    `PayeeUnknown`, the same for one who does not exist, is suspended, has left, or is a provider.
    """
    address = read_address(text)
    try:
        member_id = UUID(address.member)
    except ValueError as error:
        raise PayeeUnknown(pointer="/payee") from error
    # kept as she is until room is held for her: whoever shuts her out waits, and finds the payment
    member = await tx.get(Member, member_id, with_for_update={"read": True}, populate_existing=True)
    if address.bank != link.our_name or member is None or member.state != "active" or member.kind == "provider":
        raise PayeeUnknown(pointer="/payee")
    return member
