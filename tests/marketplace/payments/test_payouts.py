"""Providers are paid once per day what they earned, whatever fails, and never more."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import httpx
import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import col

from marketplace.base.actor import Actor, Role
from marketplace.base.database import transaction
from marketplace.base.ids import new_id
from marketplace.base.platform import Platform
from marketplace.base.timers import Timer
from marketplace.payments import audit, books
from marketplace.payments.connection import gateway_of
from marketplace.payments.gateway import GatewayUnavailable
from marketplace.payments.payouts import schedule
from marketplace.payments.payouts.accrual import payout_id
from marketplace.payments.payouts.models import Payout, PayoutAccount
from marketplace.payments.payouts.transfers import pay_out
from marketplace.payments.reconciliation import reconcile
from marketplace.payments.simulator.process import SimulatorProcess
from marketplace.payments.simulator.switches import FailureMode
from marketplace.providers.models import Provider
from tests.marketplace.payments.builders import earn, post, posted

Deliver = Callable[[Platform], Awaitable[int]]
MONDAY = date(2026, 3, 2)
NIGHT = datetime(2026, 3, 2, 18, tzinfo=UTC)  # Tuesday 02:00 in the city


async def persist(paying: Platform, payout: UUID) -> int:
    """Pay out as the outbox would, until it succeeds; tells how often it failed."""
    for failed in range(6):
        try:
            await pay_out(paying, payout)
        except GatewayUnavailable:
            continue
        return failed
    raise AssertionError("it never succeeds")


async def row(paying: Platform, payout: UUID) -> Payout:
    async with transaction(paying.db) as tx:
        return await tx.get_one(Payout, payout)


def at(paying: Platform, instant: datetime) -> None:
    paying.clock.set(instant)  # type: ignore[attr-defined]  # the tests' clock moves


async def test_two_bookings_of_a_day_are_one_transfer_at_two_the_next_morning(
    paying: Platform, simulator: SimulatorProcess, provider: Provider, deliver_all: Deliver
) -> None:
    await earn(paying, provider.id, 6_800)
    await earn(paying, provider.id, 3_000)
    at(paying, NIGHT - timedelta(seconds=1))
    await deliver_all(paying)
    assert (await row(paying, payout_id(provider.id, MONDAY))).state == "pending"
    at(paying, NIGHT)
    await deliver_all(paying)
    paid = await row(paying, payout_id(provider.id, MONDAY))
    # 6,800 - 340 + 3,000 - 150
    assert (paid.state, paid.amount_fen) == ("paid", 9_310)
    summary = await simulator.summary()
    assert (summary["transferred_fen"], summary["counts"]["transfer"], summary["accounts_fen"]) == (9_310, 1, 9_310)
    assert await posted(paying, "provider_payable", provider.id) == 0
    assert await posted(paying, "gateway_cash") == -(9_800 - 9_310)
    async with transaction(paying.db) as tx:
        assert await audit.prove(tx) == []
        assert await audit.prove_against(tx, summary) == []


async def test_scheduling_a_day_again_changes_nothing(paying: Platform, provider: Provider) -> None:
    async with transaction(paying.db) as tx:
        first = await schedule(tx, provider.id, now=paying.now())
        assert await schedule(tx, provider.id, now=paying.now() + timedelta(hours=5)) == first
        assert await schedule(tx, provider.id, now=NIGHT) != first
        due = await tx.scalars(select(col(Timer.due_at)).where(col(Timer.rule) == "payout.due"))
        assert sorted(due) == [NIGHT, NIGHT + timedelta(days=1)]


@pytest.mark.parametrize("path", ["/v1/transfers", "/v1/accounts"])
async def test_whatever_way_the_call_fails_the_provider_is_paid_once(
    paying: Platform, simulator: SimulatorProcess, provider: Provider, path: str
) -> None:
    total_fen = 0
    for number, mode in enumerate(FailureMode):
        async with transaction(paying.db) as tx:
            await tx.execute(update(PayoutAccount).values(account_id=None, attempt=col(PayoutAccount.attempt) + 10))
        at(paying, NIGHT + timedelta(days=number))
        await earn(paying, provider.id, 1_000)
        await simulator.switch(fail={"mode": mode.value, "count": 1, "path": path, "method": "POST"})
        await persist(paying, payout_id(provider.id, MONDAY + timedelta(days=number + 1)))
        total_fen += 950
        summary = await simulator.summary()
        assert (summary["transferred_fen"], summary["counts"]["transfer"]) == (total_fen, number + 1), mode
        async with transaction(paying.db) as tx:
            assert await audit.prove(tx) == [], mode
            assert await audit.prove_against(tx, summary) == [], mode


async def test_many_workers_and_two_days_at_once_pay_no_fen_twice(
    paying: Platform, simulator: SimulatorProcess, provider: Provider
) -> None:
    async with transaction(paying.db) as tx:
        tx.add(PayoutAccount(provider_id=provider.id))  # not new: making it would already keep the two days apart
    await earn(paying, provider.id, 2_000)
    at(paying, NIGHT)
    await earn(paying, provider.id, 1_000)
    monday, tuesday = payout_id(provider.id, MONDAY), payout_id(provider.id, MONDAY + timedelta(days=1))
    await asyncio.gather(*(pay_out(paying, each) for each in (monday, tuesday) * 3), return_exceptions=True)
    await persist(paying, monday)
    await persist(paying, tuesday)
    summary = await simulator.summary()
    assert (summary["transferred_fen"], summary["counts"]["transfer"]) == (2_850, 1)
    assert {(await row(paying, each)).state for each in (monday, tuesday)} == {"paid", "skipped"}


async def test_a_suspended_provider_waits_for_its_money_and_gets_it_when_it_may_serve_again(
    paying: Platform, simulator: SimulatorProcess, provider: Provider, deliver_all: Deliver
) -> None:
    await earn(paying, provider.id, 2_000)
    await stand(paying, provider, "suspended")
    at(paying, NIGHT)
    await deliver_all(paying)
    assert (await row(paying, payout_id(provider.id, MONDAY))).state == "held"
    assert (await simulator.summary())["transferred_fen"] == 0
    await stand(paying, provider, "active")
    at(paying, NIGHT + timedelta(days=1))
    await deliver_all(paying)
    assert (await row(paying, payout_id(provider.id, MONDAY))).state == "paid"
    assert (await simulator.summary())["transferred_fen"] == 1_900


async def stand(paying: Platform, provider: Provider, state: str) -> None:
    async with transaction(paying.db) as tx:
        await tx.execute(update(Provider).where(col(Provider.id) == provider.id).values(state=state))


async def test_too_low_a_balance_is_tried_again_an_hour_later(
    paying: Platform, simulator: SimulatorProcess, provider: Provider, deliver_all: Deliver
) -> None:
    await post(
        paying,
        books.settle_commands(
            provider_id=provider.id, booking_id=new_id(), gross_fen=2_000, fee_permille=50, occurred_at=paying.now()
        ),
    )  # earned, but the cards have not paid yet
    async with transaction(paying.db) as tx:
        await schedule(tx, provider.id, now=paying.now())
    at(paying, NIGHT)
    await deliver_all(paying)
    assert (await row(paying, payout_id(provider.id, MONDAY))).state == "sent"
    assert (await simulator.summary())["transferred_fen"] == 0
    await earn(paying, new_id(), 5_000)
    at(paying, NIGHT + timedelta(hours=1))
    await deliver_all(paying)
    assert (await row(paying, payout_id(provider.id, MONDAY))).state == "paid"
    assert (await simulator.summary())["transferred_fen"] == 1_900


async def test_a_refused_transfer_is_owed_again_and_goes_out_with_the_next_payout(
    paying: Platform, provider: Provider, deliver_all: Deliver
) -> None:
    await earn(paying, provider.id, 2_000)
    async with transaction(paying.db) as tx:
        tx.add(PayoutAccount(provider_id=provider.id, account_id="acct_unknown"))
    at(paying, NIGHT)
    await deliver_all(paying)
    failed = await row(paying, payout_id(provider.id, MONDAY))
    assert failed.state == "failed"
    assert failed.code is not None
    assert await posted(paying, "provider_payable", provider.id) == 1_900
    async with transaction(paying.db) as tx:
        await tx.execute(update(PayoutAccount).values(account_id=None))
    at(paying, NIGHT + timedelta(days=1))
    await deliver_all(paying)
    assert (await row(paying, payout_id(provider.id, MONDAY + timedelta(days=1)))).amount_fen == 1_900
    async with transaction(paying.db) as tx:
        assert await audit.prove(tx) == []


async def test_a_process_that_dies_after_the_transfer_records_it_when_it_comes_back(
    paying: Platform, simulator: SimulatorProcess, provider: Provider
) -> None:
    await earn(paying, provider.id, 2_000)
    monday = payout_id(provider.id, MONDAY)
    await simulator.switch(fail={"mode": "cut_after_effect", "count": 1, "path": "/v1/transfers"})
    with pytest.raises(GatewayUnavailable):
        await pay_out(paying, monday)
    assert (await row(paying, monday)).state == "sent"
    assert await reconcile(paying, wall=datetime.now(UTC) + timedelta(minutes=11)) >= 1
    assert (await row(paying, monday)).state == "paid"
    assert (await simulator.summary())["counts"]["transfer"] == 1


async def test_a_transfer_older_than_the_gateways_memory_is_looked_up(
    paying: Platform, simulator: SimulatorProcess, provider: Provider
) -> None:
    await earn(paying, provider.id, 2_000)
    monday = payout_id(provider.id, MONDAY)
    await simulator.switch(fail={"mode": "cut_after_effect", "count": 1, "path": "/v1/transfers"})
    with pytest.raises(GatewayUnavailable):
        await pay_out(paying, monday)
    async with transaction(paying.db) as tx:
        await tx.execute(update(Payout).values(sent_at=datetime.now(UTC) - timedelta(hours=25)))
    await pay_out(paying, monday)
    assert (await row(paying, monday)).state == "paid"
    made = await gateway_of(paying).find_transfers(str(monday))
    assert [transfer.amount_fen for transfer in made] == [1_900]


async def test_no_second_payout_of_a_provider_and_day_can_exist(paying: Platform, provider: Provider) -> None:
    async with transaction(paying.db) as tx:
        await schedule(tx, provider.id, now=paying.now())
    with pytest.raises(IntegrityError, match="payout_provider_day"):
        async with transaction(paying.db) as tx:
            tx.add(Payout(id=new_id(), provider_id=provider.id, day=MONDAY))
    async with transaction(paying.db) as tx:
        assert await tx.scalar(select(func.count()).select_from(Payout)) == 1


async def test_a_provider_sees_its_own_payouts_and_no_other(
    paying: Platform,
    client: httpx.AsyncClient,
    provider: Provider,
    as_: Callable[[Actor], dict[str, str]],
    deliver_all: Deliver,
) -> None:
    await earn(paying, provider.id, 2_000)
    at(paying, NIGHT)
    await deliver_all(paying)
    await earn(paying, provider.id, 1_000)
    own = Actor(account_id=new_id(), roles=frozenset({Role.PROVIDER}), provider_id=provider.id)
    other = Actor(account_id=new_id(), roles=frozenset({Role.PROVIDER}), provider_id=new_id())
    operator = Actor(account_id=new_id(), roles=frozenset({Role.OPERATOR}))
    family = Actor(account_id=new_id(), roles=frozenset({Role.FAMILY}))
    address = f"/v1/providers/{provider.id}/payouts"
    page = (await client.get(address, headers=as_(own))).json()
    assert page["payable_fen"] == 950
    assert [(each["day"], each["state"], each["amount_fen"]) for each in page["payouts"]] == [
        ("2026-03-03", "pending", 0),
        ("2026-03-02", "paid", 1_900),
    ]
    statuses = [(await client.get(address, headers=as_(who))).status_code for who in (operator, other, family)]
    assert statuses == [200, 404, 403]
    assert (await client.get("/v1/providers/nonsense/payouts", headers=as_(operator))).status_code == 404
    assert (await client.get(address)).status_code == 401
