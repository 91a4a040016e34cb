"""What was given is taken back within a day, unless it is spent."""

from datetime import timedelta

from marketplace.base.database import transaction
from tests.conftest import MovableClock
from tests.marketplace.hours.builders import balances, give
from tests.marketplace.hours.giving.desk import Desk
from tests.marketplace.hours.giving.scene import a_scene, faults


async def test_a_gift_is_taken_back_within_a_day_and_the_receiver_is_told(desk: Desk, clock: MovableClock) -> None:
    scene = await a_scene(desk.platform)
    order, late = await desk.gift(scene, 60), await desk.gift(scene, 10)
    await desk.deliver()
    address, why = f"/v1/orders/{order['id']}/undo", {"reason": "the wrong member"}
    assert await desk.refused(scene.other.actor, address, why) == (404, "unknown")
    clock.set(clock.instant + timedelta(hours=24))
    assert (await desk.post(scene.giver.actor, address, why))["state"] == "reversed"
    assert await balances(desk.platform, scene.giver.account, scene.other.account) == [(590, 0), (10, 0)]
    told = await desk.deliver()
    assert told == ["【六助】您收到的 60 分钟（赠送）已撤回。"]
    assert await desk.refused(scene.giver.actor, address, why) == (409, "order_over")
    clock.set(clock.instant + timedelta(seconds=1))
    address = f"/v1/orders/{late['id']}/undo"
    assert await desk.refused(scene.giver.actor, address, why) == (409, "too_late_to_undo")
    assert await faults(desk.platform) == []


async def test_what_the_receiver_has_spent_is_not_taken_back(desk: Desk) -> None:
    scene = await a_scene(desk.platform)
    order = await desk.gift(scene, 60)
    body = {"to": "city", "minutes": 1}
    await desk.post(scene.other.actor, "/v1/donations", body, 201)
    address, why = f"/v1/orders/{order['id']}/undo", {"reason": "the wrong member"}
    assert await desk.refused(scene.giver.actor, address, why) == (409, "already_spent")
    assert await balances(desk.platform, scene.giver.account, scene.other.account) == [(540, 0), (59, 0)]
    async with transaction(desk.platform.db) as tx:
        await give(desk.platform, tx, scene.bank, scene.other.account, 1)
    assert (await desk.post(scene.giver.actor, address, why))["state"] == "reversed"
