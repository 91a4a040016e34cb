"""Before booking: when is there room, what does it cost; and opening a provider's days."""

from datetime import date
from typing import Any
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, FromQuery, JSONBody

from marketplace.base.actor import Actor, Role
from marketplace.base.clock import local_day, reckoned
from marketplace.base.errors import Unknown
from marketplace.bookings.capacity import open_days
from marketplace.bookings.errors import InThePast
from marketplace.checkout import quotes
from marketplace.checkout.finding import free_slots
from marketplace.checkout.models import Quote
from marketplace.checkout.schemas import DaysIn, DaysOut, QuoteIn, QuoteOut, SlotOut, Slots, Unit
from marketplace.web.authentication import requires, signed_in
from marketplace.web.dependencies import Acting, Home, Now, OnceGiven, Tx

TAGS = ["bookings"]


@get("/v1/slots", tags=TAGS, operation_id="findSlots", guards=[signed_in])
async def find(
    tx: Tx,
    actor: Acting,
    now: Now,
    platform: Home,
    offer_id: FromQuery[UUID],
    elder_id: FromQuery[UUID],
    day: FromQuery[date],
    unit: FromQuery[Unit] = "fen",
) -> Slots:
    """Starts of a day with room for this offer in the elder's district; for meals, the sittings still open."""
    slots = await free_slots(tx, offer_id, elder_id, day, unit=unit, policy=platform.policy, actor=actor, now=now)
    return Slots(
        offer_id=offer_id,
        day=day,
        slots=[
            SlotOut(window_start=slot.window_start, window_end=slot.window_end, sitting=sitting, places=slot.places)
            for slot, sitting in slots
        ],
    )


@post("/v1/quotes", tags=TAGS, operation_id="quote", guards=[signed_in])
async def quote(data: JSONBody[QuoteIn], tx: Tx, actor: Acting, now: Now, platform: Home, once: OnceGiven) -> QuoteOut:
    """Fix the price of an offer for an elder and a time, until the quote expires."""

    async def work() -> QuoteOut:
        return _quote_out(await quotes.quote(tx, data, policy=platform.policy, actor=actor, now=now))

    return await once(tx, QuoteOut, work)


def _quote_out(row: Quote) -> QuoteOut:
    return QuoteOut.model_validate(row.model_dump(include=set(QuoteOut.model_fields)))


@post(
    "/v1/providers/{provider_id:uuid}/days",
    tags=TAGS,
    operation_id="openDays",
    guards=[requires(Role.PROVIDER, Role.DISPATCHER, Role.OPERATOR)],
    status_code=200,
)
async def open_for_booking(
    provider_id: FromPath[UUID],
    data: JSONBody[DaysIn],
    tx: Tx,
    actor: Acting,
    now: Now,
    platform: Home,
    once: OnceGiven,
) -> DaysOut:
    """Open days for booking from the shifts that stand. May be repeated after shifts changed."""

    async def work() -> DaysOut:
        _require_own(provider_id, actor)
        if reckoned(data.first_day, pointer="/first_day") < local_day(now):
            raise InThePast(pointer="/first_day")
        half_hours = await open_days(tx, provider_id, data.first_day, data.days, policy=platform.policy)
        return DaysOut(provider_id=provider_id, first_day=data.first_day, days=data.days, half_hours=half_hours)

    return await once(tx, DaysOut, work)


def _require_own(provider_id: UUID, actor: Actor) -> None:
    if not actor.is_any(Role.DISPATCHER, Role.OPERATOR) and actor.provider_id != provider_id:
        raise Unknown(what="provider")


ROUTES: list[Any] = [find, quote, open_for_booking]
