"""A booking's money from search to the provider's account, over real HTTP between real processes."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from marketplace.base.actor import Role
from marketplace.demo.callers import Caller, Exchange, Refused
from tests.running import City


async def book_meal(city: City, family: Caller, *, day: int = 0, method: str = "pm_card_visa") -> dict[str, Any]:
    """Search, quote and book a lunch for one's elder."""
    elder = (await family.get("/v1/elders"))["elders"][0]
    hit = (await family.get("/v1/search", service="meal", elder_id=elder["id"], tier="paid"))["hits"][0]
    asked = {
        "offer_id": hit["offer_id"],
        "elder_id": elder["id"],
        "day": (city.today + timedelta(days=day)).isoformat(),
        "sitting": "lunch",
    }
    quote = await family.post("/v1/quotes", asked, key=uuid4().hex)
    body = {"quote_id": quote["id"], "payment_method": method}
    booking: dict[str, Any] = await family.post("/v1/bookings", body, key=uuid4().hex)
    return booking


def orders_are_open(city: City) -> None:
    """Today's lunches can be ordered until nine; whatever was played before, it is early enough, today or tomorrow."""
    if city.clock.now() >= city.at(8, 30):
        city.clock.set(city.at(6, 30, day=1))


async def state_of(caller: Caller, booking: dict[str, Any]) -> str:
    return str((await caller.get(f"/v1/bookings/{booking['id']}"))["state"])


def family_of(line: Exchange, number: int) -> Caller:
    return line.caller(line.cast.families[number].person.phone)


async def test_a_booking_goes_from_search_to_the_providers_account(city: City) -> None:
    async with city.people() as line:
        family = family_of(line, 0)
        orders_are_open(city)
        booking = await book_meal(city, family)
        assert booking["state"] == "awaiting_payment"
        await city.rest()
        assert await state_of(family, booking) == "confirmed"
        await plan_everything(city, line)
        stop, caregiver = await find_stop(city, line, booking)
        city.clock.set(city.at(11, 45))
        await attend(city, caregiver, stop)
        await city.rest()
        assert await state_of(family, booking) == "in_service"
        city.clock.set(city.clock.now() + timedelta(hours=25))  # past the objection window
        await city.rest()
        assert await state_of(family, booking) == "completed"
        payment = await family.get(f"/v1/bookings/{booking['id']}/payment")
        assert payment["state"] == "captured"
        assert payment["captured_fen"] == booking["amount"]
        city.clock.set(city.clock.now() + timedelta(days=1))
        await city.rest()
        operator = line.staff(Role.OPERATOR)
        payouts = await operator.get(f"/v1/providers/{booking['provider_id']}/payouts")
        fee_fen = booking["amount"] * 50 // 1000
        assert sum(one["amount_fen"] for one in _items(payouts)) == booking["amount"] - fee_fen


def _items(page: dict[str, Any]) -> list[dict[str, Any]]:
    return next(value for value in page.values() if isinstance(value, list))


async def plan_everything(city: City, line: Exchange) -> None:
    """Every district's day is planned and published."""
    for number in range(len(line.cast.district_codes)):
        dispatcher = line.staff(Role.DISPATCHER, number)
        district = await district_id(line, number)
        body = {"district_id": district, "day": city.today.isoformat()}
        await dispatcher.post("/v1/plans", body, key=uuid4().hex)
    await city.rest()


async def district_id(line: Exchange, number: int) -> str:
    code = line.cast.district_codes[number]
    regions = await line.staff(Role.OPERATOR).get("/v1/regions")
    return str(next(region["id"] for region in regions if region["code"] == code))


async def find_stop(city: City, line: Exchange, booking: dict[str, Any]) -> tuple[dict[str, Any], Caller]:
    """The stop that serves a booking, and the caregiver who drives there."""
    (visit_id,) = (await line.staff(Role.OPERATOR).get(f"/v1/bookings/{booking['id']}"))["visit_ids"]
    for person in line.cast.caregivers:
        caregiver = line.caller(person.person.phone)
        route = await caregiver.get("/v1/me/route", day=city.today.isoformat())
        for stop in route["stops"]:
            if stop["kind"] == "visit" and visit_id in stop["visit_ids"]:
                return stop, caregiver
    raise AssertionError(f"nobody drives to {visit_id}")


async def attend(city: City, caregiver: Caller, stop: dict[str, Any]) -> None:
    """Check in, stay as long as planned, check out."""
    seconds = (datetime.fromisoformat(stop["ends_at"]) - datetime.fromisoformat(stop["starts_at"])).total_seconds()
    for kind, after in (("check-in", 0.0), ("check-out", seconds)):
        city.clock.set(city.clock.now() + timedelta(seconds=after))
        report = {
            "event_id": str(uuid4()),
            "device_at": city.clock.now().isoformat(),
            "lon": stop["lon"],
            "lat": stop["lat"],
            "accuracy_metres": 8.0,
        }
        await caregiver.post(f"/v1/assignments/{stop['assignment_id']}/{kind}", report, key=report["event_id"])


async def test_a_cancelled_booking_gives_everything_back(city: City) -> None:
    async with city.people() as line:
        family = family_of(line, 1)
        booking = await book_meal(city, family, day=1)
        await city.rest()
        foreseen = await family.get(f"/v1/bookings/{booking['id']}/cancellation")
        assert foreseen["fee_fen"] == 0
        assert foreseen["refund_fen"] == booking["amount"]
        cancelled = await family.post(
            f"/v1/bookings/{booking['id']}/cancel", {"reason": "changed_mind"}, key=uuid4().hex
        )
        assert cancelled["state"] == "cancelled"
        await city.rest()
        payment = await family.get(f"/v1/bookings/{booking['id']}/payment")
        assert payment["state"] == "canceled"
        assert payment["captured_fen"] == 0


async def test_a_declined_card_ends_the_booking_and_frees_the_place(city: City) -> None:
    async with city.people() as line:
        family = family_of(line, 2)
        booking = await book_meal(city, family, day=1, method="pm_card_chargeDeclined")
        await city.rest()
        assert await state_of(family, booking) == "failed"


async def test_webhooks_that_come_twice_late_and_out_of_order_confirm_once(city: City) -> None:
    await city.switch(duplicates=3, shuffle=True, delay_ms=300)
    try:
        async with city.people() as line:
            family = family_of(line, 3)
            booking = await book_meal(city, family, day=1)
            await city.rest()
            assert await state_of(family, booking) == "confirmed"
            visits = await line.staff(Role.OPERATOR).pages(
                "/v1/visits", "items", day=(city.today + timedelta(days=1)).isoformat()
            )
            assert len([one for one in visits if one["cause_id"] == booking["id"]]) == 1
    finally:
        await city.switch(duplicates=1, shuffle=False, delay_ms=0)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 400),
        ({"Stripe-Signature": "t=1,v1=00"}, 401),
        ({"Stripe-Signature": "nonsense"}, 401),
    ],
)
async def test_a_forged_webhook_is_refused(city: City, headers: dict[str, str], status: int) -> None:
    async with httpx.AsyncClient(base_url=city.running.address, trust_env=False) as http:
        answer = await http.post("/webhooks/stripe", content=b'{"id": "evt_forged"}', headers=headers)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_refund_after_the_capture_reaches_the_payer(city: City) -> None:
    async with city.people() as line:
        family, operator = family_of(line, 4), line.staff(Role.OPERATOR)
        orders_are_open(city)
        booking = await book_meal(city, family)
        await city.rest()
        await plan_everything(city, line)
        stop, caregiver = await find_stop(city, line, booking)
        city.clock.set(city.at(11, 30))
        await attend(city, caregiver, stop)
        city.clock.set(city.clock.now() + timedelta(hours=25))
        await city.rest()
        with pytest.raises(Refused) as too_much:
            await operator.post(
                f"/v1/bookings/{booking['id']}/refunds",
                {"amount_fen": booking["amount"] + 1, "reason": "more than was paid"},
                key=uuid4().hex,
            )
        assert too_much.value.status == 409
        await operator.post(
            f"/v1/bookings/{booking['id']}/refunds", {"amount_fen": 300, "reason": "cold soup"}, key=uuid4().hex
        )
        await city.rest()
        payment = await family.get(f"/v1/bookings/{booking['id']}/payment")
        assert payment["refunded_fen"] == 300
