"""Students of before proofs were asked for, of whom an officer finds no paper: rejected, told, and proved later."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from marketplace.base.actor import Actor, Role
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.hours.audit import prove
from marketplace.hours.members.errors import StudentTaken
from tests.builders import an_account, an_actor
from tests.marketplace.hours.builders import Person, a_person
from tests.marketplace.hours.calling import Caller
from tests.marketplace.hours.certificates.builders import PERIOD, a_campus
from tests.marketplace.hours.giving.scene import Told
from tests.marketplace.hours.students import SCHOOL, a_branch, a_learner, a_student_of_before, make_her_one

TODAY = {"since": "2026-03-01", "until": "2026-03-02"}
WHY = {"reason": "学校查无此人"}
CARD = {"proof": "student_card"}
Deliver = Callable[[Platform], Awaitable[int]]


def file_of(person: Person) -> str:
    return f"/v1/members/{person.member.id}"


async def waiting(caller: Caller, officer: Actor) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await caller.get("/v1/waiting-students", officer))["items"]
    return found


async def test_a_student_of_before_without_a_paper_becomes_a_member_as_others_is_told_and_keeps_what_was(
    platform: Platform, caller: Caller, deliver_all: Deliver
) -> None:
    bank, officer, _ = await a_branch(platform)
    student = await a_student_of_before(platform, bank, "1")
    told = Told()
    await deliver_all(replace(platform, channel=told))
    told.texts.clear()
    row = await caller.post(f"{file_of(student)}/student-rejection", officer, WHY)
    assert (row["state"], row["decision"], row["decided_by"]) == ("rejected", "学校查无此人", str(officer.account_id))
    assert (row["before_school"], row["before_number"]) == (SCHOOL, "1")
    await deliver_all(replace(platform, channel=told))
    assert ["学生身份已取消" in one for _, one in told.texts] == [True]
    shown = await caller.get(file_of(student), student.actor)
    assert (shown["member"]["kind"], shown["member"]["state"], shown["student_waits"]) == ("individual", "active", None)
    (listed,) = (await caller.get(f"{file_of(student)}/student-changes", student.actor))["items"]
    assert (listed["id"], listed["decision"]) == (row["id"], "学校查无此人")
    assert await waiting(caller, officer) == []
    refused = await caller.refused(f"{file_of(student)}/certificates", student.actor, TODAY)
    assert refused == "not_a_student"


async def test_who_was_rejected_tells_her_school_again_and_another_officer_proves_it(
    platform: Platform, caller: Caller
) -> None:
    bank, officer, colleague = await a_branch(platform)
    student = await a_student_of_before(platform, bank, "1")
    await caller.post(f"{file_of(student)}/student-rejection", officer, WHY)
    assert await caller.refused(f"{file_of(student)}/student-proof", officer, CARD) == "not_a_student"
    again = await caller.post(f"{file_of(student)}/student-changes", student.actor, {"school": SCHOOL, "number": "1"})
    assert [one["what"] for one in await waiting(caller, officer)] == ["first"]
    await caller.post(f"{file_of(student)}/student-changes/{again['id']}/confirm", colleague, CARD)
    assert (await caller.get(file_of(student), student.actor))["member"]["kind"] == "student"
    assert await caller.refused(f"{file_of(student)}/student-rejection", officer, WHY) == "student_proved"


async def test_the_number_of_who_was_rejected_is_free_for_the_right_one(platform: Platform, caller: Caller) -> None:
    bank, officer, _ = await a_branch(platform)
    wrong = await a_student_of_before(platform, bank, "1")
    with pytest.raises(StudentTaken):
        await a_learner(platform, bank, "1")
    await caller.post(f"{file_of(wrong)}/student-rejection", officer, WHY)
    right = await a_learner(platform, bank, "1")
    (listed,) = await waiting(caller, officer)
    await caller.post(f"{file_of(right)}/student-changes/{listed['change_id']}/confirm", officer, CARD)
    assert (await caller.get(file_of(right), right.actor))["member"]["kind"] == "student"


async def test_the_number_of_who_left_unproved_is_free_and_she_tells_it_again_when_she_comes_back(
    platform: Platform, caller: Caller
) -> None:
    bank, officer, _ = await a_branch(platform)
    gone, proved, brought = [await a_student_of_before(platform, bank, number) for number in "123"]
    await caller.post(f"{file_of(proved)}/student-proof", officer, CARD)
    async with transaction(platform.db) as tx:
        await tx.execute(text("SET LOCAL session_replication_role = replica"))  # which import does not matter here
        await tx.execute(
            text("INSERT INTO imported_member (member_id, import_id, external_id) VALUES (:id, :id, 'A1')"),
            {"id": brought.member.id},
        )
    for one in (gone, proved, brought):
        await caller.post(f"{file_of(one)}/leave", one.actor, {"reason": "毕业"})
    (listed,) = (await caller.get(f"{file_of(gone)}/student-changes", gone.actor))["items"]
    assert (listed["state"], listed["before_school"], listed["before_number"]) == ("withdrawn", SCHOOL, "1")
    shown = (await caller.get(file_of(gone), officer))["member"]
    assert (shown["kind"], shown["state"]) == ("individual", "left")
    with pytest.raises(StudentTaken):
        await a_learner(platform, bank, "2")  # a paper was seen: nobody else is she
    await a_learner(platform, bank, "3")
    right = await a_learner(platform, bank, "1")
    (waits,) = [one for one in await waiting(caller, officer) if one["member_id"] == str(right.member.id)]
    await caller.post(f"{file_of(right)}/student-changes/{waits['change_id']}/confirm", officer, CARD)
    async with transaction(platform.db) as tx:
        assert await prove(tx) == []
    back = {"district_id": str(bank.town.districts[0].id)}
    again = await caller.post("/v1/members", gone.actor, back)
    assert (again["kind"], again["state"]) == ("individual", "active")
    told = {"school": SCHOOL, "number": "1"}
    assert await caller.refused(f"{file_of(gone)}/student-changes", gone.actor, told) == "student_taken"


async def test_a_minor_is_a_minor_again_and_her_guardian_answers_for_her(platform: Platform, caller: Caller) -> None:
    bank, officer, _ = await a_branch(platform)
    async with transaction(platform.db) as tx:
        guardian = await a_person(platform, tx, bank)
        account = await an_account(platform, tx, Role.VOLUNTEER)
        born = platform.now().date().replace(year=2012)
        minor = await a_person(platform, tx, bank, account=account, birth_on=born, guardian_id=guardian.member.id)
        await make_her_one(platform, tx, minor.member.id, account.id, "3")
    await caller.post(f"{file_of(minor)}/student-rejection", officer, WHY)
    shown = (await caller.get(file_of(minor), minor.actor))["member"]
    assert (shown["kind"], shown["guardian_id"], shown["state"]) == ("minor", str(guardian.member.id), "pending")


async def test_who_may_not_reject_or_what_is_none_is_refused_by_name_and_nothing_changes(
    platform: Platform, caller: Caller
) -> None:
    bank, officer, _ = await a_branch(platform)
    student, imported, gone = [await a_student_of_before(platform, bank, number) for number in "123"]
    async with transaction(platform.db) as tx:
        foreign = await an_actor(platform, tx, Role.OFFICER, region=bank.town.districts[1])
        operator = await an_actor(platform, tx, Role.OPERATOR)
        plain = await a_person(platform, tx, bank)
        both = await an_account(platform, tx, Role.OFFICER, Role.VOLUNTEER, region=bank.town.districts[0])
        own = await a_person(platform, tx, bank, account=both)
        await make_her_one(platform, tx, own.member.id, both.id, "4")
        await tx.execute(text("SET LOCAL session_replication_role = replica"))  # which import does not matter here
        await tx.execute(
            text("INSERT INTO imported_member (member_id, import_id, external_id) VALUES (:id, :id, 'A1')"),
            {"id": imported.member.id},
        )
    await caller.post(f"{file_of(gone)}/leave", gone.actor, {"reason": "搬家"})
    for person, actor, body, code in (
        (student, foreign, WHY, "unknown"),
        (student, operator, WHY, "forbidden"),
        (student, student.actor, WHY, "forbidden"),
        (student, officer, {}, "malformed"),
        (student, officer, {"reason": "x" * 501}, "malformed"),
        (own, own.actor, WHY, "own_incident"),
        (plain, officer, WHY, "not_a_student"),
        (gone, officer, WHY, "member_inactive"),
        (imported, officer, WHY, "student_proved"),
    ):
        assert await caller.refused(f"{file_of(person)}/student-rejection", actor, body) == code
    async with transaction(platform.db) as tx:
        assert await tx.scalar(text("SELECT count(*) FROM member WHERE kind = 'student'")) == 3
        assert (await tx.scalars(text("SELECT state FROM student_change"))).all() == ["withdrawn"]  # of who left


async def test_a_certificate_with_the_school_that_was_rejected_is_questioned_until_it_is_proved(
    platform: Platform, client: httpx.AsyncClient, caller: Caller
) -> None:
    campus = await a_campus(platform, 47)
    student = campus.student
    async with transaction(platform.db) as tx:  # as she stands in a database of before: nobody saw a paper
        await tx.execute(text("DELETE FROM student_change"))
    made = await caller.post(campus.path, student.actor, PERIOD)
    other = await a_student_of_before(platform, campus.bank, "9")
    await caller.post(f"{file_of(other)}/student-rejection", campus.officer, WHY)

    async def status() -> tuple[str, list[str]]:
        public = (await client.get(f"/v1/certificates/{made['code']}")).json()["status"]
        listed = await caller.get("/v1/certificates", campus.officer, district_id=str(campus.district_id))
        return public, [one["id"] for one in listed["items"]]

    assert await status() == ("valid", [])
    await caller.post(f"{file_of(student)}/student-rejection", campus.officer, WHY)
    assert await status() == ("questioned", [made["id"]])
    number = {"school": SCHOOL, "number": "2023001234"}
    again = await caller.post(f"{file_of(student)}/student-changes", student.actor, number)
    await caller.post(f"{file_of(student)}/student-changes/{again['id']}/confirm", campus.officer, CARD)
    assert await status() == ("valid", [])
