"""Ending a booking before it is served: whatever it holds is given back, once, in one transaction.

Expiry, failure, declining and cancelling all end here, so that none of them can forget a thing.
"""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

import timebank
from marketplace.base import outbox, timers
from marketplace.base.actor import Actor
from marketplace.base.policy import Policy
from marketplace.base.states import move
from marketplace.bookings import capacity
from marketplace.bookings.models import BOOKING_STEPS, Booking
from marketplace.checkout import tenders
from marketplace.checkout.confirming import ACCEPT_DUE, HOLD_DUE, because
from marketplace.checkout.errors import ServiceStarted
from marketplace.payments import books, payouts
from marketplace.people.access import withdraw_access
from marketplace.visits.service import cancel_visits


async def end(
    tx: AsyncSession,
    booking: Booking,
    to: str,
    *,
    policy: Policy,
    actor: Actor,
    now: datetime,
    reason: str,
    fee_fen: int = 0,
) -> None:
    """Take the locked booking to an end state; keep `fee_fen` of the money and give back all else.

    `ServiceStarted` when somebody has arrived, `IllegalTransition` when it cannot end so: then nothing changes.
    """
    booking.fee_fen = fee_fen
    booking.cancelled_reason = reason
    await move(tx, booking, to, BOOKING_STEPS, actor=actor, now=now, reason=reason)
    await capacity.free(tx, booking)
    if not await cancel_visits(tx, "booking", booking.id, actor=actor, now=now, reason=reason):
        raise ServiceStarted(state=booking.state)
    commands = await tenders.resolve(tx, booking, keep=fee_fen, actor=actor, now=now)
    commands += await earned(tx, booking, gross_fen=fee_fen, policy=policy, now=now)
    await timebank.apply(tx, commands, now=now)
    for rule in (HOLD_DUE, ACCEPT_DUE):
        await timers.drop_timer(tx, rule, booking.id)
    await withdraw_access(tx, because(booking))
    await outbox.send(tx, "booking.cancelled", booking_id=booking.id)


async def earned(
    tx: AsyncSession, booking: Booking, *, gross_fen: int, policy: Policy, now: datetime
) -> list[timebank.Command]:
    """The ledger's commands by which the provider earns `gross_fen`, and its next payout scheduled; none for 0."""
    if gross_fen == 0:
        return []
    await payouts.schedule(tx, booking.provider_id, now=now)
    return books.settle_commands(
        provider_id=booking.provider_id,
        booking_id=booking.id,
        gross_fen=gross_fen,
        fee_permille=policy.card.platform_fee_permille,
        occurred_at=now,
    )
