"""Paying what is owed: the service was given, the card failed, and somebody pays with another one.

The booking's payer may, and everybody who may pay for the elder. Staff pay for nobody: their reach is not a grant.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base.actor import Actor
from marketplace.base.errors import Unknown
from marketplace.bookings.reading import booking_for
from marketplace.checkout.errors import PayerNotAllowed
from marketplace.payments import service as payments
from marketplace.payments.models import Payment
from marketplace.people.elders import elder_for


async def pay(tx: AsyncSession, booking_id: UUID, payment_method: str, *, actor: Actor, now: datetime) -> Payment:
    """Have the owed sum of a booking collected from this card or wallet.

    `Unknown`, `PayerNotAllowed`, and what `payments.collect` refuses.
    """
    booking = await booking_for(tx, booking_id, actor=actor, now=now, lock=True)
    if actor.account_id != booking.payer_id:
        try:
            alone = Actor(actor.account_id, frozenset())
            await elder_for(tx, booking.elder_id, actor=alone, now=now, scope="pay")
        except Unknown as error:
            raise PayerNotAllowed from error
    return await payments.collect(tx, booking_id, payment_method=payment_method, actor=actor)
