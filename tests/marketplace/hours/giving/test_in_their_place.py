"""A guardian stands in a minor's place, a contact in a group's."""

from datetime import UTC, datetime
from uuid import UUID

from marketplace.base.database import transaction
from marketplace.hours.models import Member
from tests.marketplace.hours.builders import a_person, give
from tests.marketplace.hours.giving.desk import Desk
from tests.marketplace.hours.giving.scene import a_scene, faults


async def test_a_contact_donates_for_the_group_and_a_guardian_for_a_minor(desk: Desk) -> None:
    scene = await a_scene(desk.platform)
    contact = scene.giver
    body = {"name": "示例志愿队", "district_id": str(scene.districts[0]), "size": 5, "gender": "f"}
    group = await desk.post(contact.actor, "/v1/groups", body, 201)
    async with transaction(desk.platform.db) as tx:
        member = await tx.get_one(Member, UUID(group["id"]))
        await give(desk.platform, tx, scene.bank, member.ledger_account, 50)
    donation = {"to": "branch", "minutes": 50, "on_behalf_of": group["id"]}
    assert await desk.refused(scene.other.actor, "/v1/donations", donation) == (404, "unknown")
    order = await desk.post(contact.actor, "/v1/donations", donation, 201)
    assert (order["state"], order["acted_as"]) == ("done", "contact")
    assert await desk.deliver() == []  # what one did oneself one knows
    async with transaction(desk.platform.db) as tx:
        ward = await a_person(
            desk.platform,
            tx,
            scene.bank,
            birth_on=datetime(2010, 5, 1, tzinfo=UTC).date(),
            guardian_id=contact.member.id,
        )
        await give(desk.platform, tx, scene.bank, ward.account, 30)
    await desk.post(contact.actor, f"/v1/members/{ward.member.id}/consent", {"consents": True})
    await desk.deliver()
    given = {"to": "branch", "minutes": 10, "on_behalf_of": str(ward.member.id)}
    assert (await desk.post(contact.actor, "/v1/donations", given, 201))["acted_as"] == "guardian"
    assert await desk.deliver() == ["【六助】您的 10 分钟已转出（捐赠）。由您的监护人代您办理。"]
    mine = {"to": [{"member_id": str(contact.member.id), "minutes": 10}], "on_behalf_of": str(ward.member.id)}
    assert await desk.refused(contact.actor, "/v1/gifts", mine) == (403, "own_benefit")
    assert await faults(desk.platform) == []
