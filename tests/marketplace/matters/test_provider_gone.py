"""A provider that may not serve: no booked visit is dropped in silence."""

import asyncio
from datetime import date

import pytest
from sqlalchemy import func, select, text, update
from sqlmodel import col

from marketplace.base import outbox
from marketplace.base.actor import Actor, Role
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.bookings.models import Capacity
from marketplace.matters import review
from marketplace.matters.models import Matter
from marketplace.payments.payouts.receivers import may_be_paid
from marketplace.payments.simulator.process import SimulatorProcess
from marketplace.providers.credentials import come_due
from marketplace.providers.models import Credential, Provider
from marketplace.providers.standing import suspend
from tests.builders import an_actor
from tests.conftest import MovableClock
from tests.marketplace.checkout.builders import at
from tests.marketplace.checkout.conftest import Desk, Json
from tests.marketplace.matters.builders import (
    matters,
    move,
    resumed,
    second_provider,
    suspended,
    the_dispatcher,
)
from tests.marketplace.providers.builders import SYSTEM, a_paper


async def test_a_suspension_makes_every_booked_visit_a_matter(desk: Desk, dispatcher: Actor) -> None:
    booked = [await desk.agreed(asks=desk.market.window(hour)) for hour in (14, 10)]
    assert await matters(desk, dispatcher) == []
    await suspended(desk)
    found = await matters(desk, dispatcher)
    assert [one["booking_id"] for one in found] == [booked[1]["id"], booked[0]["id"]]  # the most urgent first
    assert {(one["kind"], one["reason"], one["booking_state"]) for one in found} == {
        ("provider_gone", "suspended", "confirmed")
    }


async def test_nobody_of_a_suspended_provider_is_sent_out(desk: Desk) -> None:
    booking = await desk.agreed()
    await desk.assigned(booking)
    await suspended(desk)
    assert (await desk.visit_of(booking)).state == "planned"


async def test_hearing_of_it_twice_opens_one_matter(desk: Desk, dispatcher: Actor) -> None:
    await desk.agreed()
    await suspended(desk)
    async with transaction(desk.platform.db) as tx:
        await outbox.send(tx, "provider.suspended", provider_id=desk.market.provider_id)
    await desk.settle_down()
    assert len(await matters(desk, dispatcher)) == 1


async def test_what_is_not_paid_yet_ends_and_costs_nothing(desk: Desk, simulator: SimulatorProcess) -> None:
    booking = await desk.book()
    await suspended(desk)
    shown = await desk.show(booking)
    assert (shown["state"], shown["cancelled_reason"]) == ("declined", "provider may not serve")
    assert (await simulator.summary())["authorised_fen"] == 0


async def test_a_provider_that_serves_again_keeps_its_bookings(desk: Desk, dispatcher: Actor) -> None:
    booking = await desk.agreed()
    await suspended(desk)
    await resumed(desk)
    assert await matters(desk, dispatcher) == []
    (dropped,) = await matters(desk, dispatcher, state="dropped")
    assert (dropped["booking_id"], dropped["outcome"]) == (booking["id"], "can_be_served")


async def test_a_lapsed_licence_opens_matters_and_its_renewal_drops_them(desk: Desk, dispatcher: Actor) -> None:
    async with transaction(desk.platform.db) as tx:
        licence = select(col(Credential.id)).where(
            col(Credential.provider_id) == desk.market.provider_id, col(Credential.kind) == "licence"
        )
        licence_id = await tx.scalar(licence)
        assert licence_id is not None
    await desk.agreed()
    async with transaction(desk.platform.db) as tx:  # withdrawn by the authority, from today
        today = {"valid_until": date(2026, 3, 1)}
        await tx.execute(update(Credential).where(col(Credential.id) == licence_id).values(today))
        await come_due(tx, licence_id, actor=SYSTEM, now=desk.platform.now())
    await desk.settle_down()
    assert [one["reason"] for one in await matters(desk, dispatcher)] == ["lapsed"]
    async with transaction(desk.platform.db) as tx:
        await a_paper(desk.platform, tx, desk.market.provider_id)
    await desk.settle_down()
    assert await matters(desk, dispatcher) == []


async def test_a_lapsed_food_licence_endangers_meals_alone(desk: Desk, dispatcher: Actor) -> None:
    meal = await desk.agreed("meal")
    await desk.agreed()
    async with transaction(desk.platform.db) as tx:
        query = select(Credential).where(
            col(Credential.provider_id) == desk.market.provider_id, col(Credential.kind) == "food"
        )
        paper = (await tx.scalars(query)).one()
        paper.valid_until = date(2026, 3, 1)
        await tx.flush()
        await come_due(tx, paper.id, actor=SYSTEM, now=desk.platform.now())
    await desk.settle_down()
    found = await matters(desk, dispatcher)
    assert [(one["booking_id"], one["reason"]) for one in found] == [(meal["id"], "paper_missing")]


async def test_a_suspension_under_way_is_waited_for_and_then_refuses_the_booking(desk: Desk) -> None:
    quote = await desk.quote()
    body = {"quote_id": quote["id"], "payment_method": "pm_card_visa"}
    async with transaction(desk.platform.db) as tx:
        await suspend(tx, desk.market.provider_id, actor=SYSTEM, now=desk.platform.now(), reason="at this moment")
        booking = asyncio.create_task(desk.post("/v1/bookings", body, expect=409))
        await somebody_waits(desk.platform)
    assert (await booking)["code"] == "not_bookable"


async def somebody_waits(platform: Platform) -> None:
    """Until a statement waits for a row's lock."""
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    for _ in range(3000):
        async with transaction(platform.db) as tx:
            if await tx.scalar(waiting):
                return
        await asyncio.sleep(0.01)
    raise AssertionError("nobody waits")


async def test_others_who_can_are_found_cheapest_first_and_dearer_ones_are_not(desk: Desk, dispatcher: Actor) -> None:
    cheap, same, dear = [await second_provider(desk, price=price) for price in (6500, 6800, 6900)]
    await second_provider(desk, price=0, tier="free")
    booking = await desk.agreed()
    path = f"/v1/bookings/{booking['id']}/alternatives"
    found = await desk.get(path, actor=dispatcher)
    assert [(one["offer_id"], one["amount"]) for one in found["offers"]] == [(cheap, 6500), (same, 6800)]
    assert dear not in {one["offer_id"] for one in found["offers"]}
    assert found == await desk.get(path)  # the family sees the same


async def test_a_full_provider_is_no_alternative(desk: Desk) -> None:
    offer = await second_provider(desk)
    booking = await desk.agreed()
    async with transaction(desk.platform.db) as tx:
        full = update(Capacity).where(col(Capacity.provider_id) != desk.market.provider_id)
        await tx.execute(full.values(used=col(Capacity.seconds)))
    assert (await desk.get(f"/v1/bookings/{booking['id']}/alternatives"))["offers"] == []
    await suspended(desk)
    await move(desk, await the_dispatcher(desk), offer, expect=409, code="slot_taken")
    assert (await desk.show(booking))["provider_id"] == str(desk.market.provider_id)
    assert await desk.seconds_used() > 0


async def test_a_dispatcher_cancels_with_everything_given_back(
    desk: Desk, dispatcher: Actor, clock: MovableClock, simulator: SimulatorProcess
) -> None:
    booking = await desk.agreed(payment_method="alipay")
    await suspended(desk)
    clock.set(at(9, 59))  # a minute before: by its own terms this would cost
    (matter,) = await matters(desk, dispatcher)
    body = {"note": "nobody else is free"}
    done = await desk.post(f"/v1/matters/{matter['id']}/cancel", body, actor=dispatcher, expect=200)
    assert (done["state"], done["outcome"], done["note"]) == ("resolved", "cancelled", "nobody else is free")
    await desk.settle_down()
    shown = await desk.show(booking)
    assert (shown["state"], shown["fee_fen"]) == ("cancelled", 0)
    summary = await simulator.summary()
    assert summary["captured_fen"] == summary["refunded_fen"] == 6800
    again = await desk.post(f"/v1/matters/{matter['id']}/cancel", {}, actor=dispatcher, expect=409)
    assert again["code"] == "illegal_transition"


async def test_a_family_that_cancels_takes_the_matter_off_the_list(desk: Desk, dispatcher: Actor) -> None:
    booking = await desk.agreed()
    await suspended(desk)
    await desk.cancel(booking)
    await desk.settle_down()
    assert await matters(desk, dispatcher) == []
    (dropped,) = await matters(desk, dispatcher, state="dropped")
    assert dropped["outcome"] == "booking_cancelled"


async def test_only_dispatchers_of_the_district_see_and_decide(desk: Desk, dispatcher: Actor) -> None:
    await desk.agreed()
    await suspended(desk)
    async with transaction(desk.platform.db) as tx:
        stranger = await an_actor(desk.platform, tx, Role.DISPATCHER, region=desk.market.town.districts[1])
    assert await matters(desk, stranger) == []
    (matter,) = await matters(desk, dispatcher)
    path = f"/v1/matters/{matter['id']}/cancel"
    await desk.post(path, {}, actor=stranger, expect=404)
    await desk.post(path, {}, actor=desk.market.family, expect=403)
    await desk.get("/v1/matters", actor=desk.market.admin, expect=403)


@pytest.mark.parametrize("state", ["suspended", "lapsed", "blacklisted"])
async def test_transfers_are_held_while_a_provider_may_not_serve(desk: Desk, state: str) -> None:
    async with transaction(desk.platform.db) as tx:
        assert await may_be_paid(tx, desk.market.provider_id)
        await tx.execute(update(Provider).values(state=state))
        assert not await may_be_paid(tx, desk.market.provider_id)


async def test_a_consumer_killed_half_way_finds_the_rest(
    desk: Desk, dispatcher: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    for hour in (8, 11, 14):
        await desk.agreed(asks=desk.market.window(hour))
    real, judged = review.review, []

    async def dying(tx, booking, **given):  # type: ignore[no-untyped-def]
        judged.append(booking.id)
        if len(judged) == 2:
            raise ConnectionError
        await real(tx, booking, **given)

    monkeypatch.setattr(review, "review", dying)
    await suspended(desk)
    assert len(await matters(desk, dispatcher)) == 1
    monkeypatch.undo()
    async with transaction(desk.platform.db) as tx:
        await tx.execute(text("UPDATE delivery SET next_at = now() WHERE state = 'pending'"))
    await desk.settle_down()
    assert len(await matters(desk, dispatcher)) == 3
    async with transaction(desk.platform.db) as tx:
        assert await tx.scalar(select(func.count()).select_from(Matter)) == 3


async def test_the_console_lists_what_waits_for_a_decision(desk: Desk, dispatcher: Actor) -> None:
    booking = await desk.agreed()
    district = str(desk.market.town.districts[0].id)
    query: Json = {"district": district, "day": "2026-03-02", "lang": "en"}
    before = await desk.get("/console/day.json", actor=dispatcher, **query)
    assert "Nothing waits for a decision." in before["parts"]["matters"]
    await suspended(desk)
    shown = (await desk.get("/console/day.json", actor=dispatcher, **query))["parts"]  # Tuesday's, seen on Monday
    for text_ in (booking["id"], desk.market.elder.name, "The provider may not serve", "Who else can?"):
        assert text_ in shown["matters"]
    assert '<div class="matter"><dt>To decide</dt><dd>1</dd>' in shown["counts"]
    officers = await desk.get("/console/day.json", actor=desk.market.officer, **query)
    assert "Who else can?" not in officers["parts"]["matters"]  # an officer looks, a dispatcher decides
