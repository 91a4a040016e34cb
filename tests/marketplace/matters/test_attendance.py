"""Nobody came, or nobody opened: who is told, who judges, and who pays."""

from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest

from marketplace.base.actor import Actor
from marketplace.base.database import transaction
from marketplace.payments.simulator.process import SimulatorProcess
from marketplace.people.accounts import actor_of
from marketplace.people.models import Account
from marketplace.visits.models import Assignment
from tests.conftest import MovableClock
from tests.marketplace.checkout.builders import at
from tests.marketplace.checkout.conftest import Desk, Json
from tests.marketplace.matters.builders import another_provider, matters, suspended


async def due_at_ten(desk: Desk) -> tuple[Json, Assignment]:
    booking = await desk.agreed()
    return booking, await desk.assigned(booking)


async def nobody_opens(
    desk: Desk, assignment: Assignment, when: datetime, clock: MovableClock, *, expect: int = 200, **changed: Any
) -> Json:
    """The caregiver reports it from the elder's door."""
    clock.set(when)
    async with transaction(desk.platform.db) as tx:
        account = await tx.get_one(Account, desk.market.caregivers[0].account_id)
        caregiver = await actor_of(tx, account)
    place = {"lon": desk.market.elder.lon, "lat": desk.market.elder.lat, "accuracy_metres": 5}
    body = {"event_id": str(uuid4()), "device_at": when.isoformat(), **place, **changed}
    path = f"/v1/assignments/{assignment.id}/nobody-opens"
    return await desk.post(path, body, actor=caregiver, expect=expect)


async def waited(desk: Desk, assignment: Assignment, clock: MovableClock, **changed: Any) -> None:
    """She knocks at five past ten and leaves at a quarter past."""
    await nobody_opens(desk, assignment, at(10, 5), clock, **changed)
    await nobody_opens(desk, assignment, at(10, 15), clock, **changed)
    await desk.settle_down()


async def decide(desk: Desk, kind: str, verb: str, *, expect: int = 200, **body: Any) -> Json:
    (matter,) = [one for one in await matters(desk, desk.market.officer) if one["kind"] == kind]
    return await desk.post(f"/v1/matters/{matter['id']}/{verb}", body, actor=desk.market.officer, expect=expect)


async def test_a_quarter_of_an_hour_late_asks_for_somebody_else_while_the_window_is_open(
    desk: Desk, dispatcher: Actor, clock: MovableClock
) -> None:
    async with transaction(desk.platform.db) as tx:
        _, offer = await another_provider(desk.platform, tx, desk.market)
    booking, _ = await due_at_ten(desk)
    clock.set(at(10, 14))
    await desk.settle_down()
    assert await matters(desk, dispatcher) == []
    clock.set(at(10, 15))
    await desk.settle_down()
    (matter,) = await matters(desk, dispatcher)
    assert (matter["kind"], matter["booking_id"]) == ("nobody_came", booking["id"])
    path = f"/v1/matters/{matter['id']}/move"
    await desk.post(path, {"offer_id": str(offer)}, actor=dispatcher, expect=200)
    assert (await desk.show(booking))["offer_id"] == str(offer)
    clock.set(at(10, 31))  # now it would be too late
    assert (await desk.get(f"/v1/bookings/{booking['id']}/alternatives"))["offers"] == []


async def test_who_comes_late_after_all_takes_the_matter_off_the_list(
    desk: Desk, dispatcher: Actor, clock: MovableClock
) -> None:
    _, assignment = await due_at_ten(desk)
    clock.set(at(10, 16))
    await desk.settle_down()
    await desk.report(assignment, "in", clock=clock)
    await desk.settle_down()
    assert await matters(desk, dispatcher) == []


async def test_a_providers_no_show_refunds_and_stands_on_its_record_once(
    desk: Desk, clock: MovableClock, simulator: SimulatorProcess
) -> None:
    booking, assignment = await due_at_ten(desk)
    clock.set(at(11, 30))
    await desk.settle_down()
    assert (await desk.show(booking))["state"] == "failed"
    assert (await simulator.summary())["authorised_fen"] == 0
    record = await desk.get(f"/v1/providers/{desk.market.provider_id}/credit", actor=desk.market.admin)
    assert [(one["kind"], one["cause"]) for one in record["events"]] == [("no_show", f"visit:{assignment.visit_id}")]


async def test_a_visit_that_nobody_was_sent_to_is_not_the_providers_no_show(desk: Desk, clock: MovableClock) -> None:
    await due_at_ten(desk)
    await suspended(desk)  # its people were recalled
    clock.set(at(11, 30))
    await desk.settle_down()
    record = await desk.get(f"/v1/providers/{desk.market.provider_id}/credit", actor=desk.market.officer)
    assert record["events"] == []


async def test_one_waits_ten_minutes_before_one_leaves(desk: Desk, clock: MovableClock) -> None:
    _, assignment = await due_at_ten(desk)
    await nobody_opens(desk, assignment, at(10, 5), clock)
    refused = await nobody_opens(desk, assignment, at(10, 14), clock, expect=409)
    assert (refused["code"], refused["wait_minutes"]) == ("wait_longer", 10)
    await desk.settle_down()
    assert {one["kind"] for one in await matters(desk, desk.market.officer)} == set()


async def test_a_closed_door_is_a_welfare_check_first_and_charges_nothing_by_itself(
    desk: Desk, clock: MovableClock, simulator: SimulatorProcess
) -> None:
    booking, assignment = await due_at_ten(desk)
    await waited(desk, assignment, clock)
    found = {one["kind"]: one["reason"] for one in await matters(desk, desk.market.officer)}
    assert found == {"welfare": "nobody_opens", "customer_absent": "waited"}
    assert (await decide(desk, "customer_absent", "judge", absent=True, expect=409))["code"] == "welfare_first"
    clock.set(at(14))  # past the time at which it would have counted as missed
    await desk.settle_down()
    assert (await desk.show(booking))["state"] == "confirmed"
    assert (await simulator.summary())["captured_fen"] == 0


async def test_a_judged_no_show_keeps_the_fee_of_the_bookings_own_terms(
    desk: Desk, clock: MovableClock, simulator: SimulatorProcess
) -> None:
    booking, assignment = await due_at_ten(desk)
    await waited(desk, assignment, clock)
    await decide(desk, "welfare", "found", outcome="well", note="at her daughter's")
    judged = await decide(desk, "customer_absent", "judge", absent=True)
    assert (judged["outcome"], judged["booking_state"]) == ("confirmed", "no_show")
    await desk.settle_down()
    assert (await desk.show(booking))["fee_fen"] == 3000
    assert (await simulator.summary())["captured_fen"] == 3000
    assert await desk.seconds_used() == 0


@pytest.mark.parametrize(("outcome", "absent", "state"), [("hospital", True, "no_show"), ("well", False, "failed")])
async def test_neither_illness_nor_an_overturned_no_show_costs_anything(
    desk: Desk, clock: MovableClock, simulator: SimulatorProcess, outcome: str, absent: bool, state: str
) -> None:
    booking, assignment = await due_at_ten(desk)
    await waited(desk, assignment, clock)
    await decide(desk, "welfare", "found", outcome=outcome)
    await decide(desk, "customer_absent", "judge", absent=absent)
    await desk.settle_down()
    shown = await desk.show(booking)
    assert (shown["state"], shown["fee_fen"]) == (state, 0)
    assert (await simulator.summary())["authorised_fen"] == 0


async def test_waiting_somewhere_else_proves_nothing(desk: Desk, clock: MovableClock) -> None:
    _, assignment = await due_at_ten(desk)
    await waited(desk, assignment, clock, lon=desk.market.elder.lon + 0.01)
    await decide(desk, "welfare", "found", outcome="well")
    assert (await decide(desk, "customer_absent", "judge", absent=True, expect=409))["code"] == "evidence_missing"


async def test_what_nobody_judges_within_two_days_is_given_back(
    desk: Desk, clock: MovableClock, simulator: SimulatorProcess
) -> None:
    booking, assignment = await due_at_ten(desk)
    await waited(desk, assignment, clock)
    clock.set(clock.now().replace(day=5, hour=3))  # Thursday, eleven o'clock
    await desk.settle_down()
    shown = await desk.show(booking)
    assert (shown["state"], shown["fee_fen"]) == ("failed", 0)
    assert (await simulator.summary())["authorised_fen"] == 0
    open_ = {one["kind"] for one in await matters(desk, desk.market.officer)}
    assert open_ == {"welfare"}  # how she is must still be found out
