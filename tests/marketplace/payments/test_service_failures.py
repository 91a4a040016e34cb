"""The gateway fails in every way it can, at every step: each step has its effect exactly once."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlmodel import col

from marketplace.base.clock import wall_now
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.payments import audit
from marketplace.payments.collecting.beats import advance, record
from marketplace.payments.collecting.calls import Done, call
from marketplace.payments.collecting.claims import claim
from marketplace.payments.collecting.intents import apply_intent
from marketplace.payments.connection import gateway_of
from marketplace.payments.gateway import GatewayUnavailable
from marketplace.payments.models import Payment, PaymentStep
from marketplace.payments.simulator.process import SimulatorProcess
from marketplace.payments.simulator.switches import FailureMode
from tests.marketplace.payments.builders import ask, decide, held, posted, read

STEPS = ("authorise", "capture", "void", "refund")


async def before(paying: Platform, step: str) -> Payment:
    """A payment whose next step is this one."""
    if step == "authorise":
        return await ask(paying, 4_000)
    payment = await held(paying, 4_000, method="alipay" if step == "refund" else "pm_card_visa")
    await decide(paying, payment, {"capture": 4_000, "void": 0, "refund": 1_500}[step])
    return payment


EXPECTED: dict[str, dict[str, Any]] = {
    "authorise": {"authorised_fen": 4_000, "captured_fen": 0, "refunded_fen": 0},
    "capture": {"authorised_fen": 0, "captured_fen": 4_000, "refunded_fen": 0},
    "void": {"authorised_fen": 0, "captured_fen": 0, "refunded_fen": 0},
    "refund": {"authorised_fen": 0, "captured_fen": 4_000, "refunded_fen": 2_500},
}


async def persist(paying: Platform, payment: Payment) -> int:
    """Advance as the outbox would, again and again, until it succeeds; tells how often it failed."""
    for failed in range(5):
        try:
            await advance(paying, payment.id)
        except GatewayUnavailable:
            continue
        return failed
    raise AssertionError("it never succeeds")


@pytest.mark.parametrize("step", STEPS)
async def test_whatever_way_a_step_fails_it_takes_effect_once(
    paying: Platform, simulator: SimulatorProcess, step: str
) -> None:
    totals = {"authorised_fen": 0, "captured_fen": 0, "refunded_fen": 0}
    for mode in FailureMode:
        payment = await before(paying, step)
        await simulator.switch(fail={"mode": mode.value, "count": 1, "method": "POST"})
        await persist(paying, payment)
        for name, fen in EXPECTED[step].items():
            totals[name] += fen
        summary = await simulator.summary()
        assert {name: summary[name] for name in totals} == totals, mode
        async with transaction(paying.db) as tx:
            unearned = [line for line in await audit.prove(tx) if not line.startswith("booking")]
            assert unearned == [], mode
            assert await audit.prove_against(tx, summary) == [], mode


@pytest.mark.parametrize("step", STEPS)
async def test_a_process_that_dies_before_it_records_repeats_the_call_without_a_second_effect(
    paying: Platform, simulator: SimulatorProcess, step: str
) -> None:
    payment = await before(paying, step)
    claimed = await claim(paying, payment.id)
    assert claimed is not None
    await call(gateway_of(paying), claimed, wall=wall_now())  # and here it dies
    await advance(paying, payment.id)
    summary = await simulator.summary()
    assert {name: summary[name] for name in EXPECTED[step]} == EXPECTED[step]
    assert sum(summary["counts"]["payment_intent"].values()) == 1


@pytest.mark.parametrize("step", STEPS)
async def test_recording_an_outcome_twice_changes_nothing(paying: Platform, step: str) -> None:
    payment = await before(paying, step)
    claimed = await claim(paying, payment.id)
    assert claimed is not None
    outcome = await call(gateway_of(paying), claimed, wall=wall_now())
    assert isinstance(outcome, Done)
    await record(paying, claimed, outcome)
    once = (await read(paying, payment.id)).model_dump()
    await record(paying, claimed, outcome)
    assert (await read(paying, payment.id)).model_dump() == once


@pytest.mark.parametrize("step", STEPS)
async def test_a_key_older_than_the_gateway_remembers_is_looked_up_and_not_sent_again(
    paying: Platform, simulator: SimulatorProcess, step: str
) -> None:
    for times, (happened, outcome) in enumerate([(True, ("done", None)), (False, ("refused", "no_effect"))], start=1):
        payment = await before(paying, step)
        claimed = await claim(paying, payment.id)
        assert claimed is not None
        if happened:
            await call(gateway_of(paying), claimed, wall=wall_now())
        async with transaction(paying.db) as tx:
            aged = update(PaymentStep).where(col(PaymentStep.id) == claimed.step_id)
            await tx.execute(aged.values(claimed_at=datetime.now(UTC) - timedelta(hours=25)))
        await advance(paying, payment.id)
        summary = await simulator.summary()
        for name, fen in EXPECTED[step].items():
            assert summary[name] == times * fen, name
        async with transaction(paying.db) as tx:
            row = await tx.get_one(PaymentStep, claimed.step_id)
        assert (row.state, row.code) == outcome


async def test_views_in_any_order_and_number_end_in_the_same_state_and_books(paying: Platform) -> None:
    payment = await ask(paying, 4_000)
    claimed = await claim(paying, payment.id)
    assert claimed is not None
    gateway = gateway_of(paying)
    outcome = await call(gateway, claimed, wall=wall_now())
    assert outcome.intent is not None
    authorised = outcome.intent
    captured = await gateway.capture(authorised.id, 4_000, key="views:capture")
    await gateway.refund(authorised.id, 700, key="views:refund")
    refunded = await gateway.fetch_intent(authorised.id)
    for views in (
        [refunded, captured, authorised],
        [captured, authorised, refunded, captured],
        [authorised, authorised, refunded],
    ):
        for view in views:
            async with transaction(paying.db) as tx:
                row = await tx.get_one(Payment, payment.id, with_for_update=True)
                await apply_intent(tx, row, view, vault=paying.vault, now=paying.now(), wall=wall_now())
        now = await read(paying, payment.id)
        assert (now.state, now.captured_fen, now.refunded_fen) == ("captured", 4_000, 700)
        assert await posted(paying, "gateway_cash") == -3_300


async def test_many_workers_advancing_one_payment_at_once_have_one_effect(
    paying: Platform, simulator: SimulatorProcess
) -> None:
    payment = await ask(paying, 4_000)
    await asyncio.gather(*(advance(paying, payment.id) for _ in range(6)), return_exceptions=True)
    await persist(paying, payment)
    await decide(paying, payment, 1_000)
    await asyncio.gather(*(advance(paying, payment.id) for _ in range(6)), return_exceptions=True)
    await persist(paying, payment)
    summary = await simulator.summary()
    assert summary["counts"]["payment_intent"] == {"succeeded": 1}
    assert (summary["captured_fen"], summary["counts"]["charge"]) == (1_000, 1)
