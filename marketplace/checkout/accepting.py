"""A provider that wants to say yes itself: what is paid waits for its word, at most until `accept_by`.

Declining, or letting the time pass, ends the booking and gives everything back. What needs no word is confirmed.
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base import outbox, timers
from marketplace.base.actor import Actor, Role
from marketplace.base.errors import IllegalTransition
from marketplace.base.policy import Policy
from marketplace.base.states import move
from marketplace.bookings.models import BOOKING_STEPS, Booking
from marketplace.bookings.reading import booking_for
from marketplace.checkout.confirming import ACCEPT_DUE, HOLD_DUE, card_held, confirm
from marketplace.checkout.ending import end
from marketplace.checkout.errors import AcceptanceOver, NotYoursToAccept

WAITING = "awaiting_acceptance"


async def agree(tx: AsyncSession, booking: Booking, *, policy: Policy, actor: Actor, now: datetime) -> None:
    """The tenders cover the locked booking's price: confirm it, or ask the provider when its offer says so."""
    if not booking.must_accept:
        await confirm(tx, booking, policy=policy, actor=actor, now=now)
        return
    booking.accept_by = min(now + timedelta(minutes=policy.booking.accept_minutes), booking.window_start)
    await move(tx, booking, WAITING, BOOKING_STEPS, actor=actor, now=now, on_behalf_of=booking.payer_id)
    await timers.drop_timer(tx, HOLD_DUE, booking.id)
    await timers.set_timer(tx, ACCEPT_DUE, booking.id, booking.accept_by)
    await card_held(tx, booking, actor=actor, now=now)
    await outbox.send(tx, "booking.offered", booking_id=booking.id)


async def accept(tx: AsyncSession, booking_id: UUID, *, policy: Policy, actor: Actor, now: datetime) -> Booking:
    """The provider says yes. `Unknown`, `NotYoursToAccept`, `IllegalTransition`, `AcceptanceOver`."""
    booking = await booking_for(tx, booking_id, actor=actor, now=now, lock=True)
    if not (actor.is_any(Role.PROVIDER) and actor.provider_id == booking.provider_id):
        raise NotYoursToAccept
    if booking.state != WAITING or booking.accept_by is None:
        raise IllegalTransition(state=booking.state, wanted="confirmed")
    if now >= booking.accept_by:
        raise AcceptanceOver(accept_by=booking.accept_by.isoformat())
    await confirm(tx, booking, policy=policy, actor=actor, now=now)
    return booking


async def give_up(tx: AsyncSession, booking: Booking, *, policy: Policy, actor: Actor, now: datetime) -> None:
    """The time to accept is over: a locked booking that still waits is declined."""
    if booking.state == WAITING and booking.accept_by is not None and now >= booking.accept_by:
        await end(tx, booking, "declined", policy=policy, actor=actor, now=now, reason="not accepted in time")
