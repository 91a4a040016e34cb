import asyncio
from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import col

from marketplace.base.actor import Actor
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.bookings.models import Booking
from marketplace.checkout.models import Tender
from marketplace.payments.models import Payment
from marketplace.payments.reconciliation import reconcile
from marketplace.payments.simulator.process import SimulatorProcess
from marketplace.providers.models import Price
from tests.conftest import MovableClock
from tests.marketplace.checkout.builders import MONDAY, TUESDAY, an_offer, at
from tests.marketplace.checkout.conftest import VISA, Desk


async def test_a_card_is_authorised_and_the_booking_confirmed(desk: Desk, simulator: SimulatorProcess) -> None:
    booking = await desk.book()
    assert booking["state"] == "awaiting_payment"
    assert (booking["amount"], booking["unit"], booking["policy"]) == (6800, "fen", "taiyuan@1")
    assert booking["tenders"] == [{"kind": "card", "unit": "fen", "amount": 6800, "state": "asked", "kept": None}]
    await desk.settle_down()
    booking = await desk.show(booking)
    assert booking["state"] == "confirmed"
    assert booking["tenders"][0]["state"] == "held"
    assert (await simulator.summary())["authorised_fen"] == 6800
    visit = await desk.visit_of(booking)
    assert (visit.state, visit.service_seconds, visit.crew_size) == ("planned", 5400, 1)
    assert visit.skills == ["cleaning", f"provider:{desk.market.provider_id}"]


async def test_a_bath_needs_two_women_for_a_woman(desk: Desk) -> None:
    quote = await desk.quote("bath")
    await desk.post("/v1/bookings", {"quote_id": quote["id"], "payment_method": VISA}, expect=409)  # one on shift
    async with transaction(desk.platform.db) as tx:
        # as if there were two on shift: the rows alone count where nothing tells their people apart
        await tx.execute(text("UPDATE capacity SET seconds = seconds * 2, abilities = NULL"))
    booking = await desk.agreed("bath")
    visit = await desk.visit_of(booking)
    assert (visit.crew_size, visit.skills) == (2, ["bath", "gender:f", f"provider:{desk.market.provider_id}"])
    assert await desk.seconds_used() == 2 * 3600


async def test_a_meal_is_fetched_at_the_kitchen_and_binds_no_provider(desk: Desk) -> None:
    booking = await desk.agreed("meal", asks={"boxes": 2})
    assert (booking["amount"], booking["sitting"], booking["boxes"]) == (3600, "lunch", 2)
    visit = await desk.visit_of(booking)
    assert (visit.kitchen_id, visit.boxes, visit.skills) == (desk.market.kitchen_id, 2, ["meal"])
    assert (visit.window_start, visit.max_ride_seconds) == (at(11), 2400)


async def test_what_is_free_is_confirmed_at_once_without_a_card(desk: Desk) -> None:
    async with transaction(desk.platform.db) as tx:
        offer = await an_offer(tx, desk.market.provider_id, "cleaning", unit="fen", amount=0, tier="free")
    booking = await desk.book(asks={"offer_id": str(offer)})
    assert (booking["state"], booking["tenders"]) == ("confirmed", [])


async def test_the_providers_people_see_the_elder_once_it_is_agreed(desk: Desk) -> None:
    market = desk.market

    async def is_seen() -> bool:
        headers = desk._as(market.admin)
        return (await desk.client.get(f"/v1/elders/{market.elder.id}", headers=headers)).status_code == 200

    booking = await desk.book()
    assert not await is_seen()
    await desk.settle_down()
    assert await is_seen()
    await desk.cancel(booking)
    assert not await is_seen()


async def test_a_declined_card_fails_the_booking_and_gives_the_slot_back(desk: Desk) -> None:
    booking = await desk.agreed(payment_method="pm_card_chargeDeclined")
    assert (booking["state"], booking["cancelled_reason"]) == ("failed", "payment failed")
    assert booking["tenders"][0]["state"] == "released"
    assert await desk.seconds_used() == 0


async def test_a_hold_that_is_not_paid_expires_and_gives_the_slot_back(desk: Desk, clock: MovableClock) -> None:
    booking = await desk.agreed(payment_method="pm_card_authenticationRequired")
    assert booking["state"] == "awaiting_payment"
    clock.set(clock.now() + timedelta(minutes=14, seconds=59))
    await desk.settle_down()
    assert (await desk.show(booking))["state"] == "awaiting_payment"
    clock.set(clock.now() + timedelta(seconds=1))
    await desk.settle_down()
    assert (await desk.show(booking))["state"] == "expired"
    assert await desk.seconds_used() == 0


async def test_money_that_comes_after_the_hold_expired_is_given_back(
    desk: Desk, clock: MovableClock, simulator: SimulatorProcess
) -> None:
    booking = await desk.agreed(payment_method="pm_card_authenticationRequired")
    async with transaction(desk.platform.db) as tx:
        payment = (await tx.scalars(select(Payment))).one()
    assert payment.intent_id is not None
    await simulator.authenticate(payment.intent_id)  # the payer confirms, and no webhook tells us
    clock.set(at(9, 15, day=MONDAY))
    await desk.settle_down()
    await reconcile(desk.platform)
    await desk.settle_down()
    assert (await desk.show(booking))["state"] == "expired"
    summary = await simulator.summary()
    assert (summary["authorised_fen"], summary["captured_fen"]) == (0, 0)


async def test_a_payer_who_confirms_in_time_gets_the_slot(desk: Desk, simulator: SimulatorProcess) -> None:
    booking = await desk.agreed(payment_method="pm_card_authenticationRequired")
    async with transaction(desk.platform.db) as tx:
        intent_id = (await tx.scalars(select(col(Payment.intent_id)))).one()
    assert intent_id is not None
    await simulator.authenticate(intent_id)
    async with transaction(desk.platform.db) as tx:
        await tx.execute(update(Payment).values(state="processing"))  # so that reconciliation looks after it
    await reconcile(desk.platform)
    await desk.settle_down()
    assert (await desk.show(booking))["state"] == "confirmed"


async def test_a_booking_far_ahead_is_confirmed_and_its_card_asked_two_days_before(
    desk: Desk, clock: MovableClock, simulator: SimulatorProcess
) -> None:
    sunday = MONDAY + timedelta(days=6)
    booking = await desk.agreed(asks=desk.market.window(day=sunday))
    assert (booking["state"], booking["tenders"][0]["state"]) == ("confirmed", "asked")
    assert (await simulator.summary())["authorised_fen"] == 0
    clock.set(at(10, day=sunday - timedelta(days=2)))
    await desk.settle_down()
    assert (await desk.show(booking))["tenders"][0]["state"] == "held"
    assert (await simulator.summary())["authorised_fen"] == 6800


async def test_a_saved_card_that_is_declined_later_fails_the_booking_in_time(desk: Desk, clock: MovableClock) -> None:
    sunday = MONDAY + timedelta(days=6)
    booking = await desk.agreed(asks=desk.market.window(day=sunday), payment_method="pm_card_chargeDeclined")
    assert booking["state"] == "confirmed"
    clock.set(at(10, day=sunday - timedelta(days=2)))
    await desk.settle_down()
    assert (await desk.show(booking))["state"] == "failed"
    assert (await desk.visit_of(booking)).state == "cancelled"
    assert await desk.seconds_used() == 0


async def test_the_same_key_books_once(desk: Desk, as_: Callable[[Actor], dict[str, str]]) -> None:
    quote = await desk.quote()
    body = {"quote_id": quote["id"], "payment_method": VISA}
    headers = as_(desk.market.family)
    first = await desk.client.post("/v1/bookings", json=body, headers=headers)
    again = await desk.client.post("/v1/bookings", json=body, headers=headers)
    assert (first.status_code, again.json()) == (201, first.json())
    assert await desk.seconds_used() == 5400
    other = await desk.client.post("/v1/bookings", json={**body, "channel": "app"}, headers=headers)
    assert other.status_code == 422


async def test_a_quote_becomes_one_booking(desk: Desk) -> None:
    quote = await desk.quote()
    body = {"quote_id": quote["id"], "payment_method": VISA}
    await desk.post("/v1/bookings", body)
    answer = await desk.post("/v1/bookings", body, expect=409)
    assert answer["code"] == "quote_used"


async def test_a_quote_keeps_its_price_until_it_expires(desk: Desk, clock: MovableClock) -> None:
    quote = await desk.quote()
    async with transaction(desk.platform.db) as tx:
        offer_id = desk.market.offers["cleaning"]
        fresh = Price(
            offer_id=offer_id, version=2, unit="fen", amount=9900, valid_from=clock.now(), published_at=clock.now()
        )
        tx.add(fresh)
    clock.set(clock.now() + timedelta(minutes=29))
    booking = await desk.post("/v1/bookings", {"quote_id": quote["id"], "payment_method": VISA})
    assert (booking["amount"], booking["price_version"]) == (6800, 1)
    late = await desk.quote(**desk.market.window(14))
    assert (late["amount"], late["price_version"]) == (9900, 2)
    clock.set(clock.now() + timedelta(minutes=30))
    answer = await desk.post("/v1/bookings", {"quote_id": late["id"], "payment_method": VISA}, expect=409)
    assert answer["code"] == "quote_expired"


async def test_two_who_book_the_last_slot_at_once_over_http_get_one_yes_and_one_named_no(
    desk: Desk, as_: Callable[[Actor], dict[str, str]]
) -> None:
    quotes = [await desk.quote() for _ in range(4)]

    async def book(quote_id: str) -> httpx.Response:
        body = {"quote_id": quote_id, "payment_method": VISA}
        return await desk.client.post("/v1/bookings", json=body, headers=as_(desk.market.family))

    answers = await asyncio.gather(*(book(quote["id"]) for quote in quotes))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert {answer.json().get("code") for answer in answers} == {None, "slot_taken"}
    assert await desk.seconds_used() == 5400
    async with transaction(desk.platform.db) as tx:
        assert await tx.scalar(select(func.count()).select_from(Tender)) == 1  # the losers left nothing


async def test_a_suspended_provider_is_not_booked_even_with_a_quote(desk: Desk) -> None:
    quote = await desk.quote()
    async with transaction(desk.platform.db) as tx:
        await tx.execute(text("UPDATE provider SET state = 'suspended'"))
    answer = await desk.post("/v1/bookings", {"quote_id": quote["id"], "payment_method": VISA}, expect=409)
    assert answer["code"] == "not_bookable"
    assert await desk.seconds_used() == 0


async def test_a_provider_is_not_booked_beyond_its_licence(desk: Desk) -> None:
    after = TUESDAY + timedelta(days=8)  # the licence ends on 10 March
    answer = await desk.post("/v1/quotes", desk.market.asks(**desk.market.window(day=after)), expect=409)
    assert answer["code"] == "provider_not_bookable"


async def test_an_elder_of_another_district_is_not_served(platform: Platform, desk: Desk) -> None:
    async with transaction(platform.db) as tx:
        await tx.execute(
            text("UPDATE elder SET district_id = :district"), {"district": desk.market.town.districts[1].id}
        )
    for service in ("cleaning", "meal"):
        answer = await desk.post("/v1/quotes", desk.market.asks(service), expect=409)
        assert answer["code"] == "not_served_here"


async def test_lunch_of_today_is_closed_at_nine_and_a_full_kitchen_says_so(desk: Desk) -> None:
    answer = await desk.post("/v1/quotes", desk.market.asks("meal", day=MONDAY.isoformat()), expect=409)
    assert answer["code"] == "cutoff_passed"
    await desk.book("meal", asks={"boxes": 3})
    assert (await desk.book("meal", expect=409))["code"] == "sold_out"


async def test_a_meal_quote_from_before_the_cutoff_is_not_booked_after_it(desk: Desk, clock: MovableClock) -> None:
    clock.set(at(8, 50))
    quote = await desk.quote("meal")
    clock.set(at(9))
    answer = await desk.post("/v1/bookings", {"quote_id": quote["id"], "payment_method": VISA}, expect=409)
    assert answer["code"] == "cutoff_passed"


async def test_the_database_lets_no_tender_differ_from_the_price(desk: Desk) -> None:
    await desk.book()
    for attack in (
        update(Tender).values(amount=6799),
        update(Booking).values(amount=6801),
    ):
        with pytest.raises(IntegrityError, match="tenders of booking"):
            async with transaction(desk.platform.db) as tx:
                await tx.execute(attack)
