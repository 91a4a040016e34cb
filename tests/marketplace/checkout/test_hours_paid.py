from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import col

import timebank
from marketplace.base.actor import Actor, Role
from marketplace.base.database import transaction
from marketplace.hours.books import available_minutes
from marketplace.hours.members.joining import join_elder
from marketplace.hours.members.programmes import Authority, authorise, grant
from marketplace.hours.models import Member
from marketplace.payments.models import Payment
from marketplace.people.access import Scope
from marketplace.people.grants import grant as family_grant
from marketplace.people.schemas import GrantIn
from tests.builders import an_actor
from tests.conftest import MovableClock
from tests.marketplace.checkout.builders import an_offer, at
from tests.marketplace.checkout.conftest import Desk
from tests.marketplace.hours.giving.scene import Told

SYSTEM = Actor.system()


async def a_saver(desk: Desk, minutes: int) -> Member:
    """The elder joins the time bank and is granted minutes."""
    now = desk.platform.now()
    async with transaction(desk.platform.db) as tx:
        member = await join_elder(tx, desk.market.elder, rules=desk.platform.policy.timebank, actor=SYSTEM, now=now)
    authority = Authority(
        name_zh="示例项目",
        name_en="Sample",
        district_id=None,
        categories=("living_alone",),
        ceiling_minutes=10_000,
        valid_from=date(2026, 1, 1),
        valid_until=date(2026, 12, 31),
    )
    async with transaction(desk.platform.db) as tx:
        programme = await authorise(tx, authority, actor=desk.market.officer, now=now)
    async with transaction(desk.platform.db) as tx:
        await grant(tx, programme.id, member.ledger_account, minutes, key="grant:test", now=now)
    return member


async def an_hours_offer(desk: Desk) -> dict[str, Any]:
    async with transaction(desk.platform.db) as tx:
        offer = await an_offer(tx, desk.market.provider_id, "cleaning", unit="minutes", amount=90, tier="low_cost")
    return {"offer_id": str(offer), "unit": "minutes"}


async def minutes_of(desk: Desk, member: Member) -> tuple[int, int]:
    """What is posted to a member, and what is free of it."""
    async with transaction(desk.platform.db) as tx:
        found = await timebank.balance(tx, member.ledger_account, now=desk.platform.now())
        return found.posted, await available_minutes(tx, member.ledger_account, now=desk.platform.now())


async def test_hours_are_held_at_once_and_reach_the_provider_when_the_service_was_given(
    desk: Desk, clock: MovableClock
) -> None:
    saver = await a_saver(desk, 100)
    booking = await desk.book(actor=desk.market.elder_actor, asks=await an_hours_offer(desk))
    assert booking["state"] == "confirmed"
    assert booking["tenders"] == [{"kind": "hours", "unit": "minutes", "amount": 90, "state": "held", "kept": None}]
    assert await minutes_of(desk, saver) == (100, 10)
    await desk.serve(booking, clock)
    done = await desk.show(booking)
    assert (done["state"], done["tenders"][0]["state"]) == ("completed", "captured")
    assert await minutes_of(desk, saver) == (10, 10)
    async with transaction(desk.platform.db) as tx:
        provider = (await tx.scalars(select(Member).where(col(Member.kind) == "provider"))).one()
        assert (await tx.scalars(select(Payment))).all() == []  # hours are never turned into money
    assert await minutes_of(desk, provider) == (90, 90)


@pytest.mark.parametrize("late", [False, True])
async def test_cancelling_gives_all_hours_back_however_late(desk: Desk, clock: MovableClock, *, late: bool) -> None:
    saver = await a_saver(desk, 100)
    booking = await desk.book(actor=desk.market.elder_actor, asks=await an_hours_offer(desk))
    if late:
        clock.set(at(9, 59))
    told = await desk.get(f"/v1/bookings/{booking['id']}/cancellation")
    assert (told["fee_fen"], told["refund_fen"], told["returned_minutes"]) == (0, 0, 90)
    cancelled = await desk.cancel(booking, actor=desk.market.elder_actor)
    assert (cancelled["state"], cancelled["tenders"][0]["state"]) == ("cancelled", "released")
    assert await minutes_of(desk, saver) == (100, 100)


async def test_who_has_too_few_hours_books_nothing_and_holds_nothing(desk: Desk) -> None:
    saver = await a_saver(desk, 89)
    refused = await desk.book(actor=desk.market.elder_actor, asks=await an_hours_offer(desk), expect=409)
    assert (refused["code"], refused["available"], refused["amount"]) == ("not_enough_hours", 89, 90)
    assert await minutes_of(desk, saver) == (89, 89)
    assert await desk.seconds_used() == 0


async def test_a_visit_that_nobody_made_gives_the_hours_back(desk: Desk, clock: MovableClock) -> None:
    saver = await a_saver(desk, 90)
    booking = await desk.book(actor=desk.market.elder_actor, asks=await an_hours_offer(desk))
    clock.set(at(12))
    await desk.settle_down()
    assert (await desk.show(booking))["state"] == "failed"
    assert await minutes_of(desk, saver) == (90, 90)


async def test_an_offer_without_a_price_in_hours_is_not_paid_in_hours(desk: Desk) -> None:
    answer = await desk.post("/v1/quotes", desk.market.asks(unit="minutes"), expect=409)
    assert (answer["code"], answer["reason"]) == ("not_bookable", "no_price_in_unit")


async def test_hours_take_no_card(desk: Desk) -> None:
    await a_saver(desk, 100)
    asks = await an_hours_offer(desk)
    refused = await desk.book(actor=desk.market.elder_actor, asks=asks, payment_method="pm_card_visa", expect=400)
    assert refused["code"] == "payment_method_unused"


async def test_the_family_pays_with_the_elders_hours_as_far_as_her_grant_goes_and_she_is_told(desk: Desk) -> None:
    saver = await a_saver(desk, 100)
    asks = await an_hours_offer(desk)
    told = Told()
    desk.platform = replace(desk.platform, channel=told)  # the one that delivers
    async with transaction(desk.platform.db) as tx:
        booker, payer = [await an_actor(desk.platform, tx, Role.FAMILY) for _ in range(2)]
        grants: list[tuple[Actor, tuple[Scope, ...]]] = [(booker, ("view", "book")), (payer, ("view", "book", "pay"))]
        for actor, scopes in grants:
            assert actor.account_id is not None
            data = GrantIn(account_id=actor.account_id, relation="child", scopes=scopes)
            await family_grant(tx, desk.market.elder.id, data, actor=SYSTEM, now=desk.platform.now())
    refused = await desk.book(actor=booker, asks=asks, hours_of="elder", expect=403)
    assert (refused["code"], refused["scope"]) == ("delegation_missing", "pay")
    refused = await desk.book(actor=payer, hours_of="elder", expect=400)  # priced in money
    assert refused["code"] == "price_not_in_hours"
    assert await minutes_of(desk, saver) == (100, 100)
    booking = await desk.book(actor=payer, asks=asks, hours_of="elder")
    assert (booking["state"], booking["booked_by"]) == ("confirmed", str(payer.account_id))
    assert await minutes_of(desk, saver) == (100, 10)
    await desk.settle_down()
    said = "【六助】已用您的时间预约服务。由您授权的家属代您办理，如有疑问请联系社区。"
    assert [text for _, text in told.texts] == [said, said]  # to her, and to the one of her family who did not book
    await desk.cancel(booking, actor=payer)
    assert await minutes_of(desk, saver) == (100, 100)
