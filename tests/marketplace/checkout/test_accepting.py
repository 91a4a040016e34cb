"""A provider that must accept: what is paid waits for its word, and never longer than until `accept_by`."""

from uuid import UUID

import pytest
from sqlalchemy import update
from sqlmodel import col

from marketplace.base.database import transaction
from marketplace.payments.simulator.process import SimulatorProcess
from marketplace.providers.models import Offer
from marketplace.visits.service import visits_of
from tests.conftest import MovableClock
from tests.marketplace.checkout.builders import MONDAY, at
from tests.marketplace.checkout.conftest import Desk, Json


@pytest.fixture(autouse=True)
async def asked_first(desk: Desk) -> None:
    """Every offer of the market waits for the provider's word."""
    async with transaction(desk.platform.db) as tx:
        await tx.execute(update(Offer).values(must_accept=True))


async def accept(desk: Desk, booking: Json, *, expect: int = 200) -> Json:
    return await desk.post(f"/v1/bookings/{booking['id']}/accept", {}, actor=desk.market.admin, expect=expect)


async def visits(desk: Desk, booking: Json) -> int:
    async with transaction(desk.platform.db) as tx:
        return len(await visits_of(tx, "booking", UUID(booking["id"])))


async def test_what_is_paid_waits_for_the_providers_word(desk: Desk, simulator: SimulatorProcess) -> None:
    booking = await desk.agreed()
    assert booking["state"] == "awaiting_acceptance"
    assert booking["accept_by"] == "2026-03-02T03:00:00Z"  # two hours after Monday, 09:00
    assert (await simulator.summary())["authorised_fen"] == 6800
    assert await visits(desk, booking) == 0
    waiting = await desk.get("/v1/bookings", actor=desk.market.admin, state="awaiting_acceptance")
    assert [one["id"] for one in waiting["bookings"]] == [booking["id"]]
    assert (await accept(desk, booking))["state"] == "confirmed"
    await desk.settle_down()
    assert await visits(desk, booking) == 1


async def test_the_word_is_due_at_the_start_at_the_latest(desk: Desk) -> None:
    booking = await desk.agreed(asks=desk.market.window(10, day=MONDAY))
    assert booking["accept_by"] == booking["window_start"]


async def test_a_provider_that_declines_costs_nobody_anything(desk: Desk, simulator: SimulatorProcess) -> None:
    booking = await desk.agreed(payment_method="alipay")
    declined = await desk.cancel(booking, actor=desk.market.admin, reason="provider", note="no women free")
    assert (declined["state"], declined["cancelled_reason"]) == ("declined", "provider: no women free")
    await desk.settle_down()
    summary = await simulator.summary()
    assert summary["captured_fen"] == summary["refunded_fen"] == 6800
    assert await desk.seconds_used() == 0


async def test_silence_declines_when_the_time_is_over_and_says_so(
    desk: Desk, clock: MovableClock, simulator: SimulatorProcess
) -> None:
    booking = await desk.agreed()
    clock.set(at(10, 59, day=MONDAY))
    await desk.settle_down()
    assert (await desk.show(booking))["state"] == "awaiting_acceptance"
    clock.set(at(11, day=MONDAY))
    assert (await accept(desk, booking, expect=409))["code"] == "acceptance_over"  # before the timer has fired
    await desk.settle_down()
    shown = await desk.show(booking)
    assert (shown["state"], shown["cancelled_reason"]) == ("declined", "not accepted in time")
    assert (await simulator.summary())["authorised_fen"] == 0
    assert await desk.seconds_used() == 0
    assert (await accept(desk, booking, expect=409))["code"] == "illegal_transition"


async def test_a_family_that_does_not_wait_cancels_for_nothing(desk: Desk, clock: MovableClock) -> None:
    booking = await desk.agreed(asks=desk.market.window(10, day=MONDAY))
    clock.set(at(9, 59, day=MONDAY))  # a confirmed booking would cost ten yuan now
    assert (await desk.cancel(booking))["fee_fen"] == 0


async def test_nobody_accepts_for_a_provider_but_its_own_people(desk: Desk) -> None:
    booking = await desk.agreed()
    path = f"/v1/bookings/{booking['id']}/accept"
    await desk.post(path, {}, actor=desk.market.officer, expect=403)
    await desk.post(path, {}, actor=desk.market.family, expect=403)


async def test_what_was_agreed_before_stays_without_a_word(desk: Desk) -> None:
    async with transaction(desk.platform.db) as tx:
        await tx.execute(update(Offer).where(col(Offer.service) == "cleaning").values(must_accept=False))
    assert (await desk.agreed())["state"] == "confirmed"
