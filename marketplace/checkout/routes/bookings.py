"""Bookings: making one, reading one's own, cancelling, paying what is owed, refunding."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base.actor import Role
from marketplace.bookings.cancel_terms import CancelTerms, Reason
from marketplace.bookings.models import Booking
from marketplace.bookings.reading import booking_for, bookings_for
from marketplace.checkout import accepting, cancelling, owed, settling
from marketplace.checkout import booking as making
from marketplace.checkout.alternatives import alternatives
from marketplace.checkout.models import Tender
from marketplace.checkout.schemas import (
    AlternativeOut,
    Alternatives,
    BookingIn,
    BookingOut,
    BookingPage,
    CancelIn,
    CancellationOut,
    PayIn,
    RefundIn,
    RefundOut,
    State,
    TenderOut,
)
from marketplace.checkout.tenders import tenders_by_booking, tenders_of
from marketplace.payments.routes import shown
from marketplace.payments.schemas import PaymentOut
from marketplace.visits.service import visit_ids
from marketplace.web import etag
from marketplace.web.authentication import requires, signed_in
from marketplace.web.dependencies import Acting, Home, Now, OnceGiven, Tx

TAGS = ["bookings"]
OfState = Annotated[State | None, QueryParameter(name="state")]  # `state` itself is a name of the framework's


async def _shown(tx: AsyncSession, row: Booking) -> BookingOut:
    visits = await visit_ids(tx, "booking", [row.id])
    return _out(row, await tenders_of(tx, row), visits[row.id])


def _out(row: Booking, tenders: Iterable[Tender], visits: list[UUID]) -> BookingOut:
    shown = [TenderOut(**one.model_dump(include=set(TenderOut.model_fields))) for one in tenders]
    return BookingOut.model_validate(
        row.model_dump(include=set(BookingOut.model_fields))
        | {"free_until_at": CancelTerms.read(row.cancel_policy).free_until_at, "tenders": shown, "visit_ids": visits}
    )


@post("/v1/bookings", tags=TAGS, operation_id="book", guards=[signed_in])
async def book(
    data: JSONBody[BookingIn], tx: Tx, actor: Acting, now: Now, platform: Home, once: OnceGiven
) -> BookingOut:
    """Book what was quoted: capacity and hours are held now, a card is authorised shortly after."""

    async def work() -> BookingOut:
        return await _shown(tx, await making.book(tx, data, policy=platform.policy, actor=actor, now=now))

    return await once(tx, BookingOut, work)


@get("/v1/bookings", tags=TAGS, operation_id="listBookings", guards=[signed_in])
async def list_bookings(
    tx: Tx,
    actor: Acting,
    now: Now,
    of_state: FromQuery[OfState] = None,
    day: FromQuery[date | None] = None,
    elder_id: FromQuery[UUID | None] = None,
    before: FromQuery[UUID | None] = None,
    limit: FromQuery[Annotated[int, QueryParameter(ge=1, le=200)]] = 50,
) -> BookingPage:
    """Bookings one may see, newest first: pass `next_cursor` as `before`."""
    rows = await bookings_for(
        tx, actor=actor, now=now, state=of_state, day=day, elder_id=elder_id, before=before, limit=limit
    )
    tenders = await tenders_by_booking(tx, rows)
    visits = await visit_ids(tx, "booking", [row.id for row in rows])
    return BookingPage(
        bookings=[_out(row, tenders[row.id], visits[row.id]) for row in rows],
        next_cursor=rows[-1].id if len(rows) == limit else None,
    )


@get("/v1/bookings/{booking_id:uuid}", tags=TAGS, operation_id="showBooking", guards=[signed_in])
async def show(
    booking_id: FromPath[UUID], request: Request[Any, Any, Any], tx: Tx, actor: Acting, now: Now
) -> Response[BookingOut]:
    """One booking with its tenders; 304 when it is still as the ETag says."""
    shown = await _shown(tx, await booking_for(tx, booking_id, actor=actor, now=now))
    marks = [shown.version, shown.refunded_fen, *(f"{one.kind}:{one.state}:{one.kept}" for one in shown.tenders)]
    return etag.answer(request, shown, "-".join(str(mark) for mark in marks))


@get("/v1/bookings/{booking_id:uuid}/cancellation", tags=TAGS, operation_id="foreseeCancellation", guards=[signed_in])
async def foresee(
    booking_id: FromPath[UUID], tx: Tx, actor: Acting, now: Now, reason: FromQuery[Reason] = "changed_mind"
) -> CancellationOut:
    """What cancelling now would cost and give back. Changes nothing."""
    row = await booking_for(tx, booking_id, actor=actor, now=now)
    found = await cancelling.foresee(tx, row, CancelIn(reason=reason), actor=actor, now=now)
    in_money = row.unit == "fen"
    return CancellationOut(
        booking_id=row.id,
        step=found.charge.step,
        fee_fen=found.charge.fee_fen,
        refund_fen=row.amount - found.charge.fee_fen if in_money else 0,
        returned_minutes=0 if in_money else row.amount,
        free_until_at=CancelTerms.read(row.cancel_policy).free_until_at,
    )


@post(
    "/v1/bookings/{booking_id:uuid}/cancel",
    tags=TAGS,
    operation_id="cancelBooking",
    guards=[signed_in],
    status_code=200,
)
async def cancel(
    booking_id: FromPath[UUID],
    data: JSONBody[CancelIn],
    tx: Tx,
    actor: Acting,
    now: Now,
    platform: Home,
    once: OnceGiven,
) -> BookingOut:
    """Cancel. The fee is what the booking's own terms say; the rest is given back."""

    async def work() -> BookingOut:
        row = await cancelling.cancel(tx, booking_id, data, policy=platform.policy, actor=actor, now=now)
        return await _shown(tx, row)

    return await once(tx, BookingOut, work)


@post("/v1/bookings/{booking_id:uuid}/pay", tags=TAGS, operation_id="payOwed", guards=[signed_in], status_code=202)
async def pay(
    booking_id: FromPath[UUID],
    data: JSONBody[PayIn],
    tx: Tx,
    actor: Acting,
    now: Now,
    platform: Home,
    once: OnceGiven,
) -> PaymentOut:
    """Pay what is owed with another card or wallet. It is collected shortly after: the payment shows how it went."""

    async def work() -> PaymentOut:
        payment = await owed.pay(tx, booking_id, data.payment_method, actor=actor, now=now)
        return await shown(tx, payment, platform.vault)

    return await once(tx, PaymentOut, work)


@post(
    "/v1/bookings/{booking_id:uuid}/accept",
    tags=TAGS,
    operation_id="acceptBooking",
    guards=[requires(Role.PROVIDER)],
    status_code=200,
)
async def accept(
    booking_id: FromPath[UUID], tx: Tx, actor: Acting, now: Now, platform: Home, once: OnceGiven
) -> BookingOut:
    """The provider accepts what waits for its word (`state=awaiting_acceptance`). Declining is cancelling."""

    async def work() -> BookingOut:
        return await _shown(tx, await accepting.accept(tx, booking_id, policy=platform.policy, actor=actor, now=now))

    return await once(tx, BookingOut, work)


@get("/v1/bookings/{booking_id:uuid}/alternatives", tags=TAGS, operation_id="findAlternatives", guards=[signed_in])
async def find_alternatives(
    booking_id: FromPath[UUID], tx: Tx, actor: Acting, now: Now, platform: Home
) -> Alternatives:
    """Who else could serve a booking: same service, tier and window, for no more than was agreed. Changes nothing."""
    row = await booking_for(tx, booking_id, actor=actor, now=now)
    found = await alternatives(tx, row, policy=platform.policy, now=now)
    return Alternatives(
        booking_id=row.id,
        unit="fen" if row.unit == "fen" else "minutes",
        agreed_amount=row.amount,
        offers=[AlternativeOut(**asdict(one)) for one in found],
    )


@post(
    "/v1/bookings/{booking_id:uuid}/refunds",
    tags=TAGS,
    operation_id="refundBooking",
    guards=[requires(Role.OFFICER, Role.OPERATOR)],
)
async def refund(
    booking_id: FromPath[UUID],
    data: JSONBody[RefundIn],
    tx: Tx,
    actor: Acting,
    now: Now,
    platform: Home,
    once: OnceGiven,
) -> RefundOut:
    """Give back part of what was kept, and take it off what the provider earned."""

    async def work() -> RefundOut:
        row, tender = await settling.refund(
            tx, booking_id, data.amount_fen, reason=data.reason, policy=platform.policy, actor=actor, now=now
        )
        return RefundOut(
            id=row.id,
            booking_id=row.booking_id,
            amount_fen=row.amount_fen,
            kept_fen=tender.kept or 0,
            refunded_at=row.refunded_at,
        )

    return await once(tx, RefundOut, work)


ROUTES: list[Any] = [book, list_bookings, show, foresee, accept, cancel, find_alternatives, pay, refund]
