"""A service that was given and not paid: the payer or her family pays with another card, officers see and retry."""

from typing import Any

import pytest

from marketplace.base.actor import Role
from marketplace.base.database import transaction
from marketplace.payments import audit, books
from marketplace.payments.reconciliation import reconcile
from marketplace.payments.simulator.process import SimulatorProcess
from tests.builders import an_actor
from tests.conftest import MovableClock
from tests.marketplace.checkout.builders import at, give
from tests.marketplace.checkout.conftest import Desk
from tests.marketplace.checkout.test_cancelling import fen

Json = dict[str, Any]
PAID = {"payment_method": "pm_card_visa"}


async def owing(desk: Desk, clock: MovableClock) -> Json:
    """A bath was given, and the card that was held for it fails."""
    booking = await desk.agreed(payment_method="pm_card_captureFails")
    await desk.serve(booking, clock)
    booking = await desk.show(booking)
    assert (booking["state"], booking["tenders"][0]["state"]) == ("completed", "owed")
    return booking


async def payment_of(desk: Desk, booking: Json) -> Json:
    return await desk.get(f"/v1/bookings/{booking['id']}/payment")


async def matters(desk: Desk) -> list[Json]:
    found: list[Json] = (await desk.get("/v1/payments/matters", actor=desk.market.officer))["matters"]
    return found


async def test_the_provider_is_paid_and_the_payer_told_what_is_owed_and_when_the_card_is_asked_again(
    desk: Desk, clock: MovableClock
) -> None:
    booking = await owing(desk, clock)
    shown = await payment_of(desk, booking)
    assert (shown["state"], shown["owed_fen"], shown["captured_fen"]) == ("failed", 6800, 0)
    assert shown["decline_code"] == "generic_decline"
    assert shown["retry_at"] is not None
    assert await fen(desk, books.PAYABLE) == 6460


async def test_the_payer_pays_with_another_card_and_is_charged_once(
    desk: Desk, clock: MovableClock, simulator: SimulatorProcess
) -> None:
    booking = await owing(desk, clock)
    await desk.post(f"/v1/bookings/{booking['id']}/pay", PAID, expect=202)
    await desk.settle_down()
    assert (await desk.show(booking))["tenders"][0]["state"] == "captured"
    assert (await payment_of(desk, booking))["owed_fen"] == 0
    assert (await matters(desk)) == []
    again = await desk.post(f"/v1/bookings/{booking['id']}/pay", PAID, expect=409)
    assert again["code"] == "nothing_owed"
    clock.set(clock.now().replace(month=clock.now().month + 1))
    await desk.settle_down()
    assert (await simulator.summary())["captured_fen"] == 6800
    async with transaction(desk.platform.db) as tx:
        assert await audit.prove(tx) == []


async def test_who_may_pay_for_the_elder_may_pay_what_she_owes_and_sees_how_it_went(
    desk: Desk, clock: MovableClock
) -> None:
    booking = await owing(desk, clock)
    async with transaction(desk.platform.db) as tx:
        daughter = await an_actor(desk.platform, tx, Role.FAMILY)
        await give(tx, desk.market.elder.id, daughter, "view", "pay", now=clock.now())
    await desk.post(f"/v1/bookings/{booking['id']}/pay", PAID, actor=daughter, expect=202)
    await desk.settle_down()
    path = f"/v1/bookings/{booking['id']}/payment"
    for somebody in (daughter, desk.market.family):
        assert (await desk.get(path, actor=somebody))["captured_fen"] == 6800


async def test_who_may_only_look_staff_and_strangers_do_not_pay(desk: Desk, clock: MovableClock) -> None:
    booking = await owing(desk, clock)
    path = f"/v1/bookings/{booking['id']}/pay"
    async with transaction(desk.platform.db) as tx:
        looking = await an_actor(desk.platform, tx, Role.FAMILY)
        await give(tx, desk.market.elder.id, looking, "view", now=clock.now())
        stranger = await an_actor(desk.platform, tx, Role.FAMILY)
    for somebody in (looking, desk.market.officer, desk.market.admin):
        assert (await desk.post(path, PAID, actor=somebody, expect=403))["code"] == "payer_not_allowed"
    await desk.post(path, PAID, actor=stranger, expect=404)
    assert (await payment_of(desk, booking))["owed_fen"] == 6800


@pytest.mark.parametrize("body", [{}, {"payment_method": ""}, {"payment_method": 7}, {**PAID, "amount_fen": 1}])
async def test_a_payment_that_means_nothing_is_400(desk: Desk, body: Json) -> None:
    booking = await desk.agreed()
    await desk.post(f"/v1/bookings/{booking['id']}/pay", body, expect=400)


async def test_what_is_held_and_not_due_yet_is_not_owed(desk: Desk) -> None:
    booking = await desk.agreed()
    refused = await desk.post(f"/v1/bookings/{booking['id']}/pay", PAID, expect=409)
    assert refused["code"] == "nothing_owed"


async def test_an_officer_of_the_district_sees_what_is_owed_and_has_it_tried_again(
    desk: Desk, clock: MovableClock
) -> None:
    booking = await owing(desk, clock)
    payment = await payment_of(desk, booking)
    (matter,) = await matters(desk)
    assert (matter["kind"], matter["amount_fen"], matter["code"]) == ("collection_failed", 6800, "generic_decline")
    assert (matter["booking_id"], matter["payment_id"]) == (booking["id"], payment["id"])
    path = f"/v1/payments/{payment['id']}/retry"
    assert (await desk.post(path, {}, actor=desk.market.officer, expect=200))["owed_fen"] == 6800
    await desk.settle_down()
    assert len(await matters(desk)) == 1  # the same card fails again
    async with transaction(desk.platform.db) as tx:
        foreign = await an_actor(desk.platform, tx, Role.OFFICER, region=desk.market.town.districts[1])
    await desk.post(path, {}, actor=foreign, expect=404)
    await desk.post(path, {}, expect=403)
    assert (await desk.get("/v1/payments/matters", actor=foreign))["matters"] == []
    await desk.get("/v1/payments/matters", expect=403)


async def test_an_officers_retry_does_not_push_the_payers_other_card_aside(
    desk: Desk, clock: MovableClock, simulator: SimulatorProcess
) -> None:
    booking = await owing(desk, clock)
    payment = await desk.post(f"/v1/bookings/{booking['id']}/pay", PAID, expect=202)
    refused = await desk.post(f"/v1/payments/{payment['id']}/retry", {}, actor=desk.market.officer, expect=409)
    assert refused["code"] == "being_collected"
    await desk.settle_down()
    assert (await simulator.summary())["captured_fen"] == 6800


async def test_a_fee_for_cancelling_late_may_be_owed_and_paid_as_well(
    desk: Desk, clock: MovableClock, simulator: SimulatorProcess
) -> None:
    booking = await desk.agreed(payment_method="pm_card_captureFails")
    clock.set(at(9))  # an hour before
    await desk.cancel(booking)
    await desk.settle_down()
    assert (await desk.show(booking))["tenders"][0]["state"] == "owed"
    await desk.post(f"/v1/bookings/{booking['id']}/pay", PAID, expect=202)
    await desk.settle_down()
    tender = (await desk.show(booking))["tenders"][0]
    assert (tender["state"], tender["kept"]) == ("captured", 1000)
    assert (await simulator.summary())["captured_fen"] == 1000
    async with transaction(desk.platform.db) as tx:
        assert await audit.prove(tx) == []


async def test_a_refund_that_came_back_is_an_officers_matter_until_it_has_gone_out_again(
    desk: Desk, clock: MovableClock, simulator: SimulatorProcess
) -> None:
    booking = await desk.agreed()
    await desk.serve(booking, clock)
    officer = desk.market.officer
    await simulator.switch(refunds="fail_later")
    refund = {"amount_fen": 2000, "reason": "half a room"}
    await desk.post(f"/v1/bookings/{booking['id']}/refunds", refund, actor=officer)
    await desk.settle_down()
    await reconcile(desk.platform)  # no webhook is connected: the undelivered events are fetched
    await desk.settle_down()
    shown = await payment_of(desk, booking)
    assert (shown["refunded_fen"], shown["refund_failed_fen"]) == (0, 2000)
    (matter,) = await matters(desk)
    assert (matter["kind"], matter["amount_fen"]) == ("refund_failed", 2000)
    assert matter["code"] == "expired_or_canceled_card"
    await simulator.switch(refunds="succeed")
    await desk.post(f"/v1/payments/{shown['id']}/retry", {}, actor=officer, expect=200)
    await desk.settle_down()
    assert (await payment_of(desk, booking))["refunded_fen"] == 2000
    assert await matters(desk) == []
    refused = await desk.post(f"/v1/payments/{shown['id']}/retry", {}, actor=officer, expect=409)
    assert refused["code"] == "nothing_to_retry"
    async with transaction(desk.platform.db) as tx:
        assert await audit.prove(tx) == []
        assert await audit.prove_against(tx, await simulator.summary()) == []


async def test_a_provider_that_owes_after_a_refund_is_shown_to_operators_of_the_city(
    desk: Desk, clock: MovableClock
) -> None:
    booking = await desk.agreed()
    await desk.serve(booking, clock)
    clock.set(clock.now().replace(day=clock.now().day + 1))
    await desk.settle_down()  # paid out at two in the morning
    refund = {"amount_fen": 6800, "reason": "never came"}
    await desk.post(f"/v1/bookings/{booking['id']}/refunds", refund, actor=desk.market.officer)
    await desk.settle_down()
    async with transaction(desk.platform.db) as tx:
        operator = await an_actor(desk.platform, tx, Role.OPERATOR)
    page = await desk.get("/v1/payments/matters", actor=operator)
    assert page["debts"] == [{"provider_id": str(desk.market.provider_id), "owed_fen": 6460}]
    assert (await desk.get("/v1/payments/matters", actor=desk.market.officer))["debts"] == []
