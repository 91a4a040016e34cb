"""Orders: who sees them, and that damage to them is found."""

from uuid import UUID

from sqlalchemy import text

from marketplace.base.actor import Actor
from marketplace.base.database import transaction
from marketplace.hours.audit import prove
from tests.marketplace.hours.builders import a_person
from tests.marketplace.hours.giving.desk import Desk
from tests.marketplace.hours.giving.scene import a_scene, faults


async def test_orders_are_seen_by_those_whom_they_concern_and_a_receiver_sees_her_own_line(desk: Desk) -> None:
    scene = await a_scene(desk.platform)
    async with transaction(desk.platform.db) as tx:
        third = await a_person(desk.platform, tx, scene.bank)
        stranger = await a_person(desk.platform, tx, scene.bank)
    to = [{"member_id": str(one.member.id), "minutes": 10} for one in (scene.other, third)]
    order = await desk.post(scene.giver.actor, "/v1/gifts", {"to": to}, 201)

    async def lines(actor: Actor) -> int | None:
        answer = await desk.client.get(f"/v1/orders/{order['id']}", headers=desk.as_(actor))
        listed = await desk.client.get("/v1/orders", headers=desk.as_(actor))
        assert (answer.status_code == 200) == bool(listed.json()["items"])
        return len(answer.json()["lines"]) if answer.status_code == 200 else None

    seen = [await lines(one) for one in (scene.giver.actor, third.actor, scene.officer, scene.operator)]
    assert seen == [2, 1, 2, 2]
    assert [await lines(one) for one in (stranger.actor, scene.foreign)] == [None, None]
    page = await desk.client.get("/v1/orders?state=pending", headers=desk.as_(scene.officer))
    assert page.json() == {"items": [], "next_after": None}


async def test_planted_damage_to_orders_is_found(desk: Desk) -> None:
    scene = await a_scene(desk.platform)
    done, waiting = await desk.gift(scene, 50), await desk.gift(scene, 150)
    ids = {"done": UUID(done["id"]), "waiting": UUID(waiting["id"])}
    damages = {
        "UPDATE transfer_order SET state = 'rejected' WHERE id = :done": "entry unexpected: order:{done}",
        "UPDATE transfer_order SET minutes = 49 WHERE id = :done": "an order moved another amount than it says: {done}",
        "UPDATE transfer_order SET state = 'expired' WHERE id = :waiting": (
            "an order that ended still holds minutes: {waiting}"
        ),
        "UPDATE transfer_line SET minutes = 149 WHERE order_id = :waiting": (
            "an order that waits holds no minutes: {waiting}"
        ),
        "UPDATE transfer_order SET state = 'reversed' WHERE id = :done": (
            "an order was taken back and its entry stands: {done}"
        ),
    }
    for damage, found in damages.items():
        name = "done" if ":done" in damage else "waiting"
        async with desk.platform.db.session() as tx:
            await tx.execute(text(damage), {name: ids[name]})
            assert found.format(**ids) in await prove(tx)
            # the session ends without a commit: the next damage begins with honest rows
    assert await faults(desk.platform) == []
