"""Moving a booking to another provider, because its own cannot keep the promise.

One transaction: the old capacity is given back, the new one held, the tender lowered, the visit handed over. The
elder never pays more than she agreed to, and may cancel for nothing from then on: the change was not hers.
"""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base import audit, outbox
from marketplace.base.actor import Actor
from marketplace.base.errors import IllegalTransition
from marketplace.base.policy import Policy
from marketplace.bookings import capacity
from marketplace.bookings.cancel_terms import CancelTerms
from marketplace.bookings.capacity.demand import permille
from marketplace.bookings.models import Booking
from marketplace.checkout import tenders
from marketplace.checkout.alternatives import is_affordable, is_paid_alike, still_orderable, whole_amount
from marketplace.checkout.booking import boxes_cooked
from marketplace.checkout.confirming import because, show_to_provider
from marketplace.checkout.errors import NotAnAlternative, ServiceStarted
from marketplace.checkout.quotes import require_served, skills_for
from marketplace.people.access import withdraw_access
from marketplace.people.models import Elder
from marketplace.providers.offers import BookableOffer, offer_to_promise
from marketplace.visits.service import hand_over


async def move_to(
    tx: AsyncSession, booking: Booking, offer_id: UUID, *, policy: Policy, actor: Actor, now: datetime
) -> None:
    """Give the locked, confirmed booking to another provider's offer, at that offer's price of now.

    `IllegalTransition`, `ServiceStarted`, `NotAnAlternative`, `SlotTaken`, `SoldOut`, and what quotes refuse: then
    nothing changes.
    """
    if booking.state != "confirmed":
        raise IllegalTransition(state=booking.state, wanted="confirmed")
    elder = await tx.get_one(Elder, booking.elder_id)  # visible: the caller has shown the booking
    offer = await offer_to_promise(tx, offer_id, booking.unit, now=now, on=booking.day)
    await require_served(tx, offer, elder, day=booking.day, now=now)
    _require_alternative(booking, offer, policy, now)
    if not await is_paid_alike(tx, booking, offer.offer_id):
        raise NotAnAlternative(pointer="/offer_id", reason="paid_by_programme")
    before = booking.provider_id
    await capacity.free(tx, booking)
    _agree_anew(booking, offer, elder)
    await tx.flush()
    await capacity.hold(
        tx,
        booking,
        share_permille=permille(policy.booking.capacity_share),
        kitchen_capacity=boxes_cooked(offer, booking.sitting),
        since=now,
    )
    await _hand_over(tx, booking, offer, actor=actor, now=now)
    await tenders.reprice(tx, booking)
    await withdraw_access(tx, because(booking))
    await show_to_provider(tx, booking, policy=policy, now=now)
    ids = {"from_provider": str(before), "to_provider": str(booking.provider_id), "amount": booking.amount}
    audit.note(tx, "booking.moved", actor=actor, entity="booking", entity_id=booking.id, **ids)
    await outbox.send(tx, "booking.moved", booking_id=booking.id)


def _require_alternative(booking: Booking, offer: BookableOffer, policy: Policy, now: datetime) -> None:
    wrong = {
        "same_provider": offer.provider_id == booking.provider_id,
        "other_service": offer.service.code != booking.service,
        "other_tier": offer.tier != booking.tier,
        "dearer": not is_affordable(booking, whole_amount(booking, offer.amount)),
        "must_accept": offer.must_accept,  # a promise is moved to somebody who keeps it, not to one who may refuse
        "too_late": not still_orderable(booking, policy, now),
    }
    for reason, is_so in wrong.items():
        if is_so:
            raise NotAnAlternative(pointer="/offer_id", reason=reason)


def _agree_anew(booking: Booking, offer: BookableOffer, elder: Elder) -> None:
    """Who serves and what it costs change; when, where and for whom stay as agreed."""
    booking.offer_id, booking.provider_id = offer.offer_id, offer.provider_id
    booking.price_id, booking.price_version = offer.price_id, offer.price_version
    booking.amount = whole_amount(booking, offer.amount)
    booking.kitchen_id = offer.kitchen.id if offer.kitchen else None
    booking.skills = list(skills_for(offer, elder))
    terms = CancelTerms.read(booking.cancel_policy)
    free = replace(terms, free_until_at=booking.window_end, late_fee_fen=0, departed_fee_fen=0)
    booking.cancel_policy = free.document()
    booking.version += 1


async def _hand_over(tx: AsyncSession, booking: Booking, offer: BookableOffer, *, actor: Actor, now: datetime) -> None:
    kitchen = (offer.kitchen.id, offer.kitchen.lon, offer.kitchen.lat) if offer.kitchen else None
    if not await hand_over(
        tx,
        "booking",
        booking.id,
        skills=booking.skills,
        kitchen=kitchen,
        actor=actor,
        now=now,
        reason="moved to another provider",
    ):
        raise ServiceStarted(state=booking.state)
