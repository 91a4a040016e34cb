"""Above the limit a second person agrees, or does not, or nobody decides in time."""

import asyncio
from datetime import timedelta

from marketplace.base.database import transaction
from marketplace.people.accounts import actor_of
from marketplace.people.models import Account
from tests.conftest import MovableClock
from tests.marketplace.hours.builders import balances
from tests.marketplace.hours.giving.desk import Desk
from tests.marketplace.hours.giving.scene import a_scene, faults, rows


async def test_at_the_limit_it_is_given_at_once_and_above_it_is_held(desk: Desk) -> None:
    scene = await a_scene(desk.platform)
    assert (await desk.gift(scene, 100))["state"] == "done"
    waiting = await desk.gift(scene, 101)
    assert (waiting["state"], waiting["expires_at"]) == ("pending", "2026-03-16T01:00:00Z")
    assert await balances(desk.platform, scene.giver.account, scene.other.account) == [(500, 101), (100, 0)]
    assert await faults(desk.platform) == []


async def test_another_officer_agrees_and_then_it_moves(desk: Desk) -> None:
    scene = await a_scene(desk.platform)
    order = await desk.gift(scene, 150)
    address = f"/v1/orders/{order['id']}/approve"
    assert await desk.refused(scene.giver.actor, address, {}) == (403, "forbidden")
    assert await desk.refused(scene.foreign, address, {}) == (404, "unknown")
    done = await desk.post(scene.officer, address, {"reason": "spoke with her"})
    assert (done["state"], done["decided_by"]) == ("done", str(scene.officer.account_id))
    assert await balances(desk.platform, scene.giver.account, scene.other.account) == [(450, 0), (150, 0)]
    assert await desk.refused(scene.colleague, address, {}) == (409, "order_over")
    told = await desk.deliver()
    assert "【六助】您收到 150 分钟（赠送）。" in told
    logged = "SELECT from_state, to_state, actor_id FROM transition_log WHERE entity = 'transfer_order'"
    assert await rows(desk.platform, logged) == [("pending", "done", scene.officer.account_id)]
    assert await faults(desk.platform) == []


async def test_who_asked_does_not_agree_nor_who_receives(desk: Desk) -> None:
    scene = await a_scene(desk.platform)
    for_her = {"on_behalf_of": str(scene.giver.member.id), "reason": "she asked me"}
    order = await desk.gift(scene, 150, scene.officer, **for_her)
    address = f"/v1/orders/{order['id']}/approve"
    assert await desk.refused(scene.officer, address, {}) == (403, "second_person_needed")
    async with transaction(desk.platform.db) as tx:  # the receiver becomes an operator
        account = await tx.get_one(Account, scene.other.actor.account_id)
        account.roles = [*account.roles, "operator"]
        await tx.flush()
        receiver = await actor_of(tx, account)
    assert await desk.refused(receiver, address, {}) == (403, "own_benefit")
    assert (await desk.post(scene.colleague, address, {}))["state"] == "done"


async def test_what_is_rejected_or_called_off_is_free_again(desk: Desk) -> None:
    scene = await a_scene(desk.platform)
    first, second = await desk.gift(scene, 150), await desk.gift(scene, 160)
    await desk.deliver()
    rejected = await desk.post(scene.officer, f"/v1/orders/{first['id']}/reject", {"reason": "too much at once"})
    assert (rejected["state"], rejected["decision"]) == ("rejected", "too much at once")
    assert await desk.deliver() == ["【六助】您的 150 分钟（赠送）未获批准，已退回。"]
    cancelled = await desk.post(scene.giver.actor, f"/v1/orders/{second['id']}/cancel", {"reason": "a mistake"})
    assert cancelled["state"] == "cancelled"
    assert await balances(desk.platform, scene.giver.account) == [(600, 0)]
    assert await faults(desk.platform) == []


async def test_what_nobody_decides_on_runs_out_after_two_weeks(desk: Desk, clock: MovableClock) -> None:
    scene = await a_scene(desk.platform)
    order = await desk.gift(scene, 150)
    await desk.deliver()
    clock.set(clock.instant + timedelta(days=14))
    assert await desk.refused(scene.officer, f"/v1/orders/{order['id']}/approve", {}) == (409, "order_over")
    assert await desk.deliver() == ["【六助】您的 150 分钟（赠送）逾期未办，已退回。"]
    assert await balances(desk.platform, scene.giver.account) == [(600, 0)]
    assert await rows(desk.platform, "SELECT state FROM transfer_order") == [("expired",)]
    assert await faults(desk.platform) == []


async def test_of_two_who_decide_at_once_one_does(desk: Desk) -> None:
    scene = await a_scene(desk.platform)
    order = await desk.gift(scene, 150)
    address, why = f"/v1/orders/{order['id']}", {"reason": "at the same time"}
    answers = await asyncio.gather(
        desk.client.post(f"{address}/approve", json=why, headers=desk.as_(scene.officer)),
        desk.client.post(f"{address}/reject", json=why, headers=desk.as_(scene.colleague)),
        desk.client.post(f"{address}/cancel", json=why, headers=desk.as_(scene.giver.actor)),
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    ((state,),) = await rows(desk.platform, "SELECT state FROM transfer_order")
    moved = 150 if state == "done" else 0
    assert await balances(desk.platform, scene.giver.account, scene.other.account) == [(600 - moved, 0), (moved, 0)]
    assert await faults(desk.platform) == []


async def test_a_receiver_who_moved_while_it_waited_receives_at_home(desk: Desk) -> None:
    scene = await a_scene(desk.platform)
    order = await desk.gift(scene, 150)
    await desk.post(scene.other.actor, "/v1/me/branch", {"district_id": str(scene.districts[0])}, 201)
    await desk.post(scene.officer, f"/v1/orders/{order['id']}/approve", {})
    hours = await desk.client.get("/v1/me/hours", headers=desk.as_(scene.other.actor))
    assert hours.json()["balance_minutes"] == 150
    assert await balances(desk.platform, scene.other.account) == [(0, 0)]
    assert await faults(desk.platform) == []


async def test_the_windows_are_figures_of_the_rule_set(desk: Desk, clock: MovableClock) -> None:
    desk.change(decision_days=3, undo_hours=1, collection_days=2, schedule_days=5)
    scene = await a_scene(desk.platform)
    assert (await desk.gift(scene, 101))["expires_at"] == "2026-03-05T01:00:00Z"
    given = await desk.gift(scene, 50)
    share = {"member_id": str(scene.giver.member.id), "minutes": 10}
    late = {"member_id": str(scene.other.member.id), "shares": [share], "ends_at": "2026-03-04T09:00:01+08:00"}
    assert await desk.refused(scene.giver.actor, "/v1/collections", late) == (400, "instant_not_possible")
    far = {"donation": {"to": "city", "minutes": 1}, "starts_at": "2026-03-07T09:00:01+08:00"}
    assert await desk.refused(scene.giver.actor, "/v1/schedules", far) == (400, "instant_not_possible")
    clock.set(clock.instant + timedelta(hours=1, seconds=1))
    why = {"reason": "the wrong member"}
    assert await desk.refused(scene.giver.actor, f"/v1/orders/{given['id']}/undo", why) == (409, "too_late_to_undo")
