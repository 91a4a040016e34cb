"""A refund that fails days after it had succeeded is noticed, booked back, listed, and tried again by a person."""

from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest
from sqlalchemy import delete, select
from sqlmodel import col

from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.payments import audit, inbox
from marketplace.payments.collecting import refunds
from marketplace.payments.collecting.beats import advance
from marketplace.payments.connection import gateway_of
from marketplace.payments.gateway import RefundState
from marketplace.payments.models import Payment, PaymentRefund, PaymentStep
from marketplace.payments.reconciliation import reconcile
from marketplace.payments.simulator.process import SimulatorProcess
from tests.marketplace.payments.builders import decide, held, keep, posted, read

Deliver = Callable[[Platform], Awaitable[int]]


async def given_back(paying: Platform) -> tuple[Payment, str]:
    """50.00 yuan taken and 10.00 given back; the payment and the refund's id."""
    payment = await keep(paying, await held(paying, 5_000), 5_000)
    payment = await keep(paying, payment, 4_000)
    async with transaction(paying.db) as tx:
        refund = (await tx.scalars(select(PaymentRefund))).one()
    assert (payment.refunded_fen, refund.state, refund.amount_fen) == (1_000, "succeeded", 1_000)
    return payment, refund.gateway_id


async def hear(paying: Platform, deliver: Deliver) -> None:
    """Fetch the events that no webhook brought, and act on them."""
    await reconcile(paying)
    await deliver(paying)


async def release(paying: Platform, payment: Payment) -> None:
    """What an officer's retry does to the payment."""
    async with transaction(paying.db) as tx:
        row = await tx.get_one(Payment, payment.id, with_for_update=True)
        await refunds.try_again(tx, row, now=paying.now())


async def agree(paying: Platform, simulator: SimulatorProcess) -> None:
    """The ledger equals the gateway's cash, and payments equal its sums."""
    async with transaction(paying.db) as tx:
        assert [line for line in await audit.prove(tx) if not line.startswith("booking")] == []
        assert await audit.prove_against(tx, await simulator.summary()) == []


async def test_a_refund_that_comes_back_is_taken_from_what_is_shown_and_booked_as_cash(
    paying: Platform, simulator: SimulatorProcess, deliver_all: Deliver
) -> None:
    payment, refund_id = await given_back(paying)
    await simulator.settle_refund(refund_id, "failure")
    await hear(paying, deliver_all)
    now = await read(paying, payment.id)
    assert (now.captured_fen, now.refunded_fen, now.refund_asked_fen, now.refund_stopped_fen) == (5_000, 0, 0, 1_000)
    assert await posted(paying, "gateway_cash") == -5_000
    await agree(paying, simulator)
    async with transaction(paying.db) as tx:
        row = (await tx.scalars(select(PaymentRefund))).one()
    assert (row.state, row.code, row.failed_at, row.retried_at) == ("failed", "unknown", paying.now(), None)


async def test_a_failed_refund_is_not_tried_again_by_itself(
    paying: Platform, simulator: SimulatorProcess, deliver_all: Deliver
) -> None:
    payment, refund_id = await given_back(paying)
    await simulator.settle_refund(refund_id, "failure")
    await hear(paying, deliver_all)
    await advance(paying, payment.id)
    await decide(paying, payment, 4_000)
    await hear(paying, deliver_all)
    assert (await simulator.summary())["counts"]["refund"] == 1


async def test_tried_again_it_is_another_refund_and_every_fen_is_where_it_belongs(
    paying: Platform, simulator: SimulatorProcess, deliver_all: Deliver
) -> None:
    payment, refund_id = await given_back(paying)
    await simulator.settle_refund(refund_id, "failure")
    await hear(paying, deliver_all)
    await release(paying, payment)
    await advance(paying, payment.id)
    now = await read(paying, payment.id)
    assert (now.refunded_fen, now.refund_stopped_fen) == (1_000, 0)
    assert await posted(paying, "gateway_cash") == -4_000
    await agree(paying, simulator)
    async with transaction(paying.db) as tx:
        keys = await tx.scalars(select(col(PaymentStep.key)).where(col(PaymentStep.kind) == "refund"))
        assert sorted(keys) == [f"payment:{payment.id}:refund:1000", f"payment:{payment.id}:refund:1000:2"]


async def test_one_that_fails_each_time_stops_each_time(
    paying: Platform, simulator: SimulatorProcess, deliver_all: Deliver
) -> None:
    payment = await keep(paying, await held(paying, 5_000), 5_000)
    await simulator.switch(refunds="fail_later")
    await keep(paying, payment, 4_000)
    for times in (1, 2, 3):
        await hear(paying, deliver_all)
        now = await read(paying, payment.id)
        assert (now.refunded_fen, now.refund_stopped_fen) == (0, 1_000)
        assert (await simulator.summary())["counts"]["refund"] == times
        await agree(paying, simulator)
        await release(paying, payment)
        await advance(paying, payment.id)


async def test_further_money_given_back_does_not_wait_for_the_failed_part(
    paying: Platform, simulator: SimulatorProcess, deliver_all: Deliver
) -> None:
    payment, refund_id = await given_back(paying)
    await simulator.settle_refund(refund_id, "failure")
    await hear(paying, deliver_all)
    now = await keep(paying, payment, 2_500)
    # 50.00 taken, 25.00 to be kept, 10.00 stopped: 15.00 go out now
    assert (now.refunded_fen, now.refund_stopped_fen) == (1_500, 1_000)
    await agree(paying, simulator)


@pytest.mark.parametrize("outcome", ["success", "failure"])
async def test_a_pending_refund_counts_when_the_payers_bank_has_taken_it_and_not_before(
    paying: Platform, simulator: SimulatorProcess, deliver_all: Deliver, outcome: str
) -> None:
    await simulator.switch(refunds="pending")
    payment = await keep(paying, await held(paying, 1_800, method="alipay"), 800)
    assert (payment.refunded_fen, payment.refund_asked_fen) == (0, 1_000)
    await agree(paying, simulator)
    async with transaction(paying.db) as tx:
        refund = (await tx.scalars(select(PaymentRefund))).one()
    await simulator.settle_refund(refund.gateway_id, outcome)
    await hear(paying, deliver_all)
    now = await read(paying, payment.id)
    expected = {"success": (1_000, 1_000, 0), "failure": (0, 0, 1_000)}
    assert (now.refunded_fen, now.refund_asked_fen, now.refund_stopped_fen) == expected[outcome]
    await agree(paying, simulator)


async def test_an_older_view_does_not_bring_a_failed_refund_back(paying: Platform, simulator: SimulatorProcess) -> None:
    payment, refund_id = await given_back(paying)
    gateway = gateway_of(paying)
    old = await gateway.fetch_intent(payment.intent_id or "")
    await simulator.settle_refund(refund_id, "failure")
    new = await gateway.fetch_intent(payment.intent_id or "")
    for view in (new, old, new, old):
        async with transaction(paying.db) as tx:
            await inbox.see(tx, view, paying)
        now = await read(paying, payment.id)
        assert (now.refunded_fen, now.refund_stopped_fen) == (0, 1_000)
        assert await posted(paying, "gateway_cash") == -5_000


async def test_a_refund_made_by_hand_at_the_gateway_is_heard_of_too(
    paying: Platform, simulator: SimulatorProcess, deliver_all: Deliver
) -> None:
    payment = await keep(paying, await held(paying, 5_000), 5_000)
    await gateway_of(paying).refund(payment.intent_id or "", 300, key="by-hand")
    await hear(paying, deliver_all)
    assert (await read(paying, payment.id)).refunded_fen == 300
    await agree(paying, simulator)


async def test_a_refund_after_a_partial_capture_counts_whole(paying: Platform, simulator: SimulatorProcess) -> None:
    payment = await keep(paying, await held(paying, 5_000), 3_200)
    payment = await keep(paying, payment, 2_500)
    # the 18.00 that were released are no refund: 7.00 were given back
    assert (payment.captured_fen, payment.refunded_fen) == (3_200, 700)
    await agree(paying, simulator)


async def test_refunds_made_before_each_was_kept_by_itself_are_not_booked_twice_when_found(
    paying: Platform, simulator: SimulatorProcess
) -> None:
    payment, refund_id = await given_back(paying)
    async with transaction(paying.db) as tx:
        await tx.execute(delete(PaymentRefund))
    payment = await keep(paying, payment, 3_500)
    assert payment.refunded_fen == 1_500
    await agree(paying, simulator)
    await simulator.settle_refund(refund_id, "failure")
    async with transaction(paying.db) as tx:
        await inbox.see(tx, await gateway_of(paying).fetch_intent(payment.intent_id or ""), paying)
    assert (await read(paying, payment.id)).refunded_fen == 500
    await agree(paying, simulator)


@pytest.fixture
async def raw(simulator: SimulatorProcess) -> AsyncIterator[httpx.AsyncClient]:
    """The simulator without the SDK between."""
    headers = {"Authorization": "Bearer sk_test_x"}
    async with httpx.AsyncClient(base_url=simulator.url, headers=headers, trust_env=False) as http:
        yield http


async def test_the_simulator_sends_what_the_provider_sends_when_a_refund_fails(
    paying: Platform, simulator: SimulatorProcess, raw: httpx.AsyncClient
) -> None:
    payment = await keep(paying, await held(paying, 5_000), 3_200)
    await simulator.switch(refunds="fail_later")
    made = await gateway_of(paying).refund(payment.intent_id or "", 700, key="fails")
    assert made.state is RefundState.SUCCEEDED  # and only later it is known
    events = (await raw.get("/v1/events", params={"limit": 5})).json()["data"][::-1]
    assert [event["type"] for event in events] == [
        "refund.created",
        "charge.refunded",
        "refund.updated",
        "charge.refund.updated",
        "refund.failed",
    ]
    failed = events[-1]["data"]["object"]
    assert (failed["object"], failed["status"], failed["failure_reason"]) == (
        "refund",
        "failed",
        "expired_or_canceled_card",
    )
    back = (await raw.get(f"/v1/balance_transactions/{failed['failure_balance_transaction']}")).json()
    assert (back["amount"], back["type"]) == (700, "refund_failure")
    charge = (await raw.get(f"/v1/charges/{failed['charge']}")).json()
    assert (charge["amount_captured"], charge["amount_refunded"], charge["refunded"]) == (3_200, 0, False)
