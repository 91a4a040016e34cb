"""Students who wait, and officers who press at once, or for who left."""

import asyncio
from typing import Any

from sqlalchemy import text

from marketplace.base.actor import Actor
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from tests.marketplace.hours.calling import Caller
from tests.marketplace.hours.students import a_branch, a_learner, a_student_of_before

CARD, WHY = {"proof": "student_card"}, {"reason": "没有证件"}


async def told(caller: Caller, officer: Actor, member_id: Any) -> str:
    (change,) = (await caller.get(f"/v1/members/{member_id}/student-changes", officer))["items"]
    return f"/v1/members/{member_id}/student-changes/{change['id']}"


async def test_of_several_who_decide_at_once_one_decides(platform: Platform, caller: Caller) -> None:
    bank, first, second = await a_branch(platform)
    learner, standing = await a_learner(platform, bank, "1"), await a_student_of_before(platform, bank, "2")
    change, file = await told(caller, first, learner.member.id), f"/v1/members/{standing.member.id}"
    for yes, no in (("confirm", "reject"), ("student-proof", "student-rejection")):
        address = change if yes == "confirm" else file
        calls = [
            caller.client.post(f"{address}/{word}", json=body, headers=caller.as_(officer))
            for word, body, officer in ((yes, CARD, first), (no, WHY, second), (yes, CARD, second), (no, WHY, first))
        ]
        answers = await asyncio.gather(*calls)
        assert {answer.status_code for answer in answers} == {200, 409}
        assert len({answer.json()["state"] for answer in answers if answer.status_code == 200}) == 1
    async with transaction(platform.db) as tx:
        query = "SELECT member_id, count(*) FROM student_change WHERE state IN ('confirmed', 'rejected') GROUP BY 1"
        assert sorted(count for _, count in await tx.execute(text(query))) == [1, 1]
    same = [await a_learner(platform, bank, "3") for _ in range(2)]
    changes = [await told(caller, first, one.member.id) for one in same]
    both = [caller.client.post(f"{one}/confirm", json=CARD, headers=caller.as_(first)) for one in changes]
    assert sorted(answer.status_code for answer in await asyncio.gather(*both)) == [200, 409]


async def test_who_left_is_made_no_student_and_her_number_is_free_for_the_right_one(
    platform: Platform, caller: Caller
) -> None:
    bank, officer, _ = await a_branch(platform)
    gone = await a_learner(platform, bank, "1")
    change = await told(caller, officer, gone.member.id)
    await caller.post(f"/v1/members/{gone.member.id}/leave", gone.actor, {"reason": "搬家"})
    assert await caller.refused(f"{change}/confirm", officer, CARD) == "member_inactive"
    right = await a_learner(platform, bank, "1")
    assert (await caller.post(f"{await told(caller, officer, right.member.id)}/confirm", officer, CARD))["state"] == (
        "confirmed"
    )
    await caller.post("/v1/members", gone.actor, {"district_id": str(gone.member.district_id)})
    assert await caller.refused(f"{change}/confirm", officer, CARD) == "student_taken"
