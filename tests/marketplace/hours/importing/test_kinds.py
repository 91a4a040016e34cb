"""Every kind of member comes in: minors with guardians, students, groups; what is wrong with one is named."""

from datetime import date

import pytest

import timebank
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.hours.audit import prove
from marketplace.hours.importing.report import Files
from marketplace.hours.members.guardians import consent
from marketplace.hours.members.students import student_number
from marketplace.hours.models import Member
from marketplace.people.accounts import actor_of
from marketplace.people.models import Account
from tests.marketplace.hours.importing.builders import (
    ELDERS_PHONE,
    a_city,
    files_with,
    imported,
    members_of,
    problems,
)

# Anna answers for Ming; Sun, a student, is the contact of the choir of twelve
MEMBERS = f"""编号,姓名,电话,类别,区,出生日期,加入日期,监护人,学校,学号,人数,联系人,性别
M,小明,13900000011,未成年人,d1,2010-05-01,2024-12-01,A,,,,,
G,示例合唱团,,团体,d2,,2024-12-01,,,,12,S,女
A,安娜,13900000012,个人,d1,1980-01-02,2024-12-02,,,,,,
S,孙同学,13900000013,学生,d2,2004-01-02,2024-12-03,,示例大学,2023001234,,,
T,小孙,13900000014,student,d2,2009-01-02,2024-12-03,A,示例中学,77,,,
E,李奶奶,{ELDERS_PHONE},老人,d1,1944-05-01,2024-12-01,,,,,,
"""
BALANCES = """member,minutes,as_of
M,60,2025-12-31
G,95000,2025-12-31
S,40,2025-12-31
"""
NOBODY = "member,minutes,as_of\n"
KINDS = Files(files_with(members=MEMBERS, balances=BALANCES, history=None))


def changed(old: str, new: str, balances: str = BALANCES) -> Files:
    assert old in MEMBERS
    return Files(files_with(members=MEMBERS.replace(old, new), balances=balances, history=None))


async def test_all_kinds_come_in_as_what_they_are(platform: Platform) -> None:
    await a_city(platform)
    made = await imported(platform, KINDS)
    assert (made.state, made.members, made.minutes) == ("done", 6, 95_100)
    found = await members_of(platform)
    assert {name: (one.kind, one.state) for name, one in found.items()} == {
        "M": ("minor", "pending"),
        "G": ("group", "active"),
        "A": ("individual", "active"),
        "S": ("student", "active"),
        "T": ("student", "pending"),
        "E": ("elder", "active"),
    }
    assert found["M"].guardian_id == found["T"].guardian_id == found["A"].id
    assert found["M"].birth_on == date(2010, 5, 1)
    group = found["G"]
    assert (group.name, group.size, group.contact_id) == ("示例合唱团", 12, found["S"].account_id)
    async with transaction(platform.db) as tx:
        assert await student_number(tx, platform.vault, found["S"]) == "2023001234"
        balance = await timebank.balance(tx, group.ledger_account, now=platform.now())
        assert (balance.posted, balance.floor, balance.cap) == (95_000, 0, None)  # a group has no cap
        assert await prove(tx) == []


async def test_a_guardian_who_came_along_consents(platform: Platform) -> None:
    await a_city(platform)
    await imported(platform, KINDS)
    found = await members_of(platform)
    async with transaction(platform.db) as tx:
        anna = await actor_of(tx, await tx.get_one(Account, found["A"].account_id))
        rules = platform.policy.timebank.sanctions
        await consent(tx, found["M"].id, consents=True, rules=rules, actor=anna, now=platform.now())
    async with transaction(platform.db) as tx:
        assert (await tx.get_one(Member, found["M"].id)).state == "active"


@pytest.mark.parametrize(
    ("old", "new", "line", "code"),
    [
        ("小明,13900000011,未成年人,d1,2010", "小明,13900000011,未成年人,d1,2000", 2, "of_age"),
        ("小明,13900000011,未成年人", "小明,13900000011,个人", 2, "under_age"),
        ("2024-12-01,A,,,,,", "2024-12-01,,,,,,", 2, "empty"),
        ("2024-12-01,A,,,,,", "2024-12-01,T,,,,,", 2, "guardian_unknown"),
        ("2024-12-01,A,,,,,", "2024-12-01,Z,,,,,", 2, "guardian_unknown"),
        ("12,S,女", "1,S,女", 3, "group_size"),
        ("12,S,女", "12,E,女", 3, "contact_unknown"),
        ("12,S,女", "12,S,", 3, "unknown_gender"),
        ("示例大学,2023001234", "示例大学,", 5, "empty"),
        ("示例中学,77", "示例大学,2023001234", 6, "doubled_student"),
        ("2024-12-03,A,示例中学", "2024-12-03,,示例中学", 6, "guardian_missing"),
    ],
)
async def test_what_is_wrong_with_a_kind_is_named(platform: Platform, old: str, new: str, line: int, code: str) -> None:
    await a_city(platform)
    named = [(at, what) for name, at, what in await problems(platform, changed(old, new)) if name == "members.csv"]
    assert named == [(line, code)]


async def test_a_student_who_is_a_member_here_is_named(platform: Platform) -> None:
    await a_city(platform)
    await imported(platform, KINDS)
    again = changed("S,孙同学,13900000013", "S,孙同学,13900000099", NOBODY)
    assert [line for _, line, code in await problems(platform, again) if code == "student_taken"] == [5, 6]


async def test_a_file_without_the_columns_of_other_kinds_lacks_a_minors_guardian(platform: Platform) -> None:
    await a_city(platform)
    plain = (
        "external_id,name,phone,kind,district,birth_on,joined_on\nM,小明,13900000011,minor,d1,2010-05-01,2024-12-01\n"
    )
    files = Files(files_with(members=plain, balances=NOBODY, history=None))
    assert await problems(platform, files) == [("members.csv", 2, "empty")]
