"""Cancelling: the terms copied at booking say what it costs, and one is told before one presses.

Whoever booked, pays, or may book for the elder cancels; staff also waive the fee; the provider can only decline, and
then nobody pays.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base.actor import STAFF, Actor, Role
from marketplace.base.errors import IllegalTransition, Unknown
from marketplace.base.policy import Policy
from marketplace.bookings.cancel_terms import CancelTerms, Charge, charge
from marketplace.bookings.models import BOOKING_STEPS, NOT_AGREED, Booking
from marketplace.bookings.reading import booking_for
from marketplace.checkout.ending import end
from marketplace.checkout.errors import NotYoursToCancel, ReasonNotYours, ServiceStarted
from marketplace.checkout.following import has_begun
from marketplace.checkout.schemas import CancelIn
from marketplace.people.elders import elder_for
from marketplace.visits.models import Assignment, Visit


@dataclass(frozen=True, slots=True)
class Cancellation:
    """What cancelling means: the state it leads to and what it costs."""

    to: str
    charge: Charge


async def cancel(
    tx: AsyncSession, booking_id: UUID, data: CancelIn, *, policy: Policy, actor: Actor, now: datetime
) -> Booking:
    """End a booking for a reason and keep the fee that its own terms ask for. The visits, too, are cancelled.

    `Unknown`, `NotYoursToCancel`, `ReasonNotYours`, `ServiceStarted`, `IllegalTransition`.
    """
    booking = await booking_for(tx, booking_id, actor=actor, now=now, lock=True)
    found = await foresee(tx, booking, data, actor=actor, now=now)
    reason = f"{data.reason}: {data.note}" if data.note else data.reason
    await end(tx, booking, found.to, policy=policy, actor=actor, now=now, reason=reason, fee_fen=found.charge.fee_fen)
    return booking


async def foresee(tx: AsyncSession, booking: Booking, data: CancelIn, *, actor: Actor, now: datetime) -> Cancellation:
    """What cancelling now would cost; raises what `cancel` would raise, changes nothing."""
    to = await _permitted(tx, booking, data, actor=actor, now=now)
    if to not in BOOKING_STEPS[booking.state]:
        if booking.state == "in_service":
            raise ServiceStarted(state=booking.state)
        raise IllegalTransition(state=booking.state, wanted=to)
    if booking.state in NOT_AGREED:  # nothing is agreed yet, so nothing is charged
        return Cancellation(to, Charge("free", 0))
    if await has_begun(tx, booking):
        raise ServiceStarted(state=booking.state)
    return Cancellation(
        to,
        charge(
            CancelTerms.read(booking.cancel_policy),
            amount_fen=booking.amount if booking.unit == "fen" else 0,
            reason=data.reason,
            waived=data.waive,
            departed=await _departed(tx, booking, now),
            now=now,
        ),
    )


async def _permitted(tx: AsyncSession, booking: Booking, data: CancelIn, *, actor: Actor, now: datetime) -> str:
    """The end state that this actor may bring about, with this reason."""
    by_staff = actor.is_any(*STAFF)
    if actor.is_any(Role.PROVIDER) and actor.provider_id == booking.provider_id and not actor.is_system:
        if data.reason != "provider" or data.waive:
            raise ReasonNotYours(pointer="/reason")
        return "declined"
    if (data.waive or data.reason == "provider") and not by_staff:
        raise ReasonNotYours(pointer="/waive" if data.waive else "/reason")
    if actor.account_id not in {booking.booked_by, booking.payer_id}:
        try:
            await elder_for(tx, booking.elder_id, actor=actor, now=now, scope="book")
        except Unknown as error:
            raise NotYoursToCancel from error
    return "cancelled"


async def _departed(tx: AsyncSession, booking: Booking, now: datetime) -> bool:
    """Is a caregiver on her way, by the published plan's times?"""
    rows = await tx.execute(
        select(col(Assignment.planned_from), col(Assignment.travel_seconds))
        .join(Visit, col(Visit.id) == col(Assignment.visit_id))
        .where(
            col(Visit.cause_kind) == "booking",
            col(Visit.cause_id) == booking.id,
            col(Assignment.state) != "withdrawn",
        )
    )
    return any(planned_from - timedelta(seconds=travel) <= now for planned_from, travel in rows)
