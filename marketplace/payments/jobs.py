"""Jobs of payments: each finds the payment or payout of its message and takes the steps that are needed now."""

from uuid import UUID

from marketplace.base.database import transaction
from marketplace.base.outbox import Message
from marketplace.base.platform import Platform
from marketplace.payments import inbox, reconciliation
from marketplace.payments.collecting import owing
from marketplace.payments.collecting.beats import advance
from marketplace.payments.models import Payment
from marketplace.payments.payouts.transfers import pay_out as pay_one_out
from marketplace.payments.service import payment_of


async def authorise(platform: Platform, message: Message) -> None:
    """booking.requested: hold the money, or save the card for later. A booking without a card has nothing to do."""
    async with transaction(platform.db) as tx:
        payment = await payment_of(tx, UUID(message.ids["booking_id"]))
    if payment is not None:
        await advance(platform, payment.id)


async def carry_out(platform: Platform, message: Message) -> None:
    """payment.decided: void, capture or refund until what is kept is what shall be kept."""
    await advance(platform, UUID(message.ids["payment_id"]))


async def authorise_due(platform: Platform, message: Message) -> None:
    """payment.authorise_due: the saved card's service is near."""
    await advance(platform, UUID(message.ids["id"]))


async def lapse_due(platform: Platform, message: Message) -> None:
    """payment.lapse_due: the authorisation ends soon; what is still undecided is captured."""
    await advance(platform, UUID(message.ids["id"]))


async def retry_due(platform: Platform, message: Message) -> None:
    """payment.retry_due: ask the card again for what is owed."""
    payment_id = UUID(message.ids["id"])
    async with transaction(platform.db) as tx:
        owing.retry(await tx.get_one(Payment, payment_id, with_for_update=True), now=platform.now())
    await advance(platform, payment_id)


async def apply_event(platform: Platform, message: Message) -> None:
    """stripe.received: refetch what the event is about and apply it."""
    await inbox.handle(platform, UUID(message.ids["event_id"]))


async def pay_out(platform: Platform, message: Message) -> None:
    """payout.due: transfer what the provider earned."""
    await pay_one_out(platform, UUID(message.ids["id"]))


async def reconcile_due(platform: Platform, message: Message) -> None:  # noqa: ARG001 - a consumer takes both
    """payment.reconcile_due: ask the gateway for what no webhook told, and come back in ten minutes."""
    async with transaction(platform.db) as tx:
        await reconciliation.keep_watch(tx, now=platform.now())
    await reconciliation.reconcile(platform)
