from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlmodel import col

from marketplace.base.actor import Role
from marketplace.base.audit import Transition
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.payments import books
from marketplace.payments.simulator.process import SimulatorProcess
from marketplace.people.access import visible_to
from marketplace.people.models import Elder
from tests.builders import an_actor
from tests.conftest import MovableClock
from tests.marketplace.checkout.builders import at, give
from tests.marketplace.checkout.conftest import Desk
from timebank import balance
from timebank.errors import UnknownAccount


async def fen(desk: Desk, kind: str) -> int:
    """What stands in one of the money's accounts; 0 before it was opened."""
    async with transaction(desk.platform.db) as tx:
        owner = desk.market.provider_id if kind == books.PAYABLE else None
        try:
            return (await balance(tx, books.account(kind, owner), now=desk.platform.now())).posted
        except UnknownAccount:
            return 0


async def test_two_hours_before_it_costs_nothing_and_a_second_later_ten_yuan(
    desk: Desk, clock: MovableClock, simulator: SimulatorProcess
) -> None:
    booking = await desk.agreed()
    path = f"/v1/bookings/{booking['id']}/cancellation"
    clock.set(at(8) - timedelta(seconds=1))
    assert (await desk.get(path))["step"] == "free"
    clock.set(at(8))
    told = await desk.get(path)
    assert (told["step"], told["fee_fen"], told["refund_fen"]) == ("late", 1000, 5800)
    assert (await desk.show(booking))["state"] == "confirmed"  # being told changes nothing
    cancelled = await desk.cancel(booking)
    assert (cancelled["state"], cancelled["fee_fen"]) == ("cancelled", 1000)
    await desk.settle_down()
    summary = await simulator.summary()
    assert (summary["authorised_fen"], summary["captured_fen"], summary["refunded_fen"]) == (0, 1000, 0)
    assert cancelled["tenders"] == [{"kind": "card", "unit": "fen", "amount": 6800, "state": "captured", "kept": 1000}]
    # the fee is the provider's, less the platform's 5 %
    assert await fen(desk, books.PAYABLE) == 950
    assert await fen(desk, books.FEE) == 50
    assert await fen(desk, books.RECEIVABLE) == 0


async def test_a_free_cancellation_voids_the_card_and_frees_the_slot(desk: Desk, simulator: SimulatorProcess) -> None:
    booking = await desk.agreed()
    cancelled = await desk.cancel(booking)
    assert (cancelled["state"], cancelled["fee_fen"]) == ("cancelled", 0)
    assert cancelled["tenders"][0]["state"] == "released"
    await desk.settle_down()
    summary = await simulator.summary()
    assert (summary["authorised_fen"], summary["captured_fen"]) == (0, 0)
    assert await desk.seconds_used() == 0
    assert (await desk.visit_of(booking)).state == "cancelled"
    assert (await desk.book())["state"] == "awaiting_payment"  # the slot can be booked again


async def test_a_wallet_has_paid_and_gets_the_rest_back(
    desk: Desk, clock: MovableClock, simulator: SimulatorProcess
) -> None:
    booking = await desk.agreed(payment_method="alipay")
    assert (booking["state"], (await simulator.summary())["captured_fen"]) == ("confirmed", 6800)
    clock.set(at(9))
    await desk.cancel(booking)
    await desk.settle_down()
    summary = await simulator.summary()
    assert (summary["captured_fen"], summary["refunded_fen"]) == (6800, 5800)
    assert await fen(desk, books.RECEIVABLE) == 0


@pytest.mark.parametrize("reason", ["illness", "hospital", "bereavement"])
async def test_illness_costs_nothing_a_minute_before(desk: Desk, clock: MovableClock, reason: str) -> None:
    booking = await desk.agreed()
    clock.set(at(9, 59))
    told = await desk.get(f"/v1/bookings/{booking['id']}/cancellation", reason=reason)
    assert (told["step"], told["refund_fen"]) == ("waived", 6800)
    assert (await desk.cancel(booking, reason=reason))["fee_fen"] == 0


async def test_once_a_caregiver_is_on_her_way_it_costs_thirty_yuan(desk: Desk, clock: MovableClock) -> None:
    booking = await desk.agreed()
    await desk.assigned(booking, travel_seconds=900)
    clock.set(at(9, 44))
    path = f"/v1/bookings/{booking['id']}/cancellation"
    assert (await desk.get(path))["step"] == "late"
    clock.set(at(9, 45))  # she starts a quarter of an hour before ten
    assert (await desk.get(path))["step"] == "departed"
    assert (await desk.cancel(booking))["fee_fen"] == 3000


async def test_a_meal_is_free_until_the_cutoff(desk: Desk, clock: MovableClock) -> None:
    first, second = await desk.agreed("meal"), await desk.agreed("meal")
    clock.set(at(8, 59))
    assert (await desk.cancel(first))["fee_fen"] == 0
    clock.set(at(9))
    assert (await desk.cancel(second))["fee_fen"] == 1000


async def test_the_terms_are_those_of_the_day_of_booking(desk: Desk, clock: MovableClock) -> None:
    booking = await desk.agreed()
    dear = desk.platform.policy.cancel.model_copy(update={"late_fee_fen": 6800, "free_until_hours": 48})
    object.__setattr__(desk.platform, "policy", desk.platform.policy.model_copy(update={"cancel": dear}))
    clock.set(at(9))
    assert (await desk.cancel(booking))["fee_fen"] == 1000


async def test_staff_waive_with_a_reason_and_others_do_not(desk: Desk, clock: MovableClock) -> None:
    booking = await desk.agreed()
    clock.set(at(9))
    refused = await desk.cancel(booking, waive=True, expect=403)
    assert refused["code"] == "reason_not_yours"
    await desk.cancel(booking, reason="provider", expect=403)
    waived = await desk.cancel(booking, actor=desk.market.officer, waive=True, note="流感", reason="other")
    assert (waived["state"], waived["fee_fen"], waived["cancelled_reason"]) == ("cancelled", 0, "other: 流感")
    async with transaction(desk.platform.db) as tx:
        logged = select(col(Transition.actor_id), col(Transition.reason)).where(col(Transition.to_state) == "cancelled")
        rows = (await tx.execute(logged.where(col(Transition.entity) == "booking"))).all()
    assert rows == [(desk.market.officer.account_id, "other: 流感")]


async def test_a_provider_declines_and_nobody_pays(
    desk: Desk, clock: MovableClock, simulator: SimulatorProcess
) -> None:
    booking = await desk.agreed()
    clock.set(at(9, 30))
    await desk.cancel(booking, actor=desk.market.admin, expect=403)  # it cannot say that the family changed its mind
    declined = await desk.cancel(booking, actor=desk.market.admin, reason="provider")
    assert (declined["state"], declined["fee_fen"]) == ("declined", 0)
    await desk.settle_down()
    assert (await simulator.summary())["authorised_fen"] == 0


async def test_an_unpaid_booking_is_given_up_for_nothing(desk: Desk, simulator: SimulatorProcess) -> None:
    booking = await desk.book()
    assert (await desk.cancel(booking))["fee_fen"] == 0
    await desk.settle_down()
    assert (await simulator.summary())["authorised_fen"] == 0
    assert (await desk.show(booking))["state"] == "cancelled"


async def test_a_second_cancellation_is_refused_with_the_state(desk: Desk) -> None:
    booking = await desk.agreed()
    await desk.cancel(booking)
    refused = await desk.cancel(booking, expect=409)
    assert (refused["code"], refused["state"]) == ("illegal_transition", "cancelled")
    await desk.get(f"/v1/bookings/{booking['id']}/cancellation", expect=409)


async def test_what_has_begun_is_not_cancelled(desk: Desk, clock: MovableClock) -> None:
    booking = await desk.agreed()
    assignment = await desk.assigned(booking)
    clock.set(at(10))
    await desk.report(assignment, "in", clock=clock)
    for _ in range(2):  # before and after the booking has heard of it
        assert (await desk.cancel(booking, expect=409))["code"] == "service_started"
        await desk.settle_down()
    assert (await desk.show(booking))["state"] == "in_service"
    assert await desk.seconds_used() == 5400


async def test_who_may_only_look_may_not_cancel(platform: Platform, desk: Desk) -> None:
    booking = await desk.agreed()
    async with transaction(platform.db) as tx:
        watcher = await an_actor(platform, tx, Role.FAMILY)
        await give(tx, desk.market.elder.id, watcher, "view", now=platform.now())
        stranger = await an_actor(platform, tx, Role.FAMILY)
    assert (await desk.show(booking, actor=watcher))["id"] == booking["id"]
    assert (await desk.cancel(booking, actor=watcher, expect=403))["code"] == "not_yours_to_cancel"
    assert (await desk.cancel(booking, actor=stranger, expect=404))["code"] == "unknown"


async def test_a_cancelled_booking_shows_the_elder_to_the_provider_no_more(desk: Desk) -> None:
    booking = await desk.agreed()
    for expected in (1, 0):
        async with transaction(desk.platform.db) as tx:
            seen = await tx.scalars(select(Elder).where(visible_to(desk.market.admin, desk.platform.now())))
            assert len(list(seen)) == expected
        if expected:
            await desk.cancel(booking)
