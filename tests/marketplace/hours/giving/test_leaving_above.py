"""Leaving with more than one person may give away waits for a second person, whoever asks; the limit is 100."""

import asyncio
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

import timebank
from marketplace.base.database import transaction
from marketplace.hours.books import pool_account
from marketplace.hours.models import Task
from marketplace.hours.tasks.grabbing import grab
from tests.conftest import MovableClock
from tests.marketplace.hours.builders import a_task, balances, give
from tests.marketplace.hours.giving.desk import Desk
from tests.marketplace.hours.giving.scene import Scene, a_scene, an_elder_with, faults, member_now, rows

TO_POOL = {"reason": "moves to another city", "balance_to": "pool"}


def door(scene: Scene) -> str:
    return f"/v1/members/{scene.giver.member.id}/leave"


async def test_who_leaves_with_more_than_the_limit_waits_for_a_second_person_and_takes_along_what_came_since(
    desk: Desk,
) -> None:
    scene = await a_scene(desk.platform, minutes=101)
    elder, _ = await an_elder_with(desk.platform, scene, minutes=60)
    async with transaction(desk.platform.db) as tx:
        task = await a_task(desk.platform, tx, elder)
    twice = [desk.post(scene.giver.actor, door(scene), TO_POOL) for _ in range(2)]
    asked, again = await asyncio.gather(*twice)  # leaving twice is leaving once
    assert (asked["state"], again["waits_for"]) == ("active", asked["waits_for"])
    address = f"/v1/orders/{asked['waits_for']}/approve"
    assert await desk.refused(scene.giver.actor, address, {}) == (403, "forbidden")
    pool = pool_account(scene.districts[0])
    assert await balances(desk.platform, scene.giver.account, pool) == [(101, 101), (0, 0)]
    assert await faults(desk.platform) == []
    async with transaction(desk.platform.db) as tx:  # 7 more, and a task that she takes: both are settled at the end
        await give(desk.platform, tx, scene.bank, scene.giver.account, 7)
        await grab(tx, task.id, actor=scene.giver.actor, rules=desk.platform.policy.timebank, now=desk.platform.now())
    many = await desk.post(
        scene.officer, "/v1/orders/decisions", {"order_ids": [asked["waits_for"]], "verdict": "approve"}
    )
    assert [one["code"] for one in many["rows"]] == ["one_by_one"]
    await desk.deliver()
    done = await desk.post(scene.officer, address, {})
    assert (done["kind"], done["state"], done["minutes"]) == ("leaving", "done", 108)
    assert await balances(desk.platform, scene.giver.account, pool) == [(0, 0), (108, 0)]
    assert await desk.deliver() == ["【六助】您的 108 分钟已转出（退出时间银行）。"]
    async with transaction(desk.platform.db) as tx:
        back = await tx.get_one(Task, task.id)
        assert (back.state, back.member_id) == ("published", None)
    closed = "SELECT m.state, a.state FROM member m JOIN ledger_account a ON a.id = m.ledger_account WHERE m.id = :id"
    assert await rows(desk.platform, closed, id=scene.giver.member.id) == [("left", "closed")]
    assert await desk.refused(scene.officer, f"/v1/orders/{asked['waits_for']}/undo", {"reason": "no"}) == (
        409,
        "not_undoable",
    )
    assert (await desk.post(scene.giver.actor, door(scene), TO_POOL))["waits_for"] is None
    assert await faults(desk.platform) == []


async def test_standing_orders_end_with_who_leaves_and_not_before_a_second_person_has_agreed(
    desk: Desk, clock: MovableClock
) -> None:
    scene = await a_scene(desk.platform, minutes=150)
    monthly = {"rule": "FREQ=MONTHLY;BYMONTHDAY=1", "starts_at": (clock.instant + timedelta(days=1)).isoformat()}
    await desk.post(scene.giver.actor, "/v1/schedules", {"donation": {"to": "branch", "minutes": 5}, **monthly}, 201)
    states = "SELECT state FROM transfer_schedule"
    asked = await desk.post(scene.giver.actor, door(scene), TO_POOL)
    assert await rows(desk.platform, states) == [("active",)]
    await desk.post(scene.officer, f"/v1/orders/{asked['waits_for']}/approve", {})
    assert await rows(desk.platform, states) == [("ended",)]
    await desk.deliver()
    clock.set(clock.instant + timedelta(days=70))
    assert await desk.deliver() == []  # nobody who is gone hears each month that it could not be
    monthly["starts_at"] = (clock.instant + timedelta(days=1)).isoformat()
    other = scene.other  # has no hours, and leaves at once
    await desk.post(other.actor, "/v1/schedules", {"donation": {"to": "city", "minutes": 5}, **monthly}, 201)
    await desk.post(other.actor, f"/v1/members/{other.member.id}/leave", {"reason": "moves away"})
    assert await rows(desk.platform, states) == [("ended",), ("ended",)]


async def test_nothing_is_lost_where_nobody_agrees_and_she_may_leave_another_way(
    desk: Desk, clock: MovableClock
) -> None:
    scene = await a_scene(desk.platform, minutes=150)
    held, free = [(150, 150)], [(150, 0)]
    steps = (("reject", scene.officer, "rejected"), ("cancel", scene.giver.actor, "cancelled"))
    for step, actor, state in steps:
        asked = await desk.post(scene.giver.actor, door(scene), TO_POOL)
        assert await balances(desk.platform, scene.giver.account) == held
        ended = await desk.post(actor, f"/v1/orders/{asked['waits_for']}/{step}", {"reason": "call her first"})
        assert (ended["state"], await balances(desk.platform, scene.giver.account)) == (state, free)
    await desk.post(scene.giver.actor, door(scene), TO_POOL)
    clock.set(clock.instant + timedelta(days=desk.platform.policy.timebank.giving.decision_days, minutes=1))
    await desk.deliver()
    assert await balances(desk.platform, scene.giver.account) == free
    assert (await member_now(desk.platform, scene.giver.member)).state == "active"
    await desk.gift(scene, 60)  # she gives some elsewhere: what is left is within the limit
    left = await desk.post(scene.giver.actor, door(scene), TO_POOL)
    assert (left["state"], left["waits_for"]) == ("left", None)
    assert await balances(desk.platform, scene.giver.account, pool_account(scene.districts[0])) == [(0, 0), (90, 0)]
    assert await faults(desk.platform) == []


async def test_an_officer_who_ends_a_membership_does_not_agree_and_minutes_set_aside_since_come_first(
    desk: Desk,
) -> None:
    scene = await a_scene(desk.platform, minutes=150)
    asked = await desk.post(scene.officer, door(scene), TO_POOL)
    address = f"/v1/orders/{asked['waits_for']}"
    assert await desk.refused(scene.officer, f"{address}/approve", {}) == (403, "second_person_needed")
    async with transaction(desk.platform.db) as tx:
        await give(desk.platform, tx, scene.bank, scene.giver.account, 120)
    waiting = await desk.gift(scene, 110)  # above the limit: held
    assert await desk.refused(scene.colleague, f"{address}/approve", {}) == (409, "balance_not_empty")
    assert await balances(desk.platform, scene.giver.account) == [(270, 260)]
    await desk.post(scene.giver.actor, f"/v1/orders/{waiting['id']}/cancel", {"reason": "to the pool with it"})
    await desk.deliver()
    both = [desk.client.post(f"{address}/approve", json={}, headers=desk.as_(scene.colleague)) for _ in range(2)]
    codes = sorted(answer.status_code for answer in await asyncio.gather(*both))
    assert codes == [200, 409]
    told = "【六助】您的 270 分钟已转出（退出时间银行）。由工作人员代您办理，如有疑问请联系社区。"
    assert await desk.deliver() == [told]
    assert await balances(desk.platform, scene.giver.account, pool_account(scene.districts[0])) == [(0, 0), (270, 0)]
    assert await faults(desk.platform) == []


async def test_hours_that_come_while_she_leaves_are_not_lost_and_she_asks_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = await a_scene(desk.platform, minutes=90)
    looks = timebank.balance

    async def looked(tx: AsyncSession, account: UUID, *, now: datetime) -> timebank.Balance:
        before = await looks(tx, account, now=now)
        async with transaction(desk.platform.db) as other:  # 5 come between the look and the ledger's locks
            await give(desk.platform, other, scene.bank, account, 5)
        return before

    monkeypatch.setattr(timebank, "balance", looked)
    assert await desk.refused(scene.giver.actor, door(scene), TO_POOL) == (412, "stale")
    monkeypatch.undo()
    assert (await desk.post(scene.giver.actor, door(scene), TO_POOL))["state"] == "left"
    assert await balances(desk.platform, scene.giver.account, pool_account(scene.districts[0])) == [(0, 0), (95, 0)]
