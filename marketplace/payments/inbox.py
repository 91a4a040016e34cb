"""The webhook inbox: events are verified, stored once and answered at once; a job finds out what they mean.

An event is a hint. What counts is the object as the gateway shows it when the job asks, so late, repeated and
disordered events end in the same state.
"""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base import outbox
from marketplace.base.clock import wall_now
from marketplace.base.database import transaction
from marketplace.base.ids import new_id
from marketplace.base.platform import Platform
from marketplace.payments.collecting.intents import apply_intent
from marketplace.payments.collecting.steps import Kind, next_step
from marketplace.payments.connection import gateway_of
from marketplace.payments.gateway import Event, Intent, IntentState
from marketplace.payments.models import InboxEvent, Payment, PaymentStep

SOURCE = "stripe"
REFUND_EVENTS = ("refund.", "charge.refund.")


class UnknownObject(Exception):
    """The event is about an object that is not ours, or not yet: the delivery is retried, then laid aside."""

    code = "unknown_object"


async def store(tx: AsyncSession, event: Event) -> bool:
    """Keep an event and send stripe.received, unless it is known; tells whether it was new."""
    row = insert(InboxEvent).values(
        id=new_id(),
        source=SOURCE,
        external_id=event.id,
        kind=event.kind,
        object_id=event.object_id,
        created_at=event.created_at,
    )
    kept = await tx.scalar(row.on_conflict_do_nothing(constraint="inbox_event_once").returning(col(InboxEvent.id)))
    if kept is None:
        return False
    await outbox.send(tx, "stripe.received", event_id=kept)
    return True


async def handle(platform: Platform, event_id: UUID) -> None:
    """Act on a stored event: refetch its intent outside a transaction, then apply. `UnknownObject`: try again later.

    A refund is refetched first, because it names the intent; the intent is fetched with all its refunds.
    """
    async with transaction(platform.db) as tx:
        event = await tx.get(InboxEvent, event_id)
        if event is None or event.handled_at is not None:
            return
    intent_id = await _intent_of(platform, event)
    intent = await gateway_of(platform).fetch_intent(intent_id) if intent_id else None
    async with transaction(platform.db) as tx:
        if intent is not None:
            await see(tx, intent, platform)
        handled = await tx.get_one(InboxEvent, event_id)
        handled.handled_at = platform.now()


async def see(tx: AsyncSession, intent: Intent, platform: Platform) -> None:
    """Apply an intent that nobody here asked for just now; what it makes necessary is sent as payment.decided."""
    payment = await _locked_payment(tx, intent)
    if intent.state is IntentState.OPEN and await _is_being_authorised(tx, payment):
        return  # open because not yet confirmed, or declined: the call under way will say which
    now = platform.now()
    await apply_intent(tx, payment, intent, vault=platform.vault, now=now, wall=wall_now())
    wanted = next_step(payment, now=now, authorise_within_days=platform.policy.card.authorise_within_days)
    if wanted or payment.owed_fen:  # what is owed gets its timer there
        await outbox.send(tx, "payment.decided", payment_id=payment.id)


async def _intent_of(platform: Platform, event: InboxEvent) -> str | None:
    if event.kind.startswith("payment_intent."):
        return event.object_id
    if not event.kind.startswith(REFUND_EVENTS):
        return None  # a type we do not act on
    # asked of the gateway: a refund made by hand in its dashboard, or one not recorded yet, is in no table of ours
    refund = await gateway_of(platform).fetch_refund(event.object_id)
    if not refund.intent_id:
        raise UnknownObject(event.object_id)
    return refund.intent_id


async def _locked_payment(tx: AsyncSession, intent: Intent) -> Payment:
    try:
        payment_id = UUID(intent.reference)
    except ValueError as error:
        raise UnknownObject(intent.id) from error
    payment = await tx.get(Payment, payment_id, with_for_update=True)
    if payment is None:
        raise UnknownObject(intent.id)
    return payment


async def _is_being_authorised(tx: AsyncSession, payment: Payment) -> bool:
    step = select(col(PaymentStep.id)).where(
        col(PaymentStep.payment_id) == payment.id,
        col(PaymentStep.kind) == Kind.AUTHORISE,
        col(PaymentStep.state) == "claimed",
    )
    return await tx.scalar(step) is not None
