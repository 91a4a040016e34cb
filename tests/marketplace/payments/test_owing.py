"""What a card did not pay is asked again, by timer, payer or officer, and never collected twice."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlmodel import col

from marketplace.base.database import transaction
from marketplace.base.errors import Conflict, Malformed
from marketplace.base.ids import new_id
from marketplace.base.outbox import Message
from marketplace.base.platform import Platform
from marketplace.payments import audit, inbox, jobs, service
from marketplace.payments.collecting.beats import StepRefused, advance
from marketplace.payments.collecting.claims import claim
from marketplace.payments.connection import gateway_of
from marketplace.payments.errors import BeingCollected, NoPayment, NothingOwed
from marketplace.payments.gateway import GatewayUnavailable
from marketplace.payments.models import Payment
from marketplace.payments.reconciliation import reconcile
from marketplace.payments.simulator.process import SimulatorProcess
from marketplace.payments.simulator.switches import FailureMode
from tests.marketplace.payments.builders import SYSTEM, VISA, ask, held, keep, read

Deliver = Callable[[Platform], Awaitable[int]]
CAPTURE_FAILS = "pm_card_captureFails"
DECLINED = "pm_card_chargeDeclinedInsufficientFunds"
AFTER_HOURS = (24, 72, 120)  # the pack's


async def owing(paying: Platform, *, method: str = CAPTURE_FAILS) -> Payment:
    """20.00 yuan held, due, and not collected."""
    payment = await keep(paying, await held(paying, 2_000, method=method), 2_000)
    assert (payment.state, payment.owed_fen, payment.intent_state) == ("failed", 2_000, "void")
    return payment


async def expired(paying: Platform, simulator: SimulatorProcess) -> Payment:
    """A good card whose authorisation ran out before it could be captured."""
    payment = await held(paying, 2_000)
    await simulator.advance(8 * 24 * 3600)
    payment = await keep(paying, payment, 2_000)
    assert (payment.state, payment.owed_fen) == ("auth_expired", 2_000)
    return payment


async def pay(paying: Platform, payment: Payment, method: str = VISA) -> None:
    async with transaction(paying.db) as tx:
        await service.collect(tx, payment.booking_id, payment_method=method, actor=SYSTEM)


def later(paying: Platform, **by: float) -> None:
    paying.clock.set(paying.now() + timedelta(**by))  # type: ignore[attr-defined]  # the tests' clock moves


async def agree(paying: Platform, simulator: SimulatorProcess, *, captured_fen: int) -> None:
    """So much was taken, from one charge, and the books say the same."""
    summary = await simulator.summary()
    assert (summary["captured_fen"], summary["authorised_fen"]) == (captured_fen, 0)
    assert summary["counts"]["payment_intent"].get("succeeded", 0) == (1 if captured_fen else 0)
    async with transaction(paying.db) as tx:
        assert await audit.prove_against(tx, summary) == []
        assert [line for line in await audit.prove(tx) if not line.startswith("booking")] == []


async def test_a_good_card_is_asked_again_a_day_later_and_pays(
    paying: Platform, simulator: SimulatorProcess, deliver_all: Deliver
) -> None:
    payment = await expired(paying, simulator)
    assert payment.retry_at == paying.now() + timedelta(hours=24)
    later(paying, hours=23, minutes=59)
    await deliver_all(paying)
    assert (await read(paying, payment.id)).state == "auth_expired"
    later(paying, minutes=1)
    await deliver_all(paying)
    now = await read(paying, payment.id)
    assert (now.state, now.captured_fen, now.owed_fen, now.retry_at, now.retries) == ("captured", 2_000, 0, None, 1)
    await agree(paying, simulator, captured_fen=2_000)


async def test_a_card_that_keeps_failing_is_asked_three_times_more_and_then_left_to_people(
    paying: Platform, simulator: SimulatorProcess, deliver_all: Deliver
) -> None:
    payment = await owing(paying)
    for number, hours in enumerate(AFTER_HOURS):
        now = await read(paying, payment.id)
        assert (now.retries, now.retry_at) == (number, paying.now() + timedelta(hours=hours))
        later(paying, hours=hours)
        await deliver_all(paying)
    now = await read(paying, payment.id)
    assert (now.state, now.owed_fen, now.retries, now.retry_at) == ("failed", 2_000, 3, None)
    assert len(now.past_intents) == 3
    later(paying, days=60)
    await deliver_all(paying)
    assert (await simulator.summary())["counts"]["payment_intent"] == {"canceled": 4}


async def test_a_card_reported_stolen_is_not_asked_again(paying: Platform) -> None:
    payment = await held(paying, 2_000, method=CAPTURE_FAILS)
    async with transaction(paying.db) as tx:
        gone = update(Payment).where(col(Payment.id) == payment.id)
        await tx.execute(
            gone.values(state="failed", intent_state="void", decline_code="stolen_card", keep_fen=2_000, version=9)
        )
    await advance(paying, payment.id)
    assert (await read(paying, payment.id)).retry_at is None


async def test_another_card_pays_what_is_owed_and_no_more(
    paying: Platform, simulator: SimulatorProcess, deliver_all: Deliver
) -> None:
    payment = await keep(paying, await held(paying, 5_000, method=CAPTURE_FAILS), 3_200)
    await pay(paying, payment)
    await deliver_all(paying)
    now = await read(paying, payment.id)
    assert (now.state, now.captured_fen, now.method, now.retry_at) == ("captured", 3_200, VISA, None)
    await agree(paying, simulator, captured_fen=3_200)
    with pytest.raises(NothingOwed):
        await pay(paying, payment)


async def test_a_wallet_pays_what_is_owed(paying: Platform, simulator: SimulatorProcess, deliver_all: Deliver) -> None:
    payment = await owing(paying)
    await pay(paying, payment, "wechat_pay")
    await deliver_all(paying)
    assert (await read(paying, payment.id)).captured_fen == 2_000
    await agree(paying, simulator, captured_fen=2_000)


async def test_a_second_card_that_fails_leaves_the_sum_owed_and_the_timer_running(
    paying: Platform, simulator: SimulatorProcess, deliver_all: Deliver
) -> None:
    payment = await owing(paying)
    await pay(paying, payment, DECLINED)
    await deliver_all(paying)
    now = await read(paying, payment.id)
    assert (now.state, now.owed_fen, now.decline_code) == ("failed", 2_000, "insufficient_funds")
    assert (now.retries, now.retry_at) == (0, payment.retry_at)
    await pay(paying, payment)
    await deliver_all(paying)
    await agree(paying, simulator, captured_fen=2_000)


async def test_what_came_in_time_is_not_collected_again(
    paying: Platform, simulator: SimulatorProcess, deliver_all: Deliver
) -> None:
    payment = await expired(paying, simulator)
    await pay(paying, payment)
    await deliver_all(paying)
    for _ in range(2):
        await jobs.retry_due(paying, Message(name="payment.retry_due", ids={"id": str(payment.id)}))
        later(paying, hours=24)
        await deliver_all(paying)
    await agree(paying, simulator, captured_fen=2_000)


@pytest.mark.parametrize("method", [VISA, "alipay"])
async def test_timer_and_payer_at_once_collect_once(
    paying: Platform, simulator: SimulatorProcess, deliver_all: Deliver, method: str
) -> None:
    payment = await expired(paying, simulator)
    later(paying, hours=24)
    due = Message(name="payment.retry_due", ids={"id": str(payment.id)})

    async def payer() -> None:
        await pay(paying, payment, method)
        await advance(paying, payment.id)

    ends = await asyncio.gather(
        *(jobs.retry_due(paying, due) for _ in range(3)), *(payer() for _ in range(3)), return_exceptions=True
    )
    # whoever came second was told so, or found the gateway busy with the same key
    assert all(isinstance(end, (Conflict, GatewayUnavailable, StepRefused, type(None))) for end in ends), ends
    await deliver_all(paying)
    assert (await read(paying, payment.id)).captured_fen == 2_000
    await agree(paying, simulator, captured_fen=2_000)


async def test_while_a_card_is_being_asked_no_other_is_taken(paying: Platform, simulator: SimulatorProcess) -> None:
    payment = await owing(paying)
    await pay(paying, payment)
    with pytest.raises(BeingCollected):
        await pay(paying, payment, "alipay")
    await pay(paying, payment)  # the same once more is the same
    assert await claim(paying, payment.id) is not None
    with pytest.raises(BeingCollected):
        await pay(paying, payment, "alipay")
    await advance(paying, payment.id)
    await agree(paying, simulator, captured_fen=2_000)


async def test_a_card_that_waits_for_its_payers_word_is_given_up_for_another(
    paying: Platform, simulator: SimulatorProcess, deliver_all: Deliver
) -> None:
    payment = await owing(paying)
    await pay(paying, payment, "pm_card_authenticationRequired")
    await deliver_all(paying)
    waiting = await read(paying, payment.id)
    assert waiting.state == "action_required"
    await pay(paying, payment)
    await deliver_all(paying)
    now = await read(paying, payment.id)
    assert (now.state, now.action_url_sealed) == ("captured", None)
    assert waiting.intent_id in now.past_intents
    await agree(paying, simulator, captured_fen=2_000)


async def test_a_payer_who_never_gives_her_word_is_asked_anew_by_the_timer(
    paying: Platform, simulator: SimulatorProcess, deliver_all: Deliver
) -> None:
    payment = await owing(paying)
    await pay(paying, payment, "pm_card_authenticationRequired")
    await deliver_all(paying)
    for hours in AFTER_HOURS:
        before = await read(paying, payment.id)
        assert (before.state, before.owed_fen) == ("action_required", 2_000)
        later(paying, hours=hours)
        await deliver_all(paying)
        assert before.intent_id in (await read(paying, payment.id)).past_intents
    now = await read(paying, payment.id)
    assert (now.state, now.retry_at, now.retries) == ("action_required", None, 3)
    await simulator.authenticate(now.intent_id or "")
    await reconcile(paying)
    await deliver_all(paying)
    await agree(paying, simulator, captured_fen=2_000)


async def test_a_payer_who_confirms_while_another_card_is_named_has_paid_with_the_first(
    paying: Platform, simulator: SimulatorProcess, deliver_all: Deliver
) -> None:
    payment = await owing(paying)
    await pay(paying, payment, "pm_card_authenticationRequired")
    await deliver_all(paying)
    await simulator.authenticate((await read(paying, payment.id)).intent_id or "")
    await pay(paying, payment, "alipay")  # the webhook has not come yet
    async with transaction(paying.db) as tx:
        intent = await gateway_of(paying).fetch_intent((await tx.get_one(Payment, payment.id)).intent_id or "")
        await inbox.see(tx, intent, paying)
    await deliver_all(paying)
    assert (await read(paying, payment.id)).method == "pm_card_authenticationRequired"
    await agree(paying, simulator, captured_fen=2_000)


async def test_news_of_a_collection_that_was_given_up_changes_nothing(
    paying: Platform, simulator: SimulatorProcess
) -> None:
    payment = await owing(paying)
    old = await gateway_of(paying).fetch_intent(payment.intent_id or "")
    await pay(paying, payment)
    assert await claim(paying, payment.id) is not None  # begun anew: no intent is known yet
    async with transaction(paying.db) as tx:
        await inbox.see(tx, old, paying)
    assert (await read(paying, payment.id)).intent_id is None
    await advance(paying, payment.id)
    await agree(paying, simulator, captured_fen=2_000)


async def test_whatever_way_the_new_collection_fails_it_takes_effect_once(
    paying: Platform, simulator: SimulatorProcess
) -> None:
    for number, mode in enumerate(FailureMode, start=1):
        payment = await owing(paying)
        await pay(paying, payment)
        await simulator.switch(fail={"mode": mode.value, "count": 1, "method": "POST"})
        for _ in range(5):
            try:
                await advance(paying, payment.id)
            except GatewayUnavailable:
                continue
            break
        summary = await simulator.summary()
        assert (summary["captured_fen"], summary["authorised_fen"]) == (number * 2_000, 0), mode
        assert (await read(paying, payment.id)).captured_fen == 2_000, mode


async def test_a_capture_that_only_seemed_to_fail_is_kept_and_not_given_back(
    paying: Platform, simulator: SimulatorProcess
) -> None:
    payment = await held(paying, 2_000)
    async with transaction(paying.db) as tx:
        await tx.execute(update(Payment).where(col(Payment.id) == payment.id).values(state="failed", keep_fen=2_000))
    await gateway_of(paying).capture(payment.intent_id or "", 2_000, key="seemed")
    await advance(paying, payment.id)
    now = await read(paying, payment.id)
    assert (now.state, now.captured_fen, now.refunded_fen) == ("captured", 2_000, 0)
    await agree(paying, simulator, captured_fen=2_000)


async def test_nothing_is_collected_of_what_is_not_owed(paying: Platform) -> None:
    for payment in (await ask(paying), await held(paying), await held(paying, method=DECLINED)):
        with pytest.raises(NothingOwed):
            await pay(paying, payment)
    with pytest.raises(Malformed):
        await pay(paying, await owing(paying), "")
    with pytest.raises(NoPayment):
        async with transaction(paying.db) as tx:
            await service.collect(tx, new_id(), payment_method=VISA, actor=SYSTEM)
