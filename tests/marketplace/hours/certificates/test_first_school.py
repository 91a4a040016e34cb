"""A student's first school is told on joining, and proved before a certificate prints it."""

import asyncio
from datetime import timedelta
from typing import Any

from marketplace.base.actor import Actor, Role
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from tests.builders import an_account, an_actor
from tests.marketplace.hours.builders import TEN, Bank, Person, a_bank, a_member_elder, a_person, a_task, serve
from tests.marketplace.hours.calling import Caller
from tests.marketplace.hours.certificates.builders import BODY, PERIOD
from tests.marketplace.hours.students import SCHOOL, a_learner

CARD = {"proof": "student_card"}
TOLD = {"school": SCHOOL, "number": "2023001234"}


async def a_serving_learner(platform: Platform) -> tuple[Bank, Person]:
    """She joined as a student, which waits, and served 47 minutes meanwhile."""
    async with transaction(platform.db) as tx:
        bank = await a_bank(platform, tx)
        elder, _ = await a_member_elder(platform, tx, bank, minutes=600)
    learner = await a_learner(platform, bank, TOLD["number"])
    async with transaction(platform.db) as tx:
        task = await a_task(platform, tx, elder, minutes=47, start=TEN)
    await serve(platform, task, learner, 47)
    platform.clock.set(TEN + timedelta(days=4))  # type: ignore[attr-defined]
    return bank, learner


async def test_hours_are_earned_meanwhile_and_certified_once_another_person_saw_her_card(
    platform: Platform, caller: Caller
) -> None:
    bank, learner = await a_serving_learner(platform)
    async with transaction(platform.db) as tx:
        officer = await an_actor(platform, tx, Role.OFFICER, region=bank.town.districts[0])
    path = f"/v1/members/{learner.member.id}"
    file = await caller.get(path, learner.actor)
    assert (file["member"]["kind"], file["school"], file["student_number"]) == ("individual", None, None)
    assert file["earned_minutes"] == 47
    for body in (PERIOD, BODY):
        assert await caller.refused(f"{path}/certificates", learner.actor, body) == "student_not_proved"
    (waits,) = (await caller.get("/v1/waiting-students", officer))["items"]
    done = await caller.post(f"{path}/student-changes/{waits['change_id']}/confirm", officer, CARD)
    assert (done["before_school"], done["before_number"], done["proof"]) == (None, None, "student_card")
    file = await caller.get(path, learner.actor)
    assert (file["member"]["kind"], file["school"], file["student_number"]) == (
        "student",
        TOLD["school"],
        TOLD["number"],
    )
    made = await caller.post(f"{path}/certificates", learner.actor, BODY)
    assert made["total_minutes"] == 47


async def test_an_officer_who_lets_her_join_does_not_confirm_it(platform: Platform, caller: Caller) -> None:
    async with transaction(platform.db) as tx:
        bank = await a_bank(platform, tx)
        first, second = [await an_actor(platform, tx, Role.OFFICER, region=bank.town.districts[0]) for _ in range(2)]
        account = await an_account(platform, tx, Role.VOLUNTEER)
    district = str(bank.town.districts[0].id)
    body: dict[str, Any] = {"account_id": str(account.id), "district_id": district, "gender": "f", "student": TOLD}
    member = await caller.post("/v1/members", first, body | {"birth_on": "2004-05-01"})
    path = f"/v1/members/{member['id']}/student-changes"
    (told,) = (await caller.get(path, first))["items"]
    assert told["asked_by"] == str(first.account_id)
    assert await caller.refused(f"{path}/{told['id']}/confirm", first, CARD) == "second_person_needed"
    await caller.post(f"{path}/{told['id']}/confirm", second, CARD)


async def test_what_is_not_confirmed_leaves_her_as_she_was_and_may_be_told_again(
    platform: Platform, caller: Caller
) -> None:
    bank, learner = await a_serving_learner(platform)
    async with transaction(platform.db) as tx:
        officer = await an_actor(platform, tx, Role.OFFICER, region=bank.town.districts[0])
    path = f"/v1/members/{learner.member.id}"
    (told,) = (await caller.get(f"{path}/student-changes", learner.actor))["items"]
    await caller.post(f"{path}/student-changes/{told['id']}/reject", officer, {"reason": "学生证已过期"})
    assert await caller.refused(f"{path}/certificates", learner.actor, BODY) == "not_a_student"
    again = await caller.post(f"{path}/student-changes", learner.actor, TOLD)
    await caller.post(f"{path}/student-changes/{again['id']}/confirm", officer, {"proof": "enrolment_letter"})
    assert (await caller.get(path, officer))["member"]["kind"] == "student"


async def test_of_two_who_are_proved_to_be_one_student_at_once_one_is(platform: Platform, caller: Caller) -> None:
    bank, learner = await a_serving_learner(platform)
    async with transaction(platform.db) as tx:
        officers = [await an_actor(platform, tx, Role.OFFICER, region=bank.town.districts[0]) for _ in range(2)]
        rival = await a_person(platform, tx, bank)
    await caller.post(f"/v1/members/{rival.member.id}/student-changes", rival.actor, TOLD)

    async def confirmed(person: Person, officer: Actor) -> int:
        path = f"/v1/members/{person.member.id}/student-changes"
        (told,) = (await caller.get(path, officer))["items"]
        address = f"{path}/{told['id']}/confirm"
        return (await caller.client.post(address, json=CARD, headers=caller.as_(officer))).status_code

    pairs = zip((learner, rival), officers, strict=True)
    assert sorted(await asyncio.gather(*(confirmed(*pair) for pair in pairs))) == [200, 409]
