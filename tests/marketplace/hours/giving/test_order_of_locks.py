"""Of two who want the rows of a member who is passed on one waits, and both get an answer: no deadlock (`busy`)."""

from collections.abc import Coroutine
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx

from marketplace.base.actor import Actor
from marketplace.base.database import transaction
from marketplace.base.outbox import Message
from marketplace.hours.giving.jobs import schedule_due
from marketplace.visits.attendance.approval import approve
from tests.conftest import MovableClock
from tests.marketplace.hours.builders import (
    SYSTEM,
    a_member_elder,
    a_person,
    a_task,
    balances,
    report,
    task_now,
    tell,
    visit_of,
)
from tests.marketplace.hours.giving.desk import Desk
from tests.marketplace.hours.giving.scene import Scene, a_scene, faults, rows
from tests.marketplace.hours.meeting import answers, kept

PASSED_ON = {"reason": "died on 1 March"}


def call(desk: Desk, actor: Actor, path: str, body: dict[str, Any]) -> Coroutine[Any, Any, httpx.Response]:
    return desk.client.post(path, json=body, headers=desk.as_(actor))


def gone(scene: Scene, **more: Any) -> dict[str, Any]:
    return {"member_id": str(scene.giver.member.id), **PASSED_ON, **more}


async def test_a_leaving_is_agreed_to_while_she_is_passed_on(desk: Desk) -> None:
    scene = await a_scene(desk.platform, minutes=150)
    leaving = {"reason": "moves", "balance_to": "pool"}
    asked = await desk.post(scene.giver.actor, f"/v1/members/{scene.giver.member.id}/leave", leaving)
    async with kept(desk.platform, "member", scene.giver.member.id) as queue:
        await queue.join(call(desk, scene.officer, "/v1/inheritances", gone(scene)))
        await queue.join(call(desk, scene.colleague, f"/v1/orders/{asked['waits_for']}/approve", {}))
    assert answers(queue) == [(201, "pending"), (409, "order_over")]
    assert await balances(desk.platform, scene.giver.account) == [(150, 150)]
    assert await faults(desk.platform) == []


async def test_an_inheritance_is_agreed_to_while_she_is_passed_on_once_more(desk: Desk) -> None:
    scene = await a_scene(desk.platform, minutes=400)
    first = await desk.post(scene.officer, "/v1/inheritances", gone(scene), 201)
    async with kept(desk.platform, "member", scene.giver.member.id) as queue:
        await queue.join(call(desk, scene.officer, "/v1/inheritances", gone(scene)))
        await queue.join(call(desk, scene.colleague, f"/v1/orders/{first['id']}/approve", {}))
    assert answers(queue) == [(201, "pending"), (409, "order_over")]
    assert await balances(desk.platform, scene.giver.account) == [(400, 400)]
    assert await faults(desk.platform) == []


async def test_an_inheritance_and_a_collection_that_asks_her_are_locked_in_one_order(desk: Desk) -> None:
    scene = await a_scene(desk.platform, minutes=400)
    collection = await collected(desk, scene)
    first = await desk.post(scene.officer, "/v1/inheritances", gone(scene), 201)
    async with kept(desk.platform, "transfer_order", UUID(collection["id"])) as queue:
        await queue.join(call(desk, scene.officer, "/v1/inheritances", gone(scene)))
        await queue.join(call(desk, scene.colleague, f"/v1/orders/{first['id']}/approve", {}))
    assert answers(queue) == [(201, "pending"), (409, "order_over")]
    assert await faults(desk.platform) == []


async def test_she_agrees_to_a_collection_while_she_is_passed_on(desk: Desk) -> None:
    scene = await a_scene(desk.platform, minutes=90)
    collection = await collected(desk, scene)
    async with kept(desk.platform, "member", scene.giver.member.id) as queue:
        await queue.join(call(desk, scene.officer, "/v1/inheritances", gone(scene)))
        await queue.join(call(desk, scene.giver.actor, f"/v1/orders/{collection['id']}/consent", {}))
    assert answers(queue) == [(201, "done"), (409, "not_asked")]
    assert await balances(desk.platform, scene.giver.account) == [(0, 0)]
    assert await faults(desk.platform) == []


async def test_a_standing_order_falls_due_while_its_giver_is_passed_on(desk: Desk, clock: MovableClock) -> None:
    scene = await a_scene(desk.platform, minutes=90)
    at = desk.platform.now() + timedelta(days=1)
    gift = {"to": [{"member_id": str(scene.other.member.id), "minutes": 10}]}
    standing = await desk.post(scene.giver.actor, "/v1/schedules", {"gift": gift, "starts_at": at.isoformat()}, 201)
    clock.set(at)
    due = Message(name="schedule.due", ids={"id": standing["id"]})
    async with kept(desk.platform, "member", scene.giver.member.id) as queue:
        await queue.join(call(desk, scene.officer, "/v1/inheritances", gone(scene)))
        await queue.join(schedule_due(desk.platform, due))
    assert answers(queue) == [(201, "done")]
    assert queue.callers[1].exception() is None
    assert await rows(desk.platform, "SELECT state FROM transfer_schedule") == [("ended",)]
    assert await balances(desk.platform, scene.giver.account) == [(0, 0)]
    assert await faults(desk.platform) == []


async def test_a_task_is_credited_while_its_volunteer_is_passed_on(desk: Desk) -> None:
    scene = await a_scene(desk.platform, minutes=30)
    async with transaction(desk.platform.db) as tx:
        elder, _ = await a_member_elder(desk.platform, tx, scene.bank, minutes=60)
        mine = await a_task(desk.platform, tx, elder)
    await desk.post(scene.giver.actor, f"/v1/tasks/{mine.id}/grab", {})
    await report(desk.platform, mine, scene.giver, "in", mine.window_start)
    await report(desk.platform, mine, scene.giver, "out", mine.window_start + timedelta(minutes=60))
    async with transaction(desk.platform.db) as tx:
        visit = await visit_of(tx, mine)
        await approve(tx, visit.id, actor=SYSTEM, now=desk.platform.now(), reason="seen")
    async with kept(desk.platform, "member", scene.giver.member.id) as queue:
        await queue.join(call(desk, scene.officer, "/v1/inheritances", gone(scene)))
        await queue.join(tell(desk.platform, mine))
    assert answers(queue) == [(409, "tasks_unsettled")]
    assert queue.callers[1].exception() is None
    assert (await task_now(desk.platform, mine)).credited_minutes == 60
    assert (await desk.post(scene.officer, "/v1/inheritances", gone(scene), 201))["minutes"] == 90
    assert await faults(desk.platform) == []


async def collected(desk: Desk, scene: Scene) -> dict[str, Any]:
    """A collection for the other member that asks the giver for 30 minutes, and a third for as many."""
    async with transaction(desk.platform.db) as tx:
        third = await a_person(desk.platform, tx, scene.bank)
    shares = [{"member_id": str(one), "minutes": 30} for one in (scene.giver.member.id, third.member.id)]
    ends_at = (desk.platform.now() + timedelta(days=3)).isoformat()
    body = {"member_id": str(scene.other.member.id), "shares": shares, "ends_at": ends_at, "reason": "a thank-you"}
    return await desk.post(scene.other.actor, "/v1/collections", body, 201)
