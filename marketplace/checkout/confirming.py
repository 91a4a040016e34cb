"""Confirming: the tenders cover the price, so the agreement stands: its visits are made and planning hears of it."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base import outbox, timers
from marketplace.base.actor import Actor, Role
from marketplace.base.policy import Policy
from marketplace.base.states import move
from marketplace.bookings.models import BOOKING_STEPS, Booking
from marketplace.checkout.models import TENDER_STEPS
from marketplace.checkout.tenders import tenders_of
from marketplace.payments.service import payment_of
from marketplace.people.access import give_access
from marketplace.people.models import Account, Elder
from marketplace.providers.models import Kitchen
from marketplace.visits.service import VisitSpec, plan_visit

HOLD_DUE = "booking.hold_due"
ACCEPT_DUE = "booking.accept_due"


def because(booking: Booking) -> str:
    """The cause under which access is given for a booking, and withdrawn with it."""
    return f"booking:{booking.id}"


async def confirm(tx: AsyncSession, booking: Booking, *, policy: Policy, actor: Actor, now: datetime) -> None:
    """The booking is agreed. The caller holds its lock and has seen that its tenders cover the price."""
    booking.confirmed_at = now
    await move(tx, booking, "confirmed", BOOKING_STEPS, actor=actor, now=now, on_behalf_of=booking.payer_id)
    for rule in (HOLD_DUE, ACCEPT_DUE):
        await timers.drop_timer(tx, rule, booking.id)
    await plan_visit(tx, await _visit_of(tx, booking, policy), actor=actor, now=now)
    await show_to_provider(tx, booking, policy=policy, now=now)
    await card_held(tx, booking, actor=actor, now=now)
    await outbox.send(tx, "booking.confirmed", booking_id=booking.id)


async def card_held(tx: AsyncSession, booking: Booking, *, actor: Actor, now: datetime) -> None:
    """Mark the card's tender held once the money is there; a saved card is asked nearer to the day."""
    payment = await payment_of(tx, booking.id)
    if payment is None or payment.state not in {"authorized", "captured"}:
        return
    for tender in await tenders_of(tx, booking, lock=True):
        if tender.kind == "card" and tender.state == "asked":
            await move(tx, tender, "held", TENDER_STEPS, actor=actor, now=now)


async def _visit_of(tx: AsyncSession, booking: Booking, policy: Policy) -> VisitSpec:
    elder = await tx.get_one(Elder, booking.elder_id)  # visible: the booker's right was asked when she booked
    kitchen = await tx.get_one(Kitchen, booking.kitchen_id) if booking.kitchen_id else None
    return VisitSpec(
        cause_kind="booking",
        cause_id=booking.id,
        elder_id=elder.id,
        district_id=booking.district_id,
        service=booking.service,
        lon=elder.lon,
        lat=elder.lat,
        window_start=booking.window_start,
        window_end=booking.window_end,
        service_seconds=booking.service_seconds,
        crew_size=booking.crew_size,
        skills=tuple(booking.skills),
        priority=booking.priority,
        kitchen_id=booking.kitchen_id,
        kitchen_lon=kitchen.lon if kitchen else None,
        kitchen_lat=kitchen.lat if kitchen else None,
        boxes=booking.boxes,
        max_ride_seconds=policy.meal.max_ride_minutes * 60 if kitchen else None,
    )


async def show_to_provider(tx: AsyncSession, booking: Booking, *, policy: Policy, now: datetime) -> None:
    """The provider's administrators see the elder until the booking can be complained of no more."""
    admins = await tx.scalars(
        select(col(Account.id)).where(
            col(Account.provider_id) == booking.provider_id,
            col(Account.roles).contains([Role.PROVIDER.value]),
            col(Account.state) == "active",
        )
    )
    until = booking.window_end + timedelta(hours=policy.visit.objection_hours + policy.booking.close_after_hours)
    for account_id in admins:
        await give_access(tx, booking.elder_id, account_id, "view", since=now, until=until, because=because(booking))
