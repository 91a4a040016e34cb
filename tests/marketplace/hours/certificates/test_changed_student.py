"""A student's changed school or number: certificates print the old ones until an officer has seen a paper."""

import csv
import io
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from marketplace.base.actor import Role
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.hours.members.students import sealed_student
from tests.builders import an_account, an_actor
from tests.marketplace.hours.builders import a_member_elder, a_person
from tests.marketplace.hours.calling import Caller
from tests.marketplace.hours.certificates.builders import PERIOD, Campus, a_campus, prove_student

OLD = ("示例大学", "2023001234")
NEW = {"school": "示例理工大学", "number": "B-77"}
CARD = {"proof": "student_card"}
AGAIN = "SELECT gen_random_uuid(), {} FROM student_change WHERE state = 'pending'"
COLUMNS = "id, member_id, school, student_number_sealed, student_hash, state, version, asked_at"


def changes(campus: Campus) -> str:
    return f"/v1/members/{campus.student.member.id}/student-changes"


async def printed(caller: Caller, campus: Campus) -> tuple[str, str]:
    """School and number on a new certificate of the first ten minutes that are free."""
    made = await caller.post(campus.path, campus.student.actor, {**PERIOD, "up_to_minutes": 10})
    address = f"{campus.path}/{made['id']}?format=csv"
    answer = await caller.client.get(address, headers=caller.as_(campus.student.actor))
    row = next(csv.DictReader(io.StringIO(answer.text)))
    return row["school"], row["student_number"]


async def test_certificates_print_the_old_school_until_the_new_is_proved(platform: Platform, caller: Caller) -> None:
    campus = await a_campus(platform, 47)
    student, officer = campus.student.actor, campus.officer
    asked = await caller.post(changes(campus), student, NEW)
    assert (asked["state"], asked["number"], asked["proof"]) == ("pending", "B-77", None)
    assert await printed(caller, campus) == OLD
    (waits,) = (await caller.get("/v1/waiting-students", officer))["items"]
    assert (waits["change_id"], waits["member_id"]) == (asked["id"], str(campus.student.member.id))
    assert (await caller.get("/v1/waiting-students", campus.foreign))["items"] == []
    for _ in range(2):  # confirmed again it changes nothing
        done = await caller.post(f"{changes(campus)}/{asked['id']}/confirm", officer, CARD)
        assert (done["state"], done["proof"], done["decided_by"]) == (
            "confirmed",
            "student_card",
            str(officer.account_id),
        )
    assert await printed(caller, campus) == ("示例理工大学", "B-77")
    file = await caller.get(f"/v1/members/{campus.student.member.id}", officer)
    assert (file["school"], file["student_number"]) == ("示例理工大学", "B-77")
    # and on to a third, asked for by the officer: what was proved and when stays
    second = await caller.post(changes(campus), officer, NEW | {"number": "B-78"})
    register, address = {"proof": "school_register"}, f"{changes(campus)}/{second['id']}/confirm"
    assert await caller.refused(address, officer, register) == "second_person_needed"
    async with transaction(platform.db) as tx:
        colleague = await an_actor(platform, tx, Role.OFFICER, region=campus.bank.town.districts[0])
    await caller.post(address, colleague, register)
    told = (await caller.get(changes(campus), student))["items"]
    assert [(one["number"], one["before_number"], one["before_school"], one["proof"]) for one in told] == [
        ("B-78", "B-77", "示例理工大学", "school_register"),
        ("B-77", "2023001234", "示例大学", "student_card"),
        ("2023001234", None, None, "student_card"),  # her first, told on joining
    ]
    assert (await caller.get("/v1/waiting-students", officer))["items"] == []
    async with transaction(platform.db) as tx:  # sealed at rest
        kept = "SELECT count(*) FROM student_change WHERE student_number_sealed LIKE '%B-7%'::bytea"
        assert await tx.scalar(text(kept)) == 0


async def test_one_is_pending_at_a_time_and_it_is_rejected_or_withdrawn(platform: Platform, caller: Caller) -> None:
    campus = await a_campus(platform, 47)
    student, officer = campus.student.actor, campus.officer
    first = await caller.post(changes(campus), student, NEW)
    second = await caller.post(changes(campus), student, NEW | {"number": "B-78"})
    no = {"reason": "学生证上是另一所学校"}
    address = f"{changes(campus)}/{first['id']}"
    assert await caller.refused(f"{address}/confirm", officer, CARD) == "illegal_transition"
    rejected = await caller.post(f"{changes(campus)}/{second['id']}/reject", officer, no)
    assert (rejected["state"], rejected["decision"]) == ("rejected", no["reason"])
    third = await caller.post(changes(campus), student, NEW)
    gone = await caller.post(f"{changes(campus)}/{third['id']}/withdraw", student)
    assert gone["state"] == "withdrawn"
    assert await caller.refused(f"{changes(campus)}/{third['id']}/confirm", officer, CARD) == "illegal_transition"
    assert await printed(caller, campus) == OLD


async def test_who_may_not_ask_or_confirm_and_what_cannot_be_is_refused_by_name(
    platform: Platform, caller: Caller
) -> None:
    campus = await a_campus(platform, 47)
    student, officer = campus.student.actor, campus.officer
    async with transaction(platform.db) as tx:
        stranger = await an_actor(platform, tx, Role.VOLUNTEER)
        account = await an_account(platform, tx, Role.VOLUNTEER)
        known = await sealed_student(tx, platform.vault, account.id, school="示例学院", number="9")
        other = await a_person(platform, tx, campus.bank, account=account, student=known)
        await prove_student(tx, other, campus.officer, now=platform.now())
        _, aged = await a_member_elder(platform, tx, campus.bank)
    taken = {"school": "示例学院", "number": "9"}
    for actor, body, code in (
        (stranger, NEW, "unknown"),
        (campus.foreign, NEW, "unknown"),
        (student, {"school": OLD[0], "number": OLD[1]}, "student_unchanged"),
        (student, taken, "student_taken"),
        (student, NEW | {"number": ""}, "malformed"),
        (student, {"school": "示例大学"}, "malformed"),
    ):
        assert await caller.refused(changes(campus), actor, body) == code
    path = f"/v1/members/{aged.id}/student-changes"
    assert await caller.refused(path, officer, NEW) == "not_a_student"
    asked = await caller.post(changes(campus), student, NEW)
    address = f"{changes(campus)}/{asked['id']}"
    assert await caller.refused(f"{address}/confirm", student, CARD) == "forbidden"
    assert await caller.refused(f"{address}/confirm", campus.foreign, CARD) == "unknown"
    assert await caller.refused(f"{address}/confirm", officer, {"proof": "hearsay"}) == "malformed"
    elsewhere = f"/v1/members/{other.member.id}/student-changes/{asked['id']}/confirm"
    assert await caller.refused(elsewhere, officer, CARD) == "unknown"
    # an officer who is the student herself
    herself = type(officer)(student.account_id, officer.roles, officer.region_path)
    assert await caller.refused(f"{address}/confirm", herself, CARD) == "own_incident"
    # joining again does not get round it
    joining: dict[str, Any] = {"student": NEW, "district_id": str(campus.district_id), "gender": "f"}
    assert await caller.refused("/v1/members", student, joining) == "student_kept"
    # another became this very student meanwhile
    second = await caller.post(f"/v1/members/{other.member.id}/student-changes", other.actor, NEW)
    await caller.post(f"/v1/members/{other.member.id}/student-changes/{second['id']}/confirm", officer, CARD)
    assert await caller.refused(f"{address}/confirm", officer, CARD) == "student_taken"
    assert await printed(caller, campus) == OLD


async def test_the_table_itself_keeps_what_a_confirmed_change_needs(platform: Platform, caller: Caller) -> None:
    campus = await a_campus(platform, 47)
    await caller.post(changes(campus), campus.student.actor, NEW)
    for attack in (
        "UPDATE student_change SET state = 'confirmed' WHERE state = 'pending'",
        "UPDATE student_change SET asked_by = decided_by WHERE state = 'confirmed'",
        "UPDATE student_change SET state = 'rejected', decided_at = now()",
        f"INSERT INTO student_change ({COLUMNS}) {AGAIN.format(COLUMNS[4:])}",
    ):
        with pytest.raises(IntegrityError):
            async with transaction(platform.db) as tx:
                await tx.execute(text(attack))
