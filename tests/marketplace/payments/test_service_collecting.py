"""What a booking asks of its payment is reached by the fewest steps, in whatever order it is asked."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlmodel import col

from marketplace.base.actor import Actor
from marketplace.base.database import transaction
from marketplace.base.errors import Malformed
from marketplace.base.ids import new_id
from marketplace.base.platform import Platform
from marketplace.base.timers import Timer
from marketplace.payments import service
from marketplace.payments.collecting.beats import advance
from marketplace.payments.errors import AlreadyGivenBack, AmountOutOfRange, NoPayment, PaymentExists
from marketplace.payments.models import Payment, PaymentStep
from marketplace.payments.simulator.process import SimulatorProcess
from tests.marketplace.payments.builders import SYSTEM, VISA, ask, count_sent, decide, held, keep, posted, read

Deliver = Callable[[Platform], Awaitable[int]]


async def test_a_requested_booking_gets_its_card_authorised_once_however_often_the_message_comes(
    paying: Platform, simulator: SimulatorProcess, deliver_all: Deliver
) -> None:
    payment = await ask(paying, 5_000)
    await deliver_all(paying)
    for _ in range(3):
        await advance(paying, payment.id)
    now = await read(paying, payment.id)
    assert (now.state, now.captured_fen, now.is_covered) == ("authorized", 0, True)
    assert (await simulator.summary())["authorised_fen"] == 5_000
    assert (await simulator.summary())["counts"]["payment_intent"] == {"requires_capture": 1}
    assert await count_sent(paying, "payment.changed") == 1


async def test_what_is_kept_is_captured_and_the_rest_released(paying: Platform, simulator: SimulatorProcess) -> None:
    payment = await keep(paying, await held(paying, 5_000), 3_200)
    assert (payment.state, payment.captured_fen, payment.refunded_fen) == ("captured", 3_200, 0)
    summary = await simulator.summary()
    assert (summary["captured_fen"], summary["authorised_fen"], summary["refunded_fen"]) == (3_200, 0, 0)
    assert await posted(paying, "gateway_cash") == -3_200


async def test_keeping_nothing_of_a_held_card_voids_it(paying: Platform, simulator: SimulatorProcess) -> None:
    payment = await keep(paying, await held(paying), 0)
    assert (payment.state, payment.captured_fen) == ("canceled", 0)
    assert (await simulator.summary())["counts"]["payment_intent"] == {"canceled": 1}


@pytest.mark.parametrize("wallet", ["alipay", "wechat_pay"])
async def test_a_wallet_is_paid_at_once_and_refunded_when_nothing_is_kept(
    paying: Platform, simulator: SimulatorProcess, wallet: str
) -> None:
    paid = await held(paying, 1_800, method=wallet)
    assert (paid.state, paid.captured_fen) == ("captured", 1_800)
    back = await keep(paying, paid, 0)
    assert (back.state, back.captured_fen, back.refunded_fen, back.kept_fen) == ("captured", 1_800, 1_800, 0)
    assert (await simulator.summary())["balance_fen"] == 0
    assert await posted(paying, "gateway_cash") == 0
    assert await posted(paying, "card_receivable") == 0


async def test_a_booking_given_up_before_its_payment_began_never_reaches_the_gateway(
    paying: Platform, simulator: SimulatorProcess, deliver_all: Deliver
) -> None:
    payment = await ask(paying)
    await decide(paying, payment, 0)
    await deliver_all(paying)
    assert (await read(paying, payment.id)).state == "canceled"
    assert (await simulator.summary())["counts"]["payment_intent"] == {}


async def test_a_declined_card_fails_with_the_banks_reason_and_its_intent_is_given_up(
    paying: Platform, simulator: SimulatorProcess
) -> None:
    payment = await held(paying, method="pm_card_chargeDeclinedInsufficientFunds")
    assert (payment.state, payment.decline_code, payment.is_covered) == ("failed", "insufficient_funds", False)
    assert (await simulator.summary())["counts"]["payment_intent"] == {"canceled": 1}
    assert await count_sent(paying, "payment.changed") == 1


async def test_a_method_that_the_gateway_does_not_know_fails_the_payment(paying: Platform) -> None:
    payment = await held(paying, method="pm_nothing_like_it")
    assert payment.state == "failed"
    assert payment.decline_code is not None


async def test_a_card_that_fails_at_capture_leaves_the_payment_failed_and_the_books_untouched(
    paying: Platform,
) -> None:
    payment = await keep(paying, await held(paying, 2_000, method="pm_card_captureFails"), 2_000)
    assert (payment.state, payment.captured_fen) == ("failed", 0)
    assert payment.decline_code is not None


async def test_a_card_for_a_far_service_is_saved_and_authorised_two_days_before(
    paying: Platform, simulator: SimulatorProcess, deliver_all: Deliver
) -> None:
    starts_at = paying.now() + timedelta(days=10)
    payment = await ask(paying, starts_at=starts_at)
    await deliver_all(paying)
    saved = await read(paying, payment.id)
    assert (saved.state, saved.is_covered) == ("saved", True)
    assert (await simulator.summary())["counts"]["payment_intent"] == {}
    paying.clock.set(starts_at - timedelta(days=2, seconds=1))  # type: ignore[attr-defined]  # the tests' clock moves
    await deliver_all(paying)
    assert (await read(paying, payment.id)).state == "saved"
    paying.clock.set(starts_at - timedelta(days=2))  # type: ignore[attr-defined]  # the tests' clock moves
    await deliver_all(paying)
    assert (await read(paying, payment.id)).state == "authorized"


async def test_four_days_before_the_service_is_near_enough_to_authorise_at_once(paying: Platform) -> None:
    for days, state in ((4, "authorized"), (5, "saved")):
        payment = await ask(paying, starts_at=paying.now() + timedelta(days=days))
        await advance(paying, payment.id)
        assert (await read(paying, payment.id)).state == state


async def test_an_undecided_authorisation_is_captured_whole_twelve_hours_before_it_lapses_and_refunded_later(
    paying: Platform, simulator: SimulatorProcess, deliver_all: Deliver
) -> None:
    payment = await held(paying, 4_000)
    assert payment.capture_before_at is not None
    async with transaction(paying.db) as tx:
        due_at = await tx.scalar(select(col(Timer.due_at)).where(col(Timer.rule) == "payment.lapse_due"))
    assert due_at == payment.capture_before_at - timedelta(hours=12)
    # seven days of the card, counted in the domain's time: 7 d - 12 h = 6.5 d
    assert abs(due_at - paying.now() - timedelta(days=6.5)) < timedelta(minutes=1)
    paying.clock.set(due_at)  # type: ignore[attr-defined]  # the tests' clock moves
    await deliver_all(paying)
    early = await read(paying, payment.id)
    assert (early.state, early.captured_fen, early.captured_early) == ("captured", 4_000, True)
    settled = await keep(paying, early, 3_000)
    assert (settled.captured_fen, settled.refunded_fen) == (4_000, 1_000)
    assert (await simulator.summary())["balance_fen"] == 3_000


async def test_two_equal_refunds_in_a_row_are_two_refunds(paying: Platform, simulator: SimulatorProcess) -> None:
    payment = await keep(paying, await held(paying, 5_000), 5_000)
    payment = await keep(paying, payment, 4_000)
    payment = await keep(paying, payment, 3_000)
    assert (payment.captured_fen, payment.refunded_fen) == (5_000, 2_000)
    assert (await simulator.summary())["counts"]["refund"] == 2
    async with transaction(paying.db) as tx:
        keys = (await tx.scalars(select(col(PaymentStep.key)).where(col(PaymentStep.kind) == "refund"))).all()
    assert sorted(keys) == [f"payment:{payment.id}:refund:1000", f"payment:{payment.id}:refund:1000:2"]


async def test_a_decision_never_rises_again(paying: Platform) -> None:
    payment = await ask(paying, 5_000)
    await decide(paying, payment, 2_000)
    with pytest.raises(AlreadyGivenBack):
        await decide(paying, payment, 2_001)
    await decide(paying, payment, 2_000)
    assert (await read(paying, payment.id)).keep_fen == 2_000


async def test_one_cannot_keep_less_than_nothing_or_more_than_was_asked(paying: Platform) -> None:
    payment = await ask(paying, 5_000)
    for keep_fen in (-1, 5_001):
        with pytest.raises(AmountOutOfRange):
            await decide(paying, payment, keep_fen)
    assert (await read(paying, payment.id)).keep_fen is None


async def test_a_payment_that_means_nothing_is_refused(platform: Platform) -> None:
    for amount_fen in (0, -5, 100_000_001):
        with pytest.raises(AmountOutOfRange):
            await ask(platform, amount_fen)
    for method in ("", "x" * 201, "pm\n"):
        with pytest.raises(Malformed):
            await ask(platform, 5, method=method)
    async with transaction(platform.db) as tx:
        assert (await tx.scalars(select(Payment))).all() == []


async def test_asking_twice_is_one_payment_and_another_amount_is_a_conflict(platform: Platform) -> None:
    booking_id = new_id()

    async def again(amount_fen: int) -> str:
        async with transaction(platform.db) as tx:
            payment = await service.ask(
                tx,
                booking_id=booking_id,
                amount_fen=amount_fen,
                payment_method=VISA,
                actor=Actor.system(),
                now=platform.now(),
            )
        return str(payment.id)

    assert await again(700) == await again(700)
    with pytest.raises(PaymentExists):
        await again(701)


async def test_nothing_can_be_decided_without_a_payment(platform: Platform) -> None:
    with pytest.raises(NoPayment):
        async with transaction(platform.db) as tx:
            await service.decide(tx, new_id(), 0, actor=SYSTEM, now=platform.now())


@pytest.mark.parametrize(("outcome", "state"), [("success", "authorized"), ("failure", "failed")])
async def test_a_payer_who_must_confirm_is_shown_where_and_the_address_is_erased_after(
    paying: Platform, simulator: SimulatorProcess, deliver_all: Deliver, outcome: str, state: str
) -> None:
    payment = await held(paying, method="pm_card_authenticationRequired")
    assert (payment.state, payment.is_covered) == ("action_required", False)
    assert payment.intent_id is not None
    assert payment.action_url_sealed is not None
    await simulator.authenticate(payment.intent_id, outcome)
    paying.clock.set(paying.now() + timedelta(minutes=10))  # type: ignore[attr-defined]  # the tests' clock moves
    await deliver_all(paying)  # reconciliation fetches the undelivered events
    after = await read(paying, payment.id)
    assert (after.state, after.action_url_sealed) == (state, None)


async def test_an_unconfirmed_payment_is_voided_when_its_booking_is_given_up(
    paying: Platform, simulator: SimulatorProcess
) -> None:
    payment = await keep(paying, await held(paying, method="pm_card_authenticationRequired"), 0)
    assert payment.state == "canceled"
    assert (await simulator.summary())["counts"]["payment_intent"] == {"canceled": 1}


async def test_an_authorisation_that_expired_unseen_ends_as_expired_and_takes_nothing(
    paying: Platform, simulator: SimulatorProcess
) -> None:
    payment = await held(paying)
    await simulator.advance(8 * 24 * 3600)
    late = await keep(paying, payment, 5_000)
    assert (late.state, late.captured_fen) == ("auth_expired", 0)
