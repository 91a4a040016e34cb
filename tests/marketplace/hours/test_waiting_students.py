"""Members who wait to be proved students: what they are told, the branch's list, and the proof of older ones."""

from typing import Any
from uuid import UUID

from sqlalchemy import text

from marketplace.base.actor import Actor, Role
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from tests.builders import an_account, an_actor
from tests.marketplace.hours.builders import Bank, a_bank, a_person
from tests.marketplace.hours.calling import Caller
from tests.marketplace.hours.students import SCHOOL, a_learner, a_student_of_before, make_her_one

CARD = {"proof": "student_card"}


async def a_branch(platform: Platform) -> tuple[Bank, Actor]:
    async with transaction(platform.db) as tx:
        bank = await a_bank(platform, tx)
        return bank, await an_actor(platform, tx, Role.OFFICER, region=bank.town.districts[0])


async def waiting(caller: Caller, officer: Actor, **params: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await caller.get("/v1/waiting-students", officer, **params))["items"]
    return found


async def test_joining_as_a_student_says_that_it_waits_since_when_and_for_what(
    platform: Platform, caller: Caller
) -> None:
    bank, officer = await a_branch(platform)
    async with transaction(platform.db) as tx:
        account = await an_account(platform, tx, Role.VOLUNTEER)
        learner = await an_actor(platform, tx, Role.VOLUNTEER)
    assert account.id != learner.account_id
    district = str(bank.town.districts[0].id)
    body = {"district_id": district, "gender": "f", "birth_on": "2004-05-01"}
    plain = await caller.post("/v1/members", learner, body)
    assert (plain["kind"], plain["student_waits"]) == ("individual", None)
    joined = await caller.post("/v1/members", learner, body | {"student": {"school": SCHOOL, "number": "7"}})
    waits = joined["student_waits"]
    assert (joined["kind"], waits["what"], waits["school"]) == ("individual", "first", SCHOOL)
    assert waits["since"] == "2026-03-02T01:00:00Z"
    assert waits["missing"] == "proof_seen_by_officer"
    assert waits["proofs"] == ["student_card", "enrolment_letter", "transfer_letter", "school_register"]
    file = f"/v1/members/{joined['id']}"
    for address in (file, "/v1/me/hours"):
        for language, words in (("en", "You are a student here once another officer"), ("zh", "学生身份待核实")):
            headers = caller.as_(learner) | {"Accept-Language": language}
            seen = (await caller.client.get(address, headers=headers)).json()["student_waits"]
            assert words in seen["words"]
            assert seen["change_id"] == waits["change_id"]
    await caller.post(f"{file}/student-changes/{waits['change_id']}/confirm", officer, CARD)
    assert [(await caller.get(one, learner))["student_waits"] for one in (file, "/v1/me/hours")] == [None, None]
    changed = await caller.post(f"{file}/student-changes", learner, {"school": SCHOOL, "number": "8"})
    seen = (await caller.get("/v1/me/hours", learner))["student_waits"]
    assert (seen["what"], seen["change_id"]) == ("changed", changed["id"])


async def test_a_student_of_before_stays_one_is_listed_and_is_proved_by_an_officer(
    platform: Platform, caller: Caller
) -> None:
    bank, officer = await a_branch(platform)
    student = await a_student_of_before(platform, bank, "1")
    async with transaction(platform.db) as tx:
        foreign = await an_actor(platform, tx, Role.OFFICER, region=bank.town.districts[1])
    (listed,) = await waiting(caller, officer)
    assert (listed["what"], listed["change_id"], listed["told_by"]) == ("standing", None, None)
    assert (listed["member_id"], listed["school"]) == (str(student.member.id), SCHOOL)
    assert await waiting(caller, foreign) == []
    file, proof = f"/v1/members/{student.member.id}", f"/v1/members/{student.member.id}/student-proof"
    assert (await caller.get(file, student.actor))["student_waits"]["what"] == "standing"
    assert await caller.refused(proof, foreign, CARD) == "unknown"
    assert await caller.refused(proof, student.actor, CARD) == "forbidden"
    first = await caller.post(proof, officer, CARD)
    assert (first["state"], first["proof"], first["number"]) == ("confirmed", "student_card", "1")
    assert (await caller.post(proof, officer, CARD))["id"] == first["id"]  # proved again it changes nothing
    assert await waiting(caller, officer) == []
    shown = await caller.get(file, student.actor)
    assert (shown["member"]["kind"], shown["student_waits"]) == ("student", None)
    assert [one["id"] for one in (await caller.get(f"{file}/student-changes", officer))["items"]] == [first["id"]]


async def test_who_let_a_student_of_before_join_or_is_she_does_not_prove_it(platform: Platform, caller: Caller) -> None:
    bank, officer = await a_branch(platform)
    async with transaction(platform.db) as tx:
        account = await an_account(platform, tx, Role.VOLUNTEER)
        district = bank.town.districts[0]
        both, colleague = [
            await an_actor(platform, tx, *roles, region=district)
            for roles in ((Role.OFFICER, Role.VOLUNTEER), (Role.OFFICER,))
        ]
    body = {"district_id": str(district.id), "gender": "f", "birth_on": "1990-05-01"}
    theirs = await caller.post("/v1/members", officer, body | {"account_id": str(account.id)})
    own = await caller.post("/v1/members", both, body)
    async with transaction(platform.db) as tx:
        await make_her_one(platform, tx, UUID(theirs["id"]), account.id, "1")
        await make_her_one(platform, tx, UUID(own["id"]), both.account_id, "2")
    assert await caller.refused(f"/v1/members/{theirs['id']}/student-proof", officer, CARD) == "second_person_needed"
    assert await caller.refused(f"/v1/members/{own['id']}/student-proof", both, CARD) == "own_incident"
    for one in (theirs, own):
        await caller.post(f"/v1/members/{one['id']}/student-proof", colleague, CARD)


async def test_who_never_was_a_student_has_nothing_to_prove(platform: Platform, caller: Caller) -> None:
    bank, officer = await a_branch(platform)
    async with transaction(platform.db) as tx:
        person = await a_person(platform, tx, bank)
    assert await caller.refused(f"/v1/members/{person.member.id}/student-proof", officer, CARD) == "not_a_student"
    assert await waiting(caller, officer) == []


async def test_the_list_is_read_by_pages_the_oldest_first_each_member_once(platform: Platform, caller: Caller) -> None:
    bank, officer = await a_branch(platform)
    people = [await (a_learner if place % 2 else a_student_of_before)(platform, bank, str(place)) for place in range(5)]
    pages: list[list[str]] = []
    after = None
    while True:
        page = await caller.get("/v1/waiting-students", officer, limit=2, **({"after": after} if after else {}))
        pages.append([one["member_id"] for one in page["items"]])
        after = page["next_after"]
        if after is None:
            break
    assert [len(page) for page in pages] == [2, 2, 1]
    assert [one for page in pages for one in page] == [str(one.member.id) for one in people]
    here, there = (str(bank.town.districts[place].id) for place in (0, 1))
    assert len(await waiting(caller, officer, district_id=here)) == 5
    assert await waiting(caller, officer, district_id=there) == []


async def test_who_left_and_whom_an_imported_bank_answers_for_wait_for_nothing(
    platform: Platform, caller: Caller
) -> None:
    bank, officer = await a_branch(platform)
    gone, imported = [await a_student_of_before(platform, bank, number) for number in "12"]
    assert len(await waiting(caller, officer)) == 2
    await caller.post(f"/v1/members/{gone.member.id}/leave", gone.actor, {"reason": "搬家"})
    async with transaction(platform.db) as tx:
        await tx.execute(text("SET LOCAL session_replication_role = replica"))  # which import does not matter here
        await tx.execute(
            text("INSERT INTO imported_member (member_id, import_id, external_id) VALUES (:id, :id, 'A1')"),
            {"id": imported.member.id},
        )
    assert await waiting(caller, officer) == []
    assert (await caller.get(f"/v1/members/{imported.member.id}", imported.actor))["student_waits"] is None
