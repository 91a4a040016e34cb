"""A student's changed school or number waits on the members' page, and is confirmed or not on her file."""

import re

import pytest

from marketplace.base.actor import Role
from marketplace.base.database import transaction
from marketplace.console.bank import students
from marketplace.hours.members.student_changes import ask_change
from marketplace.hours.members.students import sealed_student
from tests.builders import an_account
from tests.marketplace.console.pages import NOON, Page, section
from tests.marketplace.hours.builders import Person, a_person
from tests.marketplace.hours.certificates.builders import prove_student
from tests.marketplace.hours.giving.scene import Scene, a_scene, member_now, rows
from tests.marketplace.hours.students import a_learner, a_student_of_before


async def a_student(page: Page) -> tuple[Scene, Person]:
    """A student of the first branch says that she has changed to another university."""
    scene, vault = await a_scene(page.platform), page.platform.vault
    async with transaction(page.platform.db) as tx:
        account = await an_account(page.platform, tx, Role.VOLUNTEER)
        known = await sealed_student(tx, vault, account.id, school="示例大学", number="2023001234")
        student = await a_person(page.platform, tx, scene.bank, account=account, student=known)
        await prove_student(tx, student, scene.colleague, now=NOON)
        await ask_change(
            tx, vault, student.member.id, school="示例理工大学", number="B-77", actor=student.actor, now=NOON
        )
    return scene, student


async def test_an_officer_confirms_with_what_was_shown(page: Page) -> None:
    scene, student = await a_student(page)
    await page.open(scene, Role.OFFICER)
    file = f"/console/members/{student.member.id}"
    for lang, words in (("en", "Another school or number"), ("zh", "更改学校或学号")):
        assert 'href="/console/students?' in await page.read(lang, page="members")
        waits = section(await page.read(lang, page="students"), "students")
        for part in (words, "示例理工大学 · B-77", file):
            assert part in waits
    shown = await page.read(page=f"members/{student.member.id}")
    for part in ("示例大学 · 2023001234", "示例理工大学 · B-77", "the old ones stand"):
        assert part in shown
    assert (await page.press(shown, "Confirm</button>", proof="student_card")).status_code == 200
    after = await page.read(page=f"members/{student.member.id}")
    assert "<dd>示例理工大学 · B-77</dd>" in after
    assert "the old ones stand" not in after
    assert 'id="students"' not in await page.read(page="members")
    assert (await member_now(page.platform, student.member)).school == "示例理工大学"


async def test_what_is_not_confirmed_needs_a_reason_and_leaves_the_old_school(page: Page) -> None:
    scene, student = await a_student(page)
    await page.open(scene, Role.OFFICER)
    shown = await page.read(page=f"members/{student.member.id}")
    assert (await page.press(shown, "Not confirmed</button>")).status_code == 400
    assert (await page.press(shown, "Not confirmed</button>", reason="没有带学生证")).status_code == 200
    assert (await member_now(page.platform, student.member)).school == "示例大学"
    assert 'id="students"' not in await page.read(page="members")


async def test_who_told_it_for_her_may_call_it_off_and_another_officer_confirms_it(page: Page) -> None:
    scene = await a_scene(page.platform)
    await page.open(scene, Role.OFFICER)
    await page.read()
    headers = {"Authorization": f"Bearer {page.token}", "Idempotency-Key": "told"}
    told = {"school": "示例大学", "number": "2026-1"}
    address = f"/v1/members/{scene.giver.member.id}/student-changes"
    asked = await page.client.post(address, json=told, headers=headers)
    assert asked.json()["state"] == "pending"
    own = await page.read(page=f"members/{scene.giver.member.id}")
    assert "you asked for it: another officer decides" in own
    assert "Confirm</button>" not in own
    await page.open(scene, Role.OFFICER)
    shown = await page.read(page=f"members/{scene.giver.member.id}")
    assert (await page.press(shown, "Confirm</button>", proof="school_register")).status_code == 200
    assert "<dd>示例大学 · 2026-1</dd>" in await page.read(page=f"members/{scene.giver.member.id}")


async def test_who_cannot_confirm_is_not_asked_to(page: Page) -> None:
    scene, _ = await a_student(page)
    await page.open(scene, Role.OPERATOR)
    assert 'id="students"' not in await page.read(page="members")


async def test_another_branch_sees_nothing_of_it(page: Page) -> None:
    scene, _ = await a_student(page)
    await page.open(scene, Role.OFFICER, branch=1)
    assert 'id="students"' not in await page.read(page="members")


async def test_students_are_proved_in_the_list_the_oldest_first_page_by_page(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(students, "PER_PAGE", 2)
    scene, changed = await a_student(page)
    before, learner = await two_more(page, scene)
    await page.open(scene, Role.OFFICER)
    first = section(await page.read(page="students"), "students")
    assert re.findall(r'data-member="([^"]+)"', first) == [str(one.member.id) for one in (changed, before)]
    assert "A student of before, never proved" in first
    looks = "SELECT count(*) FROM audit WHERE action = 'member.read'"
    assert await rows(page.platform, looks) == [(2,)]  # numbers were shown
    (after,) = re.findall(r"after=([0-9a-f-]+)", first)
    second = await page.read(page="students", after=after)
    assert re.findall(r'data-member="([^"]+)"', second) == [str(learner.member.id)]
    assert "no student until it is proved" in second
    shown = await page.read(page="students")
    assert (await page.press(shown, "Confirm</button>", proof="student_card")).status_code == 200
    shown = await page.read(page="students")
    assert f'data-member="{before.member.id}"' in shown
    assert (await page.press(shown, "Confirm</button>", proof="school_register")).status_code == 200
    assert (await page.press(await page.read(page="students"), "Confirm</button>", proof="student_card")).is_success
    assert "Nobody waits for a proof." in await page.read(page="students")
    assert "没有待核实的学生" in await page.read("zh", page="students")


async def two_more(page: Page, scene: Scene) -> tuple[Person, Person]:
    """A student of before proofs were asked for, and one who tells it on joining."""
    before = await a_student_of_before(page.platform, scene.bank, "5")
    return before, await a_learner(page.platform, scene.bank, "6")


async def test_an_operator_reads_the_list_and_confirms_nothing(page: Page) -> None:
    scene, _ = await a_student(page)
    await page.open(scene, Role.OPERATOR)
    shown = await page.read(page="students")
    assert "示例理工大学 · B-77" in shown
    assert "Confirm</button>" not in shown


async def test_a_student_of_before_without_a_paper_is_rejected_in_the_list_with_a_reason(page: Page) -> None:
    scene = await a_scene(page.platform)
    before = await a_student_of_before(page.platform, scene.bank, "5")
    await page.open(scene, Role.OFFICER)
    shown = await page.read(page="students")
    assert (await page.press(shown, "Not confirmed</button>")).status_code == 400
    assert (await member_now(page.platform, before.member)).kind == "student"
    assert (await page.press(shown, "Not confirmed</button>", reason="学校查无此人")).status_code == 200
    assert (await member_now(page.platform, before.member)).kind == "individual"
    assert "Nobody waits for a proof." in await page.read(page="students")
