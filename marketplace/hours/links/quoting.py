"""Asking before paying: is there room, and may the payee be paid? Nothing is held on either side."""

from typing import Any
from uuid import UUID

from marketplace.base.actor import Actor
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.hours.books import MINUTE, available_minutes
from marketplace.hours.giving.orders import above_limit
from marketplace.hours.links import client
from marketplace.hours.links.client import PartnerUnavailable
from marketplace.hours.links.errors import (
    LinkLimitReached,
    LinkSuspended,
    LinkUnitMismatch,
    PartnerSilent,
    PayeeUnknown,
)
from marketplace.hours.links.finding import link_to, partner_of
from marketplace.hours.links.paying import check, check_room
from marketplace.hours.links.schemas import PaymentQuoteOut, RelayQuoteOut
from marketplace.hours.members.proxies import member_for

_REFUSALS = {kind.code: kind for kind in (LinkLimitReached, LinkSuspended, LinkUnitMismatch, PayeeUnknown)}


async def quote(platform: Platform, member_id: UUID, payee: str, minutes: int, *, actor: Actor) -> PaymentQuoteOut:
    """What a payment would meet now: the refusals of `paying.pay` and of the partner's `prepare`; `PartnerSilent`.

    `room_minutes` is the least of the member's minutes and both limits' room.
    """
    now = platform.now()
    async with transaction(platform.db) as tx:
        member = await member_for(tx, member_id, actor=actor)
        address = check(member, payee, actor=actor)
        link = await link_to(tx, address.bank)
        check_room(link, minutes)
        available = await available_minutes(tx, member.ledger_account, now=now)
        partner = await partner_of(tx, platform, link.id)
    document = {"unit": MINUTE, "minutes": minutes, "payee": payee}
    try:
        reply = await client.ask(platform, partner, "POST", "/quotes", document=document)
    except PartnerUnavailable as silence:
        raise PartnerSilent(reason=silence.code) from silence
    if reply.code is not None:
        refusal = _REFUSALS.get(reply.code)
        raise PartnerSilent(reason=reply.code) if refusal is None else refusal(**_told(reply.document))
    theirs = int(RelayQuoteOut.model_validate(reply.document).room_minutes)
    room = min(available, link.room_out, theirs)
    return PaymentQuoteOut(room_minutes=room, second_person=above_limit(minutes, platform.policy))


def _told(document: dict[str, Any]) -> dict[str, Any]:
    """Of a partner's refusal only what our own sentences name."""
    return {name: document[name] for name in ("room", "state") if name in document}
