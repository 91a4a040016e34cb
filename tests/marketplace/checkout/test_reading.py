from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from marketplace.base.actor import Actor, Role
from marketplace.base.database import transaction
from marketplace.visits.models import Shift
from marketplace.visits.shifts import withdraw_shift
from tests.builders import an_actor
from tests.marketplace.checkout.builders import MONDAY, TUESDAY, at
from tests.marketplace.checkout.conftest import Desk


async def test_bookings_come_newest_first_and_page_by_page(desk: Desk) -> None:
    made = [(await desk.book("meal"))["id"] for _ in range(3)]
    first = await desk.get("/v1/bookings", limit="2")
    assert [one["id"] for one in first["bookings"]] == made[:0:-1]
    rest = await desk.get("/v1/bookings", limit="2", before=first["next_cursor"])
    assert [one["id"] for one in rest["bookings"]] == made[:1]
    assert rest["next_cursor"] is None


async def test_a_list_is_narrowed_by_state_and_day(desk: Desk) -> None:
    meal, visit = await desk.book("meal"), await desk.book()
    await desk.cancel(meal)

    async def found(**query: Any) -> list[str]:
        return [one["id"] for one in (await desk.get("/v1/bookings", **query))["bookings"]]

    assert await found(state="cancelled") == [meal["id"]]
    assert await found(state="awaiting_payment") == [visit["id"]]
    assert await found(day=TUESDAY.isoformat(), elder_id=str(desk.market.elder.id)) == [visit["id"], meal["id"]]
    assert await found(day=MONDAY.isoformat()) == []


async def test_everybody_sees_just_the_bookings_that_concern_him(desk: Desk) -> None:
    booking = await desk.book()
    market = desk.market
    async with transaction(desk.platform.db) as tx:
        stranger = await an_actor(desk.platform, tx, Role.FAMILY)
        foreign = await an_actor(desk.platform, tx, Role.OFFICER, region=market.town.districts[1])
        regulator = await an_actor(desk.platform, tx, Role.REGULATOR)
        other_admin = await an_actor(desk.platform, tx, Role.PROVIDER)
    for actor in (market.family, market.elder_actor, market.officer, market.admin):
        assert len((await desk.get("/v1/bookings", actor=actor))["bookings"]) == 1
        await desk.show(booking, actor=actor)
    for actor in (stranger, foreign, regulator, other_admin):
        assert (await desk.get("/v1/bookings", actor=actor))["bookings"] == []
        await desk.get(f"/v1/bookings/{booking['id']}", actor=actor, expect=404)


async def test_a_booking_that_did_not_change_is_not_sent_again(desk: Desk) -> None:
    booking = await desk.book()
    path, headers = f"/v1/bookings/{booking['id']}", desk._as(desk.market.family)
    tag = (await desk.client.get(path, headers=headers)).headers["etag"]
    assert (await desk.client.get(path, headers={**headers, "If-None-Match": tag})).status_code == 304
    await desk.settle_down()
    assert (await desk.client.get(path, headers={**headers, "If-None-Match": tag})).status_code == 200


async def test_slots_are_what_can_be_booked(desk: Desk) -> None:
    query: dict[str, Any] = {
        "offer_id": str(desk.market.offers["cleaning"]),
        "elder_id": str(desk.market.elder.id),
        "day": TUESDAY.isoformat(),
    }
    slots = (await desk.get("/v1/slots", **query))["slots"]
    # 5,400 seconds are five half-hours of 1,260 with a rest: from 08:00 to 15:30, sixteen starts
    assert len(slots) == 16
    last = slots[-1]
    assert last == {
        "window_start": at(15, 30).isoformat().replace("+00:00", "Z"),
        "window_end": at(16).isoformat().replace("+00:00", "Z"),
        "sitting": None,
        "places": 1,
    }
    for slot in (last, slots[0]):
        window = {name: slot[name] for name in ("window_start", "window_end")}
        assert (await desk.book(asks=window))["state"] == "awaiting_payment"
    left = (await desk.get("/v1/slots", **query))["slots"]
    assert {slot["window_start"] for slot in left} == {
        at(10, 30).isoformat().replace("+00:00", "Z"),
        at(11).isoformat().replace("+00:00", "Z"),
        at(11, 30).isoformat().replace("+00:00", "Z"),
        at(12).isoformat().replace("+00:00", "Z"),
        at(12, 30).isoformat().replace("+00:00", "Z"),
        at(13).isoformat().replace("+00:00", "Z"),
    }


async def test_sittings_are_found_with_the_boxes_that_are_left(desk: Desk) -> None:
    query: dict[str, Any] = {"offer_id": str(desk.market.offers["meal"]), "elder_id": str(desk.market.elder.id)}
    await desk.book("meal", asks={"boxes": 2})
    tuesday = (await desk.get("/v1/slots", day=TUESDAY.isoformat(), **query))["slots"]
    assert [(slot["sitting"], slot["places"]) for slot in tuesday] == [("lunch", 1), ("dinner", 3)]
    today = (await desk.get("/v1/slots", day=MONDAY.isoformat(), **query))["slots"]
    assert [slot["sitting"] for slot in today] == ["dinner"]  # it is nine


async def test_a_provider_opens_its_own_days_only(desk: Desk) -> None:
    path = f"/v1/providers/{desk.market.provider_id}/days"
    body = {"first_day": TUESDAY.isoformat(), "days": 2}
    opened = await desk.post(path, body, actor=desk.market.admin, expect=200)
    assert opened["half_hours"] == 40  # two days from 08:00 to 18:00
    async with transaction(desk.platform.db) as tx:
        other = await an_actor(desk.platform, tx, Role.PROVIDER)
    await desk.post(path, body, actor=other, expect=404)
    await desk.post(path, body, expect=403)
    yesterday = {"first_day": (MONDAY - timedelta(days=1)).isoformat()}
    assert (await desk.post(path, yesterday, actor=desk.market.admin, expect=400))["code"] == "in_the_past"


async def test_an_absent_caregivers_hours_are_offered_no_more(desk: Desk) -> None:
    query: dict[str, Any] = {
        "offer_id": str(desk.market.offers["cleaning"]),
        "elder_id": str(desk.market.elder.id),
        "day": TUESDAY.isoformat(),
    }
    booking = await desk.agreed()
    assert (await desk.get("/v1/slots", **query))["slots"] != []
    async with transaction(desk.platform.db) as tx:
        shift_id = (await tx.scalars(select(col(Shift.id)).where(col(Shift.day) == TUESDAY))).one()
        await withdraw_shift(tx, shift_id, actor=Actor.system(), now=desk.platform.now(), reason="ill")
    await desk.settle_down()
    assert (await desk.get("/v1/slots", **query))["slots"] == []
    assert (await desk.show(booking))["state"] == "confirmed"  # planning finds another, or a person decides
