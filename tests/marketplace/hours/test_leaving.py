"""Leaving the time bank: an account closes at zero, and not before."""

import asyncio
from datetime import timedelta

import httpx
from sqlalchemy import text

import timebank
from marketplace.base.actor import Role
from marketplace.base.database import transaction
from marketplace.base.errors import Stale
from marketplace.base.platform import Platform
from marketplace.hours.audit import prove
from marketplace.hours.books import pool_account
from marketplace.hours.errors import MemberInactive
from marketplace.hours.giving.leaving import Going, leave
from marketplace.hours.models import Member, Task
from marketplace.hours.tasks.grabbing import grab
from marketplace.visits.models import Performer
from tests.builders import an_actor
from tests.marketplace.hours.builders import (
    HOUR,
    TEN,
    Person,
    a_bank,
    a_member_elder,
    a_person,
    a_task,
    balances,
    give,
    report,
    serve,
    task_now,
)
from tests.marketplace.hours.calling import Caller, Headers

WHY = {"reason": "moves to another city"}


async def test_a_balance_is_named_and_may_go_to_the_pool_in_the_same_step(
    platform: Platform, client: httpx.AsyncClient, as_: Headers, caller: Caller
) -> None:
    async with transaction(platform.db) as tx:
        bank = await a_bank(platform, tx)
        elder, _ = await a_member_elder(platform, tx, bank, minutes=60)
        volunteer = await a_person(platform, tx, bank)
        task = await a_task(platform, tx, elder)
    await serve(platform, task, volunteer, 47)
    address = f"/v1/members/{volunteer.member.id}/leave"
    answer = (await client.post(address, json=WHY, headers=as_(volunteer.actor))).json()
    assert (answer["code"], answer["balance_minutes"], answer["held_minutes"]) == ("balance_not_empty", 47, 0)
    left = await caller.post(address, volunteer.actor, WHY | {"balance_to": "pool"})
    assert left["state"] == "left"
    pool = pool_account(elder.district_id)
    assert await balances(platform, volunteer.account, pool) == [(0, 0), (47, 0)]
    async with transaction(platform.db) as tx:
        assert (await timebank.balance(tx, volunteer.account, now=platform.now())).state == "closed"
        assert (await tx.get_one(Performer, volunteer.member.performer_id)).state == "left"
        assert await prove(tx) == []
    assert (await caller.post(address, volunteer.actor, WHY))["state"] == "left"  # once is enough


async def test_open_tasks_are_given_back_and_begun_ones_come_first(platform: Platform, caller: Caller) -> None:
    async with transaction(platform.db) as tx:
        bank = await a_bank(platform, tx)
        elder, _ = await a_member_elder(platform, tx, bank, minutes=120)
        first, second = await a_task(platform, tx, elder), await a_task(platform, tx, elder, start=TEN + 2 * HOUR)
        volunteer = await a_person(platform, tx, bank)
    for task in (first, second):
        async with transaction(platform.db) as tx:
            rules = platform.policy.timebank
            await grab(tx, task.id, actor=volunteer.actor, rules=rules, now=platform.now())
    await report(platform, first, volunteer, "in", TEN)
    address = f"/v1/members/{volunteer.member.id}/leave"
    assert await caller.refused(address, volunteer.actor, WHY) == "tasks_unsettled"
    assert (await task_now(platform, second)).state == "grabbed"  # nothing was changed
    async with transaction(platform.db) as tx:
        other = await a_person(platform, tx, bank)
        neighbour, _ = await a_member_elder(platform, tx, bank, minutes=60)
        third = await a_task(platform, tx, neighbour, start=TEN + 3 * HOUR)
    async with transaction(platform.db) as tx:
        await grab(tx, third.id, actor=other.actor, rules=platform.policy.timebank, now=platform.now())
    await caller.post(f"/v1/members/{other.member.id}/leave", other.actor, WHY)
    given_back = await task_now(platform, third)
    assert (given_back.state, given_back.member_id) == ("published", None)
    assert await balances(platform, third.source_account) == [(60, 60)]


async def test_what_one_asked_for_and_pays_keeps_the_account_open(platform: Platform, caller: Caller) -> None:
    async with transaction(platform.db) as tx:
        bank = await a_bank(platform, tx)
        elder, member = await a_member_elder(platform, tx, bank, minutes=60)
        await a_task(platform, tx, elder)
        officer = await an_actor(platform, tx, Role.OFFICER, region=bank.town.districts[0])
    body = WHY | {"balance_to": "pool"}
    assert await caller.refused(f"/v1/members/{member.id}/leave", officer, body) == "balance_not_empty"


async def test_who_left_may_join_again_with_the_same_account(platform: Platform, caller: Caller) -> None:
    async with transaction(platform.db) as tx:
        bank = await a_bank(platform, tx)
        volunteer = await a_person(platform, tx, bank)
    await caller.post(f"/v1/members/{volunteer.member.id}/leave", volunteer.actor, WHY)
    body = {"district_id": str(bank.town.districts[0].id)}
    again = await caller.post("/v1/members", volunteer.actor, body)
    assert (again["id"], again["state"]) == (str(volunteer.member.id), "active")
    async with transaction(platform.db) as tx:
        await give(platform, tx, bank, volunteer.account, 5)
    assert await balances(platform, volunteer.account) == [(5, 0)]


async def test_an_ended_member_gives_the_hours_away_leaves_and_cannot_come_back(
    platform: Platform, caller: Caller
) -> None:
    async with transaction(platform.db) as tx:
        bank = await a_bank(platform, tx)
        volunteer = await a_person(platform, tx, bank)
        await give(platform, tx, bank, volunteer.account, 30)
        officer = await an_actor(platform, tx, Role.OFFICER, region=bank.town.districts[0])
    for number in range(3):
        body = {"kind": "malice", "cause": f"call/{number}", "reason": "told by the family"}
        await caller.post(f"/v1/members/{volunteer.member.id}/incidents", officer, body)
    assert await balances(platform, volunteer.account) == [(30, 0)]  # a sanction takes nobody's hours
    address = f"/v1/members/{volunteer.member.id}/leave"
    assert await caller.refused(address, officer, WHY) == "balance_not_empty"
    await caller.post(address, officer, WHY | {"balance_to": "pool"})
    body = {"district_id": str(bank.town.districts[0].id)}
    assert await caller.refused("/v1/members", volunteer.actor, body) == "membership_ended"


async def test_a_guardian_stays_as_long_as_she_answers_for_somebody(platform: Platform, caller: Caller) -> None:
    async with transaction(platform.db) as tx:
        bank = await a_bank(platform, tx)
        parent = await a_person(platform, tx, bank, Role.FAMILY)
        born_on = platform.now().date() - timedelta(days=365 * 15)
        ward = await a_person(platform, tx, bank, birth_on=born_on, guardian_id=parent.member.id)
    assert await caller.refused(f"/v1/members/{parent.member.id}/leave", parent.actor, WHY) == "wards_left"
    await caller.post(f"/v1/members/{ward.member.id}/leave", parent.actor, WHY)
    await caller.post(f"/v1/members/{parent.member.id}/leave", parent.actor, WHY)
    async with transaction(platform.db) as tx:
        assert (await tx.get_one(Member, parent.member.id)).state == "left"


async def test_who_leaves_while_taking_a_task_does_one_after_the_other(platform: Platform) -> None:
    async with transaction(platform.db) as tx:
        bank = await a_bank(platform, tx)
        elder, _ = await a_member_elder(platform, tx, bank, minutes=600)
        tasks = [await a_task(platform, tx, elder, start=TEN + number * HOUR) for number in range(6)]
        volunteers = [await a_person(platform, tx, bank) for _ in tasks]

    async def takes(task: Task, person: Person) -> None:
        async with transaction(platform.db) as tx:
            await grab(tx, task.id, actor=person.actor, rules=platform.policy.timebank, now=platform.now())

    async def leaves(person: Person) -> None:
        async with transaction(platform.db) as tx:
            now = platform.now()
            going = Going(None, "moves")
            await leave(tx, person.member.id, going, policy=platform.policy, actor=person.actor, now=now)

    pairs = list(zip(tasks, volunteers, strict=True))
    steps = [step for task, person in pairs for step in (takes(task, person), leaves(person))]
    ends = await asyncio.gather(*steps, return_exceptions=True)
    assert {type(one) for one in ends} <= {type(None), MemberInactive, Stale}
    async with transaction(platform.db) as tx:
        stranded = text(
            "SELECT count(*) FROM task JOIN member ON member.id = task.member_id"
            " WHERE task.state = 'grabbed' AND member.state = 'left'"
        )
        assert await tx.scalar(stranded) == 0
        assert await prove(tx) == []
