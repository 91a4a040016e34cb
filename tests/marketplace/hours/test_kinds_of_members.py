"""Minors with guardians, students, groups, ages: over HTTP, on a Monday, 2 March 2026."""

from datetime import UTC, date, datetime
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from marketplace.base.actor import Actor, Role
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.base.timebank_rules import EarningRules
from marketplace.hours.members.ages import require_age
from marketplace.hours.members.errors import AgeNotAllowed, AgeUnknown, MinorsRefused
from marketplace.hours.models import Member
from tests.builders import an_actor
from tests.marketplace.hours.builders import Bank, Person, a_bank, a_member_elder, a_person, a_task
from tests.marketplace.hours.calling import Caller, Headers, live_by

TODAY = date(2026, 3, 2)


async def scene(platform: Platform) -> tuple[Bank, Actor, Person]:
    """A bank, a pupil's account, an adult member."""
    async with transaction(platform.db) as tx:
        bank = await a_bank(platform, tx)
        return bank, await an_actor(platform, tx, Role.VOLUNTEER), await a_person(platform, tx, bank, Role.FAMILY)


def joining(bank: Bank, **changes: Any) -> dict[str, Any]:
    return {"district_id": str(bank.town.districts[0].id), "gender": "f", **changes}


async def test_a_minor_is_pending_until_the_guardian_consents(platform: Platform, caller: Caller) -> None:
    bank, pupil, parent = await scene(platform)
    body = joining(bank, birth_on="2012-06-01")
    assert await caller.refused("/v1/members", pupil, body) == "guardian_missing"
    member = await caller.post("/v1/members", pupil, body | {"guardian_id": str(parent.member.id)})
    assert (member["kind"], member["state"]) == ("minor", "pending")
    address = f"/v1/members/{member['id']}/consent"
    assert await caller.refused(address, pupil, {"consents": True}) == "unknown"
    assert (await caller.post(address, parent.actor, {"consents": True}))["state"] == "active"
    assert (await caller.post(address, parent.actor, {"consents": False}))["state"] == "pending"
    mine = (await caller.get("/v1/me/members", parent.actor))["items"]
    assert [one["id"] for one in mine] == [str(parent.member.id), member["id"]]


async def test_who_is_no_adult_member_cannot_be_a_guardian(platform: Platform, caller: Caller) -> None:
    bank, pupil, parent = await scene(platform)
    async with transaction(platform.db) as tx:
        unborn = await a_person(platform, tx, bank, Role.FAMILY, birth_on=None)
    for guardian in (unborn.member.id, bank.programme_id):
        body = joining(bank, birth_on="2012-06-01", guardian_id=str(guardian))
        assert await caller.refused("/v1/members", pupil, body) == "not_a_guardian"
    assert parent.member.kind == "individual"


async def test_on_the_day_of_age_a_minor_answers_for_herself(
    platform: Platform, caller: Caller, deliver_all: Any
) -> None:
    bank, pupil, parent = await scene(platform)
    body = joining(bank, birth_on="2008-03-05", guardian_id=str(parent.member.id))
    member = await caller.post("/v1/members", pupil, body)
    platform.clock.set(datetime(2026, 3, 4, 15, 59, tzinfo=UTC))  # type: ignore[attr-defined]
    await deliver_all(platform)
    assert (await caller.get(f"/v1/members/{member['id']}", pupil))["member"]["kind"] == "minor"
    platform.clock.set(datetime(2026, 3, 4, 16, tzinfo=UTC))  # type: ignore[attr-defined] # midnight in the city
    await deliver_all(platform)
    grown = (await caller.get(f"/v1/members/{member['id']}", pupil))["member"]
    assert (grown["kind"], grown["state"], grown["guardian_id"]) == ("individual", "active", None)


async def test_a_date_of_birth_is_told_once_and_corrected_by_an_officer(platform: Platform, caller: Caller) -> None:
    bank, volunteer, _ = await scene(platform)
    async with transaction(platform.db) as tx:
        officer = await an_actor(platform, tx, Role.OFFICER, region=bank.town.districts[0])
    member = await caller.post("/v1/members", volunteer, joining(bank))
    await caller.post("/v1/members", volunteer, joining(bank, birth_on="1970-01-01"))
    assert await caller.refused("/v1/members", volunteer, joining(bank, birth_on="1971-01-01")) == "birth_date_kept"
    corrected = joining(bank, birth_on="1971-01-01", account_id=str(volunteer.account_id))
    await caller.post("/v1/members", officer, corrected)
    assert (await caller.get(f"/v1/members/{member['id']}", volunteer))["birth_on"] == "1971-01-01"


async def test_a_student_is_one_member_and_the_number_is_sealed(platform: Platform, caller: Caller) -> None:
    bank, first, _ = await scene(platform)
    async with transaction(platform.db) as tx:
        second = await an_actor(platform, tx, Role.VOLUNTEER)
    student = {"school": "示例大学", "number": "2026-0815"}
    body = joining(bank, birth_on="2005-01-01", student=student)
    member = await caller.post("/v1/members", first, body)
    assert member["kind"] == "individual"  # until it is proved
    rival = await caller.post("/v1/members", second, body)  # as long as nothing is proved, nothing is taken
    async with transaction(platform.db) as tx:
        officer = await an_actor(platform, tx, Role.OFFICER, region=bank.town.districts[0])
    told: dict[str, Any] = {}
    for one, actor in ((member, first), (rival, second)):
        await caller.post("/v1/members", actor, body)  # joining twice is telling it once
        (told[one["id"]],) = (await caller.get(f"/v1/members/{one['id']}/student-changes", actor))["items"]
    card = {"proof": "student_card"}
    await caller.post(f"/v1/members/{member['id']}/student-changes/{told[member['id']]['id']}/confirm", officer, card)
    late = f"/v1/members/{rival['id']}/student-changes/{told[rival['id']]['id']}/confirm"
    assert await caller.refused(late, officer, card) == "student_taken"
    assert await caller.refused("/v1/members", second, body) == "student_taken"
    assert (await caller.post("/v1/members", first, body))["kind"] == "student"
    file = await caller.get(f"/v1/members/{member['id']}", first)
    assert (file["school"], file["student_number"]) == ("示例大学", "2026-0815")
    async with transaction(platform.db) as tx:
        assert "2026-0815" not in str(
            await tx.scalar(text("SELECT to_jsonb(m)::text FROM member m WHERE school <> ''"))
        )


async def test_a_group_has_a_contact_and_gives_its_hours_away_only(platform: Platform, caller: Caller) -> None:
    bank, teacher, parent = await scene(platform)
    body = {"name": "示例中学志愿队", "district_id": str(bank.town.districts[0].id), "size": 12, "gender": "m"}
    group = await caller.post("/v1/groups", teacher, body)
    assert (group["kind"], group["size"], group["may_redeem"]) == ("group", 12, False)
    assert group["contact_id"] == str(teacher.account_id)
    async with transaction(platform.db) as tx:
        member = await tx.get_one(Member, group["id"])
        cap = await tx.scalar(text("SELECT cap FROM ledger_account WHERE id = :id"), {"id": member.ledger_account})
        officer = await an_actor(platform, tx, Role.OFFICER, region=bank.town.districts[0])
    assert cap is None
    assert await caller.refused("/v1/groups", teacher, body | {"size": 1}) == "malformed"
    other = body | {"contact_id": str(parent.actor.account_id)}
    assert await caller.refused("/v1/groups", teacher, other) == "unknown"
    assert await caller.refused("/v1/groups", officer, other) == "contact_not_a_volunteer"


CHANGNING = {"youngest": 60, "youngest_woman": 50, "oldest": 70, "minors": "refused"}
TAIYUAN = {"youngest": 18, "youngest_woman": 18, "minors": "with_guardian"}


@pytest.mark.parametrize(
    ("city", "born_on", "gender", "refusal"),
    [
        (CHANGNING, date(1966, 3, 2), "m", None),  # sixty today
        (CHANGNING, date(1966, 3, 3), "m", AgeNotAllowed),  # tomorrow
        (CHANGNING, date(1976, 3, 2), "f", None),
        (CHANGNING, date(1976, 3, 3), "f", AgeNotAllowed),
        (CHANGNING, date(1955, 3, 3), "m", None),  # still seventy
        (CHANGNING, date(1955, 3, 2), "m", AgeNotAllowed),
        (CHANGNING, date(2010, 1, 1), "f", MinorsRefused),
        (TAIYUAN, date(2008, 3, 2), "m", None),
        (TAIYUAN, date(2012, 1, 1), "m", None),  # the guardian's consent is asked for elsewhere
        (TAIYUAN, None, "m", AgeUnknown),
    ],
)
def test_ages_are_the_citys(
    city: dict[str, Any], born_on: date | None, gender: str, refusal: type[Exception] | None
) -> None:
    rules = EarningRules(**city, training=False, taking=("grab",), excess_to=("branch",))
    if refusal is None:
        require_age(born_on, gender, on=TODAY, rules=rules)
        return
    with pytest.raises(refusal):
        require_age(born_on, gender, on=TODAY, rules=rules)


async def test_who_is_too_old_to_give_does_not_join_as_a_volunteer(platform: Platform, caller: Caller) -> None:
    bank, volunteer, _ = await scene(platform)
    live_by(platform, earning=CHANGNING)
    assert await caller.refused("/v1/members", volunteer, joining(bank, birth_on="1950-01-01")) == "age_not_allowed"
    async with transaction(platform.db) as tx:
        found = await tx.scalar(
            text("SELECT count(*) FROM member WHERE account_id = :id"), {"id": volunteer.account_id}
        )
    assert found == 0


async def test_nobody_takes_a_task_whose_age_is_not_known(platform: Platform, caller: Caller) -> None:
    async with transaction(platform.db) as tx:
        bank = await a_bank(platform, tx)
        elder, _ = await a_member_elder(platform, tx, bank, minutes=60)
        task = await a_task(platform, tx, elder)
        volunteer = await a_person(platform, tx, bank, birth_on=None)
    assert await caller.refused(f"/v1/tasks/{task.id}/grab", volunteer.actor) == "age_unknown"


async def test_training_gates_the_grab_and_is_judged_for_the_day_of_the_task(
    platform: Platform, caller: Caller
) -> None:
    async with transaction(platform.db) as tx:
        bank = await a_bank(platform, tx)
        elder, _ = await a_member_elder(platform, tx, bank, minutes=60)
        task = await a_task(platform, tx, elder)  # on 3 March
        volunteer = await a_person(platform, tx, bank)
        officer = await an_actor(platform, tx, Role.OFFICER, region=bank.town.districts[0])
        foreign = await an_actor(platform, tx, Role.OFFICER, region=bank.town.districts[1])
    live_by(platform, earning={"training": True})
    grab, file = f"/v1/tasks/{task.id}/grab", f"/v1/members/{volunteer.member.id}/trainings"
    passed = {"kind": "induction", "passed_on": "2025-03-02", "valid_until": "2026-03-02"}
    assert await caller.refused(grab, volunteer.actor) == "training_missing"
    assert await caller.refused(file, volunteer.actor, passed) == "forbidden"
    assert await caller.refused(file, foreign, passed) == "unknown"
    await caller.post(file, officer, passed)  # over on the day before the task
    await caller.post(file, officer, passed | {"kind": "first_aid", "valid_until": None})
    assert await caller.refused(grab, volunteer.actor) == "training_missing"
    assert await caller.refused(file, officer, passed | {"passed_on": "2026-03-03"}) == "training_period"
    renewed = passed | {"passed_on": "2026-03-01", "valid_until": "2026-03-03"}
    first = await caller.post(file, officer, renewed)
    assert (await caller.post(file, officer, renewed))["id"] == first["id"]
    assert (await caller.post(grab, volunteer.actor))["state"] == "grabbed"
    trainings = (await caller.get(f"/v1/members/{volunteer.member.id}", officer))["trainings"]
    assert [one["passed_on"] for one in trainings] == ["2026-03-01", "2025-03-02", "2025-03-02"]
    async with transaction(platform.db) as tx:
        reads = text("SELECT count(*) FROM audit WHERE action = 'member.read' AND actor_id = :id")
        assert await tx.scalar(reads, {"id": officer.account_id}) == 1


async def test_a_file_is_shown_to_nobody_else(platform: Platform, client: httpx.AsyncClient, as_: Headers) -> None:
    bank, _, parent = await scene(platform)
    async with transaction(platform.db) as tx:
        stranger = (await a_person(platform, tx, bank)).actor
        foreign = await an_actor(platform, tx, Role.OFFICER, region=bank.town.districts[1])
    for actor in (stranger, foreign):
        answer = await client.get(f"/v1/members/{parent.member.id}", headers=as_(actor))
        assert answer.status_code == 404


async def test_a_lapsed_insurance_is_shown_and_warns_but_keeps_nobody_from_a_task(
    platform: Platform, caller: Caller
) -> None:
    async with transaction(platform.db) as tx:
        bank = await a_bank(platform, tx)
        elder, _ = await a_member_elder(platform, tx, bank, minutes=60)
        task = await a_task(platform, tx, elder)  # on 3 March
        volunteer = await a_person(platform, tx, bank)
    file = f"/v1/members/{volunteer.member.id}/insurance"
    policy = {
        "insurer": "示例保险公司",
        "policy_number": "PA-2026-000123",
        "valid_from": "2026-01-01",
        "valid_until": "2026-03-02",
    }
    assert await caller.refused(file, volunteer.actor, policy | {"valid_until": "2025-12-31"}) == "insurance_period"
    await caller.post(file, volunteer.actor, policy)
    assert (await caller.post(f"/v1/tasks/{task.id}/grab", volunteer.actor))["warnings"] == ["insurance_lapsed"]
    await caller.post(file, volunteer.actor, policy | {"valid_until": "2026-12-31"})
    assert (await caller.get(f"/v1/tasks/{task.id}", volunteer.actor))["warnings"] == []
    shown = (await caller.get(f"/v1/members/{volunteer.member.id}", volunteer.actor))["insurance"]
    assert (shown["policy_number"], shown["valid_until"]) == ("PA-2026-000123", "2026-12-31")
    async with transaction(platform.db) as tx:
        assert "PA-2026" not in str(await tx.scalar(text("SELECT to_jsonb(i)::text FROM insurance i")))
