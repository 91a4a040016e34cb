"""A booking moves to another provider, for no more than was agreed."""

from uuid import UUID

import pytest
from sqlalchemy import func, select, text
from sqlmodel import col

from marketplace.base import outbox
from marketplace.base.actor import Actor
from marketplace.base.database import transaction
from marketplace.bookings.models import Capacity
from marketplace.payments import books
from marketplace.payments.simulator.process import SimulatorProcess
from tests.conftest import MovableClock
from tests.marketplace.checkout.builders import an_offer, at
from tests.marketplace.checkout.conftest import Desk, Json
from tests.marketplace.checkout.test_cancelling import fen
from tests.marketplace.checkout.test_hours_paid import a_saver, an_hours_offer, minutes_of
from tests.marketplace.checkout.test_walks import the_sums_agree
from tests.marketplace.matters.builders import (
    another_kitchen,
    another_provider,
    matters,
    move,
    second_provider,
    suspended,
)
from timebank import balance


async def test_a_booking_moves_to_a_cheaper_provider_and_costs_that(
    desk: Desk, dispatcher: Actor, simulator: SimulatorProcess
) -> None:
    offer = await second_provider(desk)
    booking = await desk.agreed()
    await desk.assigned(booking)
    await suspended(desk)
    resolved = await move(desk, dispatcher, offer)
    assert (resolved["state"], resolved["outcome"]) == ("resolved", "moved")
    await desk.settle_down()
    moved = await desk.show(booking)
    assert (moved["state"], moved["offer_id"], moved["amount"]) == ("confirmed", offer, 6500)
    assert moved["window_start"] == booking["window_start"]
    visit = await desk.visit_of(booking)
    assert (visit.state, visit.skills) == ("planned", ["cleaning", f"provider:{moved['provider_id']}"])
    assert await used_by(desk) == {moved["provider_id"]: 5400}
    await the_sums_agree(desk, simulator)
    assert await matters(desk, dispatcher) == []


async def used_by(desk: Desk) -> dict[str, int]:
    async with transaction(desk.platform.db) as tx:
        rows = await tx.execute(
            select(col(Capacity.provider_id), func.sum(Capacity.used))
            .where(col(Capacity.skill) == "*", col(Capacity.used) > 0)
            .group_by(col(Capacity.provider_id))
        )
        return {str(provider): int(seconds) for provider, seconds in rows}


async def test_a_moved_booking_is_captured_at_its_new_price_for_its_new_provider(
    desk: Desk, dispatcher: Actor, simulator: SimulatorProcess, clock: MovableClock
) -> None:
    offer = await second_provider(desk)
    booking = await desk.agreed()
    await suspended(desk)
    await move(desk, dispatcher, offer)
    await served_by_the_other(desk, booking, clock)
    assert (await desk.show(booking))["state"] == "completed"
    assert (await simulator.summary())["captured_fen"] == 6500
    assert await fen(desk, books.PAYABLE) == 0  # nothing for the suspended one
    await the_sums_agree_for(desk, (await desk.show(booking))["provider_id"])


async def served_by_the_other(desk: Desk, booking: Json, clock: MovableClock) -> None:
    """Approved as if the new provider's caregiver had come: what the money does is what is looked at."""
    clock.set(at(12))
    async with transaction(desk.platform.db) as tx:
        await tx.execute(text("UPDATE visit SET state = 'approved' WHERE cause_id = :id"), {"id": booking["id"]})
        visit = await tx.scalar(text("SELECT id FROM visit WHERE cause_id = :id"), {"id": booking["id"]})
        ids = {"visit_id": visit, "cause_kind": "booking", "cause_id": booking["id"]}
        await outbox.send(tx, "visit.approved", **ids)
    await desk.settle_down()


async def the_sums_agree_for(desk: Desk, provider_id: str) -> None:
    async with transaction(desk.platform.db) as tx:
        account = books.account(books.PAYABLE, UUID(provider_id))
        payable = (await balance(tx, account, now=desk.platform.now())).posted
    assert payable == 6500 - 325  # 5 % stay with the platform


async def test_after_a_move_cancelling_is_free_until_the_window_ends(
    desk: Desk, dispatcher: Actor, clock: MovableClock
) -> None:
    offer = await second_provider(desk)
    booking = await desk.agreed()
    await suspended(desk)
    await move(desk, dispatcher, offer)
    clock.set(at(9, 59))
    assert (await desk.cancel(booking))["fee_fen"] == 0
    assert await used_by(desk) == {}


async def test_a_meal_moves_to_another_kitchen_until_the_cutoff(
    desk: Desk, dispatcher: Actor, clock: MovableClock
) -> None:
    async with transaction(desk.platform.db) as tx:
        provider, _ = await another_provider(desk.platform, tx, desk.market)
        offer = str(await another_kitchen(desk.platform, tx, desk.market, provider))
    booking = await desk.agreed("meal", asks={"boxes": 2})
    later = await desk.agreed("meal")
    await suspended(desk)
    first = next(one for one in await matters(desk, dispatcher) if one["booking_id"] == booking["id"])
    path = f"/v1/matters/{first['id']}/move"
    await desk.post(path, {"offer_id": offer}, actor=dispatcher, expect=200)
    moved = await desk.show(booking)
    assert (moved["amount"], (await desk.visit_of(booking)).boxes) == (3000, 2)
    assert (await desk.get(f"/v1/bookings/{later['id']}/alternatives"))["offers"] == []  # two boxes are all it cooks
    clock.set(at(9))
    await move(desk, dispatcher, offer, expect=409, code="not_an_alternative")


@pytest.mark.parametrize(("price", "tier"), [(6900, "paid"), (0, "free"), (6500, "low_cost")])
async def test_nothing_dearer_or_of_another_tier_takes_it_over(
    desk: Desk, dispatcher: Actor, price: int, tier: str
) -> None:
    offer = await second_provider(desk, price=price, tier=tier)
    booking = await desk.agreed()
    await suspended(desk)
    await move(desk, dispatcher, offer, expect=409, code="not_an_alternative")
    assert await desk.show(booking) == booking


async def test_a_booking_paid_in_hours_moves_and_the_hours_above_come_back(
    desk: Desk, dispatcher: Actor, clock: MovableClock
) -> None:
    saver = await a_saver(desk, 100)
    booking = await desk.book(actor=desk.market.elder_actor, asks=await an_hours_offer(desk))
    async with transaction(desk.platform.db) as tx:
        provider_id, _ = await another_provider(desk.platform, tx, desk.market)
        offer = await an_offer(tx, provider_id, "cleaning", unit="minutes", amount=60, tier="low_cost")
    await suspended(desk)
    await move(desk, dispatcher, str(offer))
    assert (await desk.show(booking))["tenders"][0]["amount"] == 60
    await served_by_the_other(desk, booking, clock)
    assert (await desk.show(booking))["state"] == "completed"
    assert await minutes_of(desk, saver) == (40, 40)  # ninety were held, sixty taken
