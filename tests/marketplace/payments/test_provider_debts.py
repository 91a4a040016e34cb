"""A refund after the payout is netted from what the provider earns next, however long that takes."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.payments import audit, books
from marketplace.payments.matters import debts
from marketplace.payments.payouts import schedule
from marketplace.payments.payouts.accrual import payout_id
from marketplace.payments.simulator.process import SimulatorProcess
from marketplace.providers.models import Provider
from tests.marketplace.payments.builders import earn, keep, post, posted
from tests.marketplace.payments.test_payouts import MONDAY, NIGHT, at, row

Deliver = Callable[[Platform], Awaitable[int]]


async def test_a_refund_after_the_payout_makes_the_next_one_smaller(
    paying: Platform, simulator: SimulatorProcess, provider: Provider, deliver_all: Deliver
) -> None:
    payment = await earn(paying, provider.id, 2_000)
    at(paying, NIGHT)
    await deliver_all(paying)
    refund = books.refund_commands(
        provider_id=provider.id,
        booking_id=payment.booking_id,
        refund_fen=1_000,
        fee_permille=50,
        cause="complaint",
        occurred_at=paying.now(),
    )
    await post(paying, refund)
    await keep(paying, payment, 1_000)
    assert await posted(paying, "provider_payable", provider.id) == -950
    await earn(paying, provider.id, 3_000)
    at(paying, NIGHT + timedelta(days=1))
    await deliver_all(paying)
    # 3,000 - 150 - 950
    assert (await row(paying, payout_id(provider.id, MONDAY + timedelta(days=1)))).amount_fen == 1_900
    summary = await simulator.summary()
    assert summary["transferred_fen"] == 3_800
    async with transaction(paying.db) as tx:
        assert await audit.prove(tx) == []
        assert await audit.prove_against(tx, summary) == []


async def test_without_a_next_payout_the_debt_stays_until_earnings_have_paid_it_off_over_several_days(
    paying: Platform, simulator: SimulatorProcess, provider: Provider, deliver_all: Deliver
) -> None:
    payment = await earn(paying, provider.id, 4_000)
    at(paying, NIGHT)
    await deliver_all(paying)
    refund = books.refund_commands(
        provider_id=provider.id,
        booking_id=payment.booking_id,
        refund_fen=4_000,
        fee_permille=50,
        cause="never came",
        occurred_at=paying.now(),
    )
    await post(paying, refund)
    await keep(paying, payment, 0)
    at(paying, NIGHT + timedelta(days=9))
    await deliver_all(paying)
    async with transaction(paying.db) as tx:
        assert await debts(tx) == [(provider.id, 3_800)]
    # days 10 and 11 earn 19.00 each and only pay the debt off; day 12 is paid out again
    for day, state, left_fen in ((10, "skipped", [(provider.id, 1_900)]), (11, "skipped", []), (12, "paid", [])):
        at(paying, NIGHT + timedelta(days=day - 1, hours=8))
        await earn(paying, provider.id, 2_000)
        at(paying, NIGHT + timedelta(days=day))
        await deliver_all(paying)
        assert (await row(paying, payout_id(provider.id, MONDAY + timedelta(days=day)))).state == state
        async with transaction(paying.db) as tx:
            assert await debts(tx) == left_fen
            assert await audit.prove(tx) == []
            assert await audit.prove_against(tx, await simulator.summary()) == []
    assert (await simulator.summary())["transferred_fen"] == 3_800 + 1_900


async def test_a_provider_that_owes_more_than_it_earned_is_not_paid(
    paying: Platform, provider: Provider, deliver_all: Deliver
) -> None:
    async with transaction(paying.db) as tx:
        await schedule(tx, provider.id, now=paying.now())
    at(paying, NIGHT)
    await deliver_all(paying)
    assert (await row(paying, payout_id(provider.id, MONDAY))).state == "skipped"
