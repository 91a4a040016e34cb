"""An officer acts for a member of her branch, with a reason; the member and her family are told."""

from marketplace.base.actor import Role
from marketplace.base.database import transaction
from marketplace.people.accounts import actor_of
from tests.builders import an_account
from tests.marketplace.hours.builders import a_person, balances
from tests.marketplace.hours.giving.desk import Desk, Json
from tests.marketplace.hours.giving.scene import a_scene, an_elder_with, relate, rows


async def test_an_officer_does_not_act_for_a_member_to_her_own_benefit(desk: Desk) -> None:
    scene = await a_scene(desk.platform)
    async with transaction(desk.platform.db) as tx:
        account = await an_account(desk.platform, tx, Role.OFFICER, region=scene.bank.town.districts[0])
        officer = await actor_of(tx, account)
        own = await a_person(desk.platform, tx, scene.bank, account=account)
    body = {
        "to": [{"member_id": str(own.member.id), "minutes": 10}],
        "on_behalf_of": str(scene.giver.member.id),
        "reason": "for my trouble",
    }
    assert await desk.refused(officer, "/v1/gifts", body) == (403, "own_benefit")
    collection = {
        "member_id": str(own.member.id),
        "shares": [{"member_id": str(scene.other.member.id), "minutes": 10}],
        "ends_at": "2026-03-03T09:00:00+08:00",
        "on_behalf_of": str(scene.giver.member.id),
        "reason": "for my trouble",
    }
    assert await desk.refused(officer, "/v1/collections", collection) == (403, "own_benefit")
    assert await balances(desk.platform, scene.giver.account) == [(600, 0)]


async def test_an_officer_acts_for_an_elder_and_she_and_her_family_are_told(desk: Desk) -> None:
    scene = await a_scene(desk.platform)
    elder, member = await an_elder_with(desk.platform, scene, minutes=90)
    await relate(desk.platform, scene.giver, elder)
    body = {"to": "branch", "minutes": 40, "on_behalf_of": str(member.id), "reason": "she cannot use a telephone"}
    order = await desk.post(scene.officer, "/v1/donations", body, 201)
    assert (order["on_behalf_of"], order["asked_by"]) == (str(member.id), str(scene.officer.account_id))
    said = "【六助】您的 40 分钟已转出（捐赠）。由工作人员代您办理，如有疑问请联系社区。"
    assert await desk.deliver() == [said, said]  # to her and to the child whom she lets see her
    assert len({phone for phone, _ in desk.told.texts}) == 2
    address = f"/v1/members/{member.id}/statement"
    answer = await desk.client.get(address, headers=desk.as_(scene.officer))
    assert [one["words"] for one in answer.json()["entries"]][-1] == (
        "40 minutes donated (an officer acted for the member)"
    )
    noted = "SELECT actor_id, detail->>'on_behalf_of' FROM audit WHERE action = 'order.done'"
    assert await rows(desk.platform, noted) == [(scene.officer.account_id, str(member.id))]


async def test_nobody_acts_for_a_member_beyond_the_own_branch_or_without_a_reason(desk: Desk) -> None:
    scene = await a_scene(desk.platform)
    body: Json = {"to": "city", "minutes": 10, "on_behalf_of": str(scene.giver.member.id)}
    assert await desk.refused(scene.officer, "/v1/donations", body) == (400, "reason_missing")
    body["reason"] = "she asked me"
    assert await desk.refused(scene.foreign, "/v1/donations", body) == (404, "unknown")
    assert await desk.refused(scene.other.actor, "/v1/donations", body) == (404, "unknown")
    assert await desk.post(scene.officer, "/v1/donations", body, 201)


async def test_a_task_that_an_officer_publishes_for_an_elder_is_told_to_her(desk: Desk) -> None:
    scene = await a_scene(desk.platform)
    elder, member = await an_elder_with(desk.platform, scene, minutes=60)
    body = {
        "elder_id": str(elder.id),
        "kind": "shopping",
        "window_start": "2026-03-03T10:00:00+08:00",
        "window_end": "2026-03-03T11:00:00+08:00",
        "minutes": 30,
    }
    await desk.post(scene.officer, "/v1/tasks", body, 201)
    assert await desk.deliver() == ["【六助】已为您发布互助任务。由工作人员代您办理，如有疑问请联系社区。"]
    noted = "SELECT actor_id, detail->>'on_behalf_of' FROM audit WHERE action = 'task.published'"
    assert await rows(desk.platform, noted) == [(scene.officer.account_id, str(member.id))]


async def test_whose_membership_an_officer_ends_is_told(desk: Desk) -> None:
    scene = await a_scene(desk.platform, minutes=90)  # below what one officer may give away
    body = {"balance_to": "pool", "reason": "she moved away and telephoned"}
    left = await desk.post(scene.officer, f"/v1/members/{scene.giver.member.id}/leave", body)
    assert left["state"] == "left"
    assert await desk.deliver() == ["【六助】您已退出时间银行。由工作人员代您办理，如有疑问请联系社区。"]
    await desk.post(scene.other.actor, f"/v1/members/{scene.other.member.id}/leave", body)
    assert await desk.deliver() == []
