"""Joining for others: officers of the branch alone, and whoever was made a member, or corrected, is told."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from marketplace.base.actor import Actor, Role
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from tests.builders import an_account, an_actor, an_elder
from tests.marketplace.hours.builders import Bank, a_bank, a_person
from tests.marketplace.hours.calling import Caller
from tests.marketplace.hours.giving.scene import Told

Deliver = Callable[[Platform], Awaitable[int]]
BORN = "1990-05-01"


async def a_city(platform: Platform) -> tuple[Bank, Actor, Actor]:
    """A bank, an officer of its first branch and one of its second."""
    async with transaction(platform.db) as tx:
        bank = await a_bank(platform, tx)
        here, there = [await an_actor(platform, tx, Role.OFFICER, region=one) for one in bank.town.districts[:2]]
        return bank, here, there


def told_of(told: Told, words: str) -> int:
    return sum(words in text for _, text in told.texts)


async def test_whoever_an_officer_makes_a_member_is_told_once(
    platform: Platform, caller: Caller, deliver_all: Deliver
) -> None:
    bank, officer, _ = await a_city(platform)
    async with transaction(platform.db) as tx:
        account = await an_account(platform, tx, Role.VOLUNTEER)
        elder = await an_elder(platform, tx, bank.town.communities[0])
        herself = await an_actor(platform, tx, Role.VOLUNTEER)
    told, district = Told(), str(bank.town.districts[0].id)
    listening = replace(platform, channel=told)
    body = {"district_id": district, "gender": "f", "birth_on": BORN}
    await caller.post("/v1/members", herself, body)
    await deliver_all(listening)
    assert told.texts == []  # what she did herself she knows
    for _ in range(2):  # joining twice is joining once
        made = await caller.post("/v1/members", officer, body | {"account_id": str(account.id)})
        await caller.post("/v1/members", officer, {"elder_id": str(elder.id)})
        await deliver_all(listening)
        assert told_of(told, "您已加入时间银行。由工作人员代您办理") == 2
    await caller.post(f"/v1/members/{made['id']}/leave", officer, {"reason": "搬家"})
    await caller.post("/v1/members", officer, body | {"account_id": str(account.id)})
    await deliver_all(listening)
    assert told_of(told, "您已加入时间银行") == 3


async def test_an_officer_makes_no_member_of_another_branch_and_touches_none_by_letting_her_join_again(
    platform: Platform, caller: Caller
) -> None:
    bank, here, there = await a_city(platform)
    async with transaction(platform.db) as tx:
        person = await a_person(platform, tx, bank, district=1)
        account = await an_account(platform, tx, Role.ELDER)
        elder = await an_elder(platform, tx, bank.town.communities[1])
        elder.account_id = account.id
    body = {
        "account_id": str(person.actor.account_id),
        "district_id": str(bank.town.districts[0].id),
        "birth_on": "1930-01-01",
        "gender": "f",
    }
    assert await caller.refused("/v1/members", here, body) == "unknown"
    own = body | {"district_id": str(bank.town.districts[1].id)}
    seen = f"/v1/members/{person.member.id}"
    assert (await caller.get(seen, there))["birth_on"] == "1980-05-01"
    await caller.post("/v1/members", there, own)
    assert (await caller.get(seen, there))["birth_on"] == "1930-01-01"
    body = {"account_id": str(account.id), "district_id": str(bank.town.districts[0].id)}
    assert await caller.refused("/v1/members", here, body) == "unknown"
    made = await caller.post("/v1/members", there, body | {"district_id": str(bank.town.districts[1].id)})
    assert (made["kind"], made["elder_id"]) == ("elder", str(elder.id))


async def test_a_corrected_date_of_birth_is_told_and_nobody_corrects_her_own(
    platform: Platform, caller: Caller, deliver_all: Deliver
) -> None:
    bank, officer, _ = await a_city(platform)
    async with transaction(platform.db) as tx:
        both = await an_account(platform, tx, Role.OFFICER, Role.VOLUNTEER, region=bank.town.districts[0])
        own = await a_person(platform, tx, bank, account=both)
    told = Told()
    await deliver_all(replace(platform, channel=told))
    told.texts.clear()
    body = {"district_id": str(bank.town.districts[0].id), "gender": "f", "birth_on": BORN}
    assert await caller.refused("/v1/members", own.actor, body) == "birth_date_kept"
    await caller.post("/v1/members", officer, body | {"account_id": str(both.id)})
    await deliver_all(replace(platform, channel=told))
    assert told_of(told, "您的出生日期已更正。由工作人员代您办理") == len(told.texts) == 1


async def test_a_groups_contact_whom_an_officer_names_is_told(
    platform: Platform, caller: Caller, deliver_all: Deliver
) -> None:
    bank, officer, _ = await a_city(platform)
    async with transaction(platform.db) as tx:
        contact = await an_account(platform, tx, Role.VOLUNTEER)
    told = Told()
    body = {"name": "示例中学志愿队", "district_id": str(bank.town.districts[0].id), "size": 12, "gender": "f"}
    await caller.post("/v1/groups", officer, body | {"contact_id": str(contact.id)})
    await deliver_all(replace(platform, channel=told))
    assert told_of(told, "您已登记为一个团体的联系人") == len(told.texts) == 1
