"""Hours redeemed with a provider whom a programme pays: its budget in fen pays, and the hours go back to it."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

import timebank
from marketplace.base.actor import Actor, Role
from marketplace.base.database import transaction
from marketplace.hours.audit import prove
from marketplace.hours.books import CITY, book_of, budget_account, programme_account
from marketplace.hours.members.redemptions import BudgetTooLow, fen_for, set_budget
from marketplace.hours.models import Member, Programme, Redemption
from marketplace.payments import audit as money
from marketplace.payments import books
from marketplace.payments.payouts.models import Payout
from tests.builders import an_actor
from tests.conftest import MovableClock
from tests.marketplace.checkout.conftest import Desk
from tests.marketplace.checkout.test_hours_paid import a_saver, an_hours_offer, minutes_of
from tests.marketplace.hours.builders import balances, legs_of

Json = dict[str, Any]


@dataclass(frozen=True)
class Paid:
    """A saver with 100 minutes, an offer of 90 minutes, and the programme that pays 4,000 fen an hour for it."""

    saver: Member
    asks: Json
    programme: UUID
    operator: Actor
    agreement: Json


async def paid(desk: Desk, *, budget_fen: int = 10_000) -> Paid:
    saver, asks = await a_saver(desk, 100), await an_hours_offer(desk)
    async with transaction(desk.platform.db) as tx:
        operator = await an_actor(desk.platform, tx, Role.OPERATOR)
        programme = (await tx.scalars(select(Programme))).one()
    address = f"/v1/programmes/{programme.id}"
    await desk.post(f"{address}/budget", {"budget_fen": budget_fen}, actor=operator, expect=200)
    agreed = {"offer_id": asks["offer_id"], "fen_per_hour": 4_000}
    agreement = await desk.post(f"{address}/agreements", agreed, actor=operator)
    return Paid(saver, asks, programme.id, operator, agreement)


async def book(desk: Desk, scene: Paid, expect: int = 201) -> Json:
    return await desk.book(actor=desk.market.elder_actor, asks=scene.asks, expect=expect)


async def test_the_programmes_money_pays_the_provider_and_the_hours_go_back_to_it(
    desk: Desk, clock: MovableClock
) -> None:
    scene = await paid(desk)
    booking = await book(desk, scene)
    # 90 minutes at 4,000 fen an hour are 6,000 fen
    assert await balances(desk.platform, budget_account(scene.programme)) == [(0, 6_000)]
    assert await minutes_of(desk, scene.saver) == (100, 10)
    await desk.serve(booking, clock)
    assert (await desk.show(booking))["state"] == "completed"
    payable = books.account(books.PAYABLE, desk.market.provider_id)
    assert await balances(desk.platform, budget_account(scene.programme), payable) == [(-6_000, 0), (6_000, 0)]
    # 100 were granted and 90 have come back: 10 are about, and the provider has no hours of its own
    assert await balances(desk.platform, programme_account(scene.programme)) == [(-10, 0)]
    assert await minutes_of(desk, scene.saver) == (10, 10)
    key = f"booking:{booking['id']}:hours"
    home = book_of(scene.saver.district_id)
    assert await legs_of(desk.platform, f"{key}:capture") == sorted(
        [(home, "member", -90), (home, "clearing", 90), (CITY, "position", -90), (CITY, "issuance", 90)]
    )
    assert await legs_of(desk.platform, f"{key}:money:capture") == [
        (CITY, "issuance", -6_000),
        (CITY, "provider_payable", 6_000),
    ]
    async with transaction(desk.platform.db) as tx:
        assert await tx.scalar(text("SELECT count(*) FROM member WHERE kind = 'provider'")) == 0
        assert await tx.scalar(text("SELECT count(*) FROM payout WHERE state = 'pending'")) == 1
        assert await prove(tx) == []


async def test_the_authoritys_money_reaches_the_provider_and_the_books_follow_the_cash(
    desk: Desk, clock: MovableClock
) -> None:
    scene = await paid(desk)
    address, bank = f"/v1/programmes/{scene.programme}/fundings", {"amount_fen": 9_000, "reference": "20260302-1"}
    for _ in range(2):  # told twice, booked once
        assert (await desk.post(address, bank, actor=scene.operator))["funded_fen"] == 9_000
    other = await desk.post(address, {**bank, "amount_fen": 9_001}, actor=scene.operator, expect=409)
    assert other["code"] == "funding_known"
    await desk.serve(await book(desk, scene), clock)
    async with transaction(desk.platform.db) as tx:
        await apply_payout(tx, desk)
    cash, transit = books.account(books.CASH), books.account(books.TRANSIT)
    # 9,000 came in, 6,000 went out: the gateway should show 3,000
    assert await balances(desk.platform, cash, transit) == [(-3_000, 0), (0, 0)]
    async with transaction(desk.platform.db) as tx:
        assert await prove(tx) == []
        assert await money.prove(tx) == []


async def apply_payout(tx: AsyncSession, desk: Desk) -> None:
    """The day's payout leaves: its two entries, and its row as the transfer leaves it."""
    payout = (await tx.scalars(select(Payout))).one()
    payout.state, payout.amount_fen, payout.transfer_id = "paid", 6_000, "tr_sample"
    for step in ("sent", "paid"):
        commands = books.payout_commands(
            payout.id,
            step,
            provider_id=desk.market.provider_id,
            amount_fen=6_000,
            occurred_at=desk.platform.now(),
        )
        await timebank.apply(tx, commands, now=desk.platform.now())


async def test_a_booking_beyond_the_budget_is_refused_and_holds_nothing(desk: Desk) -> None:
    scene = await paid(desk, budget_fen=5_999)
    refused = await book(desk, scene, expect=409)
    assert (refused["code"], refused["needed"], refused["available"]) == ("budget_reached", 6_000, 5_999)
    assert await minutes_of(desk, scene.saver) == (100, 100)
    assert await balances(desk.platform, budget_account(scene.programme)) == [(0, 0)]
    async with transaction(desk.platform.db) as tx:
        assert await tx.scalar(text("SELECT count(*) FROM redemption")) == 0


async def test_a_cancelled_booking_frees_hours_and_money(desk: Desk) -> None:
    scene = await paid(desk)
    booking = await book(desk, scene)
    await desk.cancel(booking, actor=desk.market.elder_actor)
    assert await balances(desk.platform, budget_account(scene.programme)) == [(0, 0)]
    assert await minutes_of(desk, scene.saver) == (100, 100)
    async with transaction(desk.platform.db) as tx:
        assert (await tx.scalars(select(Redemption.state))).all() == ["released"]  # type: ignore[call-overload]  # a column
        assert await prove(tx) == []


async def test_after_the_agreements_end_new_bookings_are_given_and_old_ones_paid(
    desk: Desk, clock: MovableClock
) -> None:
    scene = await paid(desk)
    booking = await book(desk, scene)
    await desk.post(f"/v1/agreements/{scene.agreement['id']}/end", {}, actor=scene.operator, expect=200)
    await desk.serve(booking, clock)
    payable = books.account(books.PAYABLE, desk.market.provider_id)
    assert await balances(desk.platform, payable) == [(6_000, 0)]


async def test_one_programme_at_a_time_pays_for_an_offer(desk: Desk) -> None:
    scene = await paid(desk)
    agreed = {"offer_id": scene.asks["offer_id"], "fen_per_hour": 5_000}
    address = f"/v1/programmes/{scene.programme}/agreements"
    refused = await desk.post(address, agreed, actor=scene.operator, expect=409)
    assert refused["code"] == "agreed_already"
    await desk.post(address, agreed, actor=desk.market.officer, expect=403)
    listed = await desk.client.get(address, headers=desk._as(scene.operator))
    assert [one["fen_per_hour"] for one in listed.json()] == [4_000]


async def test_a_budget_does_not_fall_below_what_is_promised(desk: Desk) -> None:
    scene = await paid(desk)
    await book(desk, scene)
    with pytest.raises(BudgetTooLow):
        async with transaction(desk.platform.db) as tx:
            await set_budget(tx, scene.programme, 5_999, actor=scene.operator, now=desk.platform.now())
    async with transaction(desk.platform.db) as tx:
        await set_budget(tx, scene.programme, 6_000, actor=scene.operator, now=desk.platform.now())
        found = await timebank.balance(tx, budget_account(scene.programme), now=desk.platform.now())
    assert (found.floor, found.available) == (-6_000, 0)


@pytest.mark.parametrize(
    ("minutes", "rate", "fen"), [(90, 4_000, 6_000), (47, 3_500, 2_742), (3, 10, 1), (9, 10, 2), (15, 10, 2), (1, 1, 1)]
)
def test_money_for_minutes_is_rounded_half_to_even_and_never_nothing(minutes: int, rate: int, fen: int) -> None:
    # 47 x 3,500 / 60 = 2,741.67; 3 x 10 / 60 = 0.5 -> 0, at least 1; 9 x 10 / 60 = 1.5 -> 2; 15 x 10 / 60 = 2.5 -> 2
    assert fen_for(minutes, rate) == fen
