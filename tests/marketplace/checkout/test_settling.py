from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlmodel import col

from marketplace.base import outbox
from marketplace.base.actor import Actor, Role
from marketplace.base.database import transaction
from marketplace.base.outbox import Message
from marketplace.bookings.models import Booking
from marketplace.checkout import jobs
from marketplace.payments import books
from marketplace.payments.models import Payment
from marketplace.payments.payouts.models import Payout
from marketplace.payments.simulator.process import SimulatorProcess
from tests.builders import an_actor
from tests.conftest import MovableClock
from tests.marketplace.checkout.builders import at
from tests.marketplace.checkout.conftest import Desk
from tests.marketplace.checkout.test_cancelling import fen


async def test_a_served_booking_is_paid_and_the_provider_earns_its_share(
    desk: Desk, clock: MovableClock, simulator: SimulatorProcess
) -> None:
    booking = await desk.agreed()
    await desk.serve(booking, clock)
    done = await desk.show(booking)
    assert done["state"] == "completed"
    assert done["tenders"] == [{"kind": "card", "unit": "fen", "amount": 6800, "state": "captured", "kept": 6800}]
    assert (await simulator.summary())["captured_fen"] == 6800
    # 5 % of 68.00 yuan is 3.40
    assert (await fen(desk, books.PAYABLE), await fen(desk, books.FEE)) == (6460, 340)
    assert await fen(desk, books.RECEIVABLE) == 0
    assert (await desk.visit_of(booking)).state == "settled"
    async with transaction(desk.platform.db) as tx:
        payout = (await tx.scalars(select(Payout))).one()
    assert (payout.provider_id, payout.state) == (desk.market.provider_id, "pending")


async def test_somebodys_arrival_begins_the_service_and_two_days_after_it_is_closed(
    desk: Desk, clock: MovableClock
) -> None:
    booking = await desk.agreed()
    assignment = await desk.assigned(booking)
    clock.set(at(10))
    await desk.report(assignment, "in", clock=clock)
    await desk.settle_down()
    assert (await desk.show(booking))["state"] == "in_service"
    clock.set(at(11))
    await desk.report(assignment, "out", clock=clock)
    await desk.confirm(assignment)
    await desk.settle_down()
    clock.set(clock.now() + timedelta(hours=48, seconds=-1))
    await desk.settle_down()
    assert (await desk.show(booking))["state"] == "completed"
    clock.set(clock.now() + timedelta(seconds=1))
    await desk.settle_down()
    assert (await desk.show(booking))["state"] == "closed"


async def test_told_twice_it_settles_once(desk: Desk, clock: MovableClock, simulator: SimulatorProcess) -> None:
    booking = await desk.agreed()
    await desk.serve(booking, clock)
    visit = await desk.visit_of(booking)
    for _ in range(2):
        async with transaction(desk.platform.db) as tx:
            await outbox.send(tx, "visit.approved", visit_id=visit.id, cause_kind="booking", cause_id=visit.cause_id)
        await desk.settle_down()
    assert await fen(desk, books.PAYABLE) == 6460
    assert (await simulator.summary())["captured_fen"] == 6800


async def test_a_visit_that_nobody_made_gives_everything_back(
    desk: Desk, clock: MovableClock, simulator: SimulatorProcess
) -> None:
    booking = await desk.agreed()
    clock.set(at(12))
    await desk.settle_down()
    assert (await desk.visit_of(booking)).state == "missed"
    failed = await desk.show(booking)
    assert (failed["state"], failed["cancelled_reason"], failed["fee_fen"]) == ("failed", "missed", 0)
    summary = await simulator.summary()
    assert (summary["authorised_fen"], summary["captured_fen"]) == (0, 0)


async def test_a_card_that_fails_after_the_service_leaves_its_tender_owed_and_the_provider_paid(
    desk: Desk, clock: MovableClock
) -> None:
    booking = await desk.agreed()
    await desk.serve(booking, clock)
    async with transaction(desk.platform.db) as tx:
        payment = (await tx.scalars(select(Payment))).one()
        payment.state = "auth_expired"
        await outbox.send(tx, "payment.changed", payment_id=payment.id, booking_id=booking["id"])
    await desk.settle_down()
    done = await desk.show(booking)
    assert (done["state"], done["tenders"][0]["state"]) == ("completed", "owed")
    assert await fen(desk, books.PAYABLE) == 6460


async def test_a_refund_gives_money_back_and_takes_both_shares_of_it(
    desk: Desk, clock: MovableClock, simulator: SimulatorProcess
) -> None:
    booking = await desk.agreed()
    await desk.serve(booking, clock)
    path = f"/v1/bookings/{booking['id']}/refunds"
    told = await desk.post(path, {"amount_fen": 2000, "reason": "half a room"}, actor=desk.market.officer)
    assert (told["amount_fen"], told["kept_fen"]) == (2000, 4800)
    await desk.settle_down()
    assert (await simulator.summary())["refunded_fen"] == 2000
    # the provider loses 19.00 and the platform 1.00 of the 20.00 yuan
    assert (await fen(desk, books.PAYABLE), await fen(desk, books.FEE)) == (4560, 240)
    assert await fen(desk, books.RECEIVABLE) == 0
    too_much = await desk.post(path, {"amount_fen": 4801, "reason": "all"}, actor=desk.market.officer, expect=409)
    assert (too_much["code"], too_much["kept_fen"]) == ("refund_too_large", 4800)
    await desk.post(path, {"amount_fen": 4800, "reason": "all"}, actor=desk.market.officer)
    await desk.settle_down()
    assert (await simulator.summary())["refunded_fen"] == 6800
    assert (await desk.show(booking))["refunded_fen"] == 6800
    assert (await fen(desk, books.PAYABLE), await fen(desk, books.FEE)) == (0, 0)


async def test_only_staff_of_the_region_refund_and_only_what_was_kept(desk: Desk) -> None:
    booking = await desk.agreed()
    path, body = f"/v1/bookings/{booking['id']}/refunds", {"amount_fen": 1, "reason": "why"}
    assert (await desk.post(path, body, actor=desk.market.officer, expect=409))["code"] == "nothing_to_refund"
    await desk.post(path, body, expect=403)
    async with transaction(desk.platform.db) as tx:
        foreign = await an_actor(desk.platform, tx, Role.OFFICER, region=desk.market.town.districts[1])
    await desk.post(path, body, actor=foreign, expect=404)


async def test_a_message_that_comes_too_early_changes_nothing(desk: Desk) -> None:
    booking = await desk.agreed()
    ids = {"cause_kind": "booking", "cause_id": booking["id"], "id": booking["id"], "booking_id": booking["id"]}
    for consumer in (jobs.settle, jobs.begin_service, jobs.close, jobs.expire, jobs.follow_payment):
        await consumer(desk.platform, Message(name="test", ids=ids))
        assert (await desk.show(booking))["state"] == "confirmed"
    async with transaction(desk.platform.db) as tx:
        row = (await tx.scalars(select(Booking).where(col(Booking.id) == UUID(booking["id"])))).one()
        assert row.version == int(booking["version"])


async def test_a_task_s_visit_is_none_of_checkouts_business(desk: Desk) -> None:
    ids = {"cause_kind": "task", "cause_id": str(Actor.system().account_id)}
    await jobs.settle(desk.platform, Message(name="visit.approved", ids=ids))
    await jobs.begin_service(desk.platform, Message(name="visit.checked_in", ids=ids))
