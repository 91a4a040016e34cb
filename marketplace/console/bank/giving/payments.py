"""Payments to other banks that wait for a second person, as an officer's page shows them."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base.actor import Actor
from marketplace.hours.books import CITY
from marketplace.hours.links.models import PaymentRequest
from marketplace.hours.links.requests import requests_for
from timebank import links


@dataclass(frozen=True, slots=True)
class ShownPayment:
    """A payment that waits, and to which bank it goes. `own`: the reader asked for it, so another person decides."""

    request: PaymentRequest
    bank: str
    own: bool


async def waiting_payments(tx: AsyncSession, district_id: UUID, actor: Actor) -> list[ShownPayment]:
    """Those by members of a branch, the oldest first."""
    found = await requests_for(tx, actor=actor, state="pending", district_id=district_id)
    banks = {link.id: link.their_name for link in await links.find_links(tx, CITY)} if found else {}
    return [ShownPayment(one, banks[one.link_id], one.asked_by == actor.account_id) for one in found]
