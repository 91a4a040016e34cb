"""Tenders: the ways of paying for a booking, with the same three verbs for each: hold, capture, release.

Hours are reserved before the card is asked, and the card last, outside the transaction. The ledger allows one call
per transaction, so capture and release give back commands, and the caller applies them all at once.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

import timebank
from marketplace.base.actor import Actor
from marketplace.base.errors import Malformed
from marketplace.base.states import move
from marketplace.base.timebank_rules import TimeBankRules
from marketplace.bookings.models import Booking
from marketplace.checkout.errors import NotEnoughHours, PaymentMethodMissing, PaymentMethodUnused, PriceNotInHours
from marketplace.checkout.models import TENDER_STEPS, Tender
from marketplace.hours import tenders as hours
from marketplace.hours.members.notices import tell_elder
from marketplace.hours.members.proxies import delegated_elder
from marketplace.hours.members.redemptions import BudgetReached, redemption_of
from marketplace.hours.models import Redemption
from marketplace.payments import books, payouts
from marketplace.payments import service as payments
from marketplace.people.elders import elder_for
from timebank import Command
from timebank.errors import InsufficientBalance

HOURS_HELD_FOR = timedelta(days=90)  # longer than any exception stays open; the hold is released with the booking


async def hold(
    tx: AsyncSession,
    booking: Booking,
    *,
    payment_method: str | None,
    from_elder: bool,
    rules: TimeBankRules,
    actor: Actor,
    now: datetime,
) -> Tender | None:
    """Reserve the price: hours at once (the payer's, or `from_elder` her own), a card by asking it. None: it is free.

    `PaymentMethodMissing`, `PaymentMethodUnused`, `PriceNotInHours`, `NotEnoughHours`, and what hours and payments
    refuse.
    """
    if from_elder and booking.unit == "fen":
        raise PriceNotInHours(pointer="/hours_of")
    takes_card = booking.unit == "fen" and booking.amount > 0
    if takes_card and payment_method is None:
        raise PaymentMethodMissing(pointer="/payment_method")
    if not takes_card and payment_method is not None:
        raise PaymentMethodUnused(pointer="/payment_method")
    if booking.amount == 0:
        return None
    if payment_method is not None:
        return await _ask_card(tx, booking, payment_method, actor=actor, now=now)
    return await _hold_hours(tx, booking, from_elder=from_elder, rules=rules, actor=actor, now=now)


async def _ask_card(tx: AsyncSession, booking: Booking, method: str, *, actor: Actor, now: datetime) -> Tender:
    payment = await payments.ask(
        tx,
        booking_id=booking.id,
        amount_fen=booking.amount,
        payment_method=method,
        actor=actor,
        now=now,
        service_starts_at=booking.window_start,
        payer_id=booking.payer_id,
    )
    return await _added(tx, booking, kind="card", state="asked", reference=str(payment.id))


async def _hold_hours(
    tx: AsyncSession, booking: Booking, *, from_elder: bool, rules: TimeBankRules, actor: Actor, now: datetime
) -> Tender:
    key = hours.reference_of_hours(booking.id)
    own = await _her_own(tx, booking, from_elder=from_elder, actor=actor, now=now)
    commands = await hours.hold_commands(
        tx,
        key=key,
        payer_id=None if own else booking.payer_id,
        elder_id=booking.elder_id,
        minutes=booking.amount,
        expires_at=booking.window_end + HOURS_HELD_FOR,
        rules=rules,
        now=now,
        offer_id=booking.offer_id,
    )
    tender = await _added(tx, booking, kind="hours", state="held", reference=key)
    try:
        await timebank.apply(tx, commands, now=now)
    except InsufficientBalance as error:
        available = error.data.get("available", 0)
        if error.data.get("key") != key:
            raise BudgetReached(available=available, needed=error.data.get("amount")) from error
        raise NotEnoughHours(available=available, amount=booking.amount) from error
    return tender


async def _her_own(tx: AsyncSession, booking: Booking, *, from_elder: bool, actor: Actor, now: datetime) -> bool:
    """Do the elder's own hours pay? Then she is told, unless she books herself. `DelegationMissing`, `Unknown`."""
    elder = await elder_for(tx, booking.elder_id, actor=actor, now=now, scope="book")
    if not from_elder and booking.payer_id != elder.account_id:
        return False
    elder = await delegated_elder(tx, elder.id, scope="pay", actor=actor, now=now)
    await tell_elder(tx, elder, "booking", actor=actor)
    return True


async def _added(tx: AsyncSession, booking: Booking, *, kind: str, state: str, reference: str) -> Tender:
    tender = Tender(
        booking_id=booking.id,
        kind=kind,
        unit=booking.unit,
        amount=booking.amount,
        state=state,
        reference=reference,
    )
    tx.add(tender)
    await tx.flush()
    return tender


async def tenders_of(tx: AsyncSession, booking: Booking, *, lock: bool = False) -> list[Tender]:
    """A booking's tenders, locked on demand."""
    query = select(Tender).where(col(Tender.booking_id) == booking.id).order_by(col(Tender.id))
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return list(await tx.scalars(query))


async def tenders_by_booking(tx: AsyncSession, bookings: Iterable[Booking]) -> dict[UUID, list[Tender]]:
    """The tenders of many bookings, for showing, in one query."""
    query = select(Tender).where(col(Tender.booking_id).in_([one.id for one in bookings])).order_by(col(Tender.id))
    found: dict[UUID, list[Tender]] = defaultdict(list)
    for tender in await tx.scalars(query):
        found[tender.booking_id].append(tender)
    return found


async def reprice(tx: AsyncSession, booking: Booking) -> None:
    """The locked booking has become cheaper: its one tender is asked for less, what was reserved above is given back.

    Hours return when they are captured, a card's hold is captured in part; what a wallet has paid is refunded then.
    """
    for tender in await tenders_of(tx, booking, lock=True):
        if tender.state in {"asked", "held"}:
            tender.amount = booking.amount
    await tx.flush()


async def resolve(tx: AsyncSession, booking: Booking, *, keep: int, actor: Actor, now: datetime) -> list[Command]:
    """Take `keep` of what was reserved, in the booking's unit, and give back the rest; 0 gives all back.

    Tells payments what to keep and returns the ledger's commands for the caller's one call. Hours are kept whole or
    not at all: a fee is never charged in hours.
    """
    commands: list[Command] = []
    for tender in await tenders_of(tx, booking, lock=True):
        if tender.kind == "card":
            await payments.decide(tx, booking.id, keep, actor=actor, now=now)
        else:
            commands += await _resolve_hours(tx, booking, tender, keep=keep, now=now)
        tender.kept = keep
        to = "captured" if keep else "released"
        if tender.state != to:
            await move(tx, tender, to, TENDER_STEPS, actor=actor, now=now)
    return commands


async def _resolve_hours(
    tx: AsyncSession, booking: Booking, tender: Tender, *, keep: int, now: datetime
) -> list[Command]:
    if keep not in {0, tender.amount}:
        raise Malformed(reason="hours are kept whole or not at all")
    if keep == 0:
        return list(await hours.release_commands(tx, key=tender.reference))
    # the hold may be larger: a booking that moved to a cheaper provider costs less than was reserved for it
    redemption = await redemption_of(tx, tender.reference, lock=True)
    if redemption is not None:
        return await _paid_by_programme(tx, booking, tender, redemption, now=now)
    return list(
        await hours.capture_commands(
            tx, key=tender.reference, provider_id=booking.provider_id, now=now, minutes=tender.amount
        )
    )


async def _paid_by_programme(
    tx: AsyncSession, booking: Booking, tender: Tender, redemption: Redemption, *, now: datetime
) -> list[Command]:
    """The hours go back to the programme, its money to the provider, who is paid with the day's other earnings."""
    payable = books.account(books.PAYABLE, booking.provider_id)
    commands = await hours.paid_commands(tx, redemption, minutes=tender.amount, payable=payable, now=now)
    if not commands:
        return []
    await payouts.schedule(tx, booking.provider_id, now=now)
    return [*books.open_payable(booking.provider_id), *commands]
