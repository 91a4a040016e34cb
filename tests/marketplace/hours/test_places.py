"""Several volunteers for one request, groups, minors, and kinds that have a price."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlmodel import col

from marketplace.base.actor import Actor, Role
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.hours.audit import prove
from marketplace.hours.members.groups import Group, found_group
from marketplace.hours.models import Member, Task
from marketplace.hours.tasks.ending import cancel
from marketplace.hours.tasks.grabbing import grab
from tests.builders import an_account, an_actor
from tests.marketplace.hours.builders import (
    SYSTEM,
    TEN,
    Bank,
    Person,
    a_bank,
    a_member_elder,
    a_person,
    a_task,
    approve_and_credit,
    balances,
    report,
    serve,
    task_now,
)
from tests.marketplace.hours.calling import Caller, live_by

PUPIL = date(2011, 5, 1)


async def scene(platform: Platform, *, own: int = 600, **asked: Any) -> tuple[Bank, list[Task]]:
    """A request with its places."""
    async with transaction(platform.db) as tx:
        bank = await a_bank(platform, tx)
        elder, _ = await a_member_elder(platform, tx, bank, minutes=own)
        first = await a_task(platform, tx, elder, **asked)
    return bank, await places(platform, first)


async def places(platform: Platform, first: Task) -> list[Task]:
    async with transaction(platform.db) as tx:
        query = select(Task).where(col(Task.request_id) == first.request_id).order_by(col(Task.place))
        return list(await tx.scalars(query))


async def a_volunteer(platform: Platform, bank: Bank, **joins: Any) -> Person:
    async with transaction(platform.db) as tx:
        return await a_person(platform, tx, bank, **joins)


async def a_group(platform: Platform, bank: Bank, size: int) -> Person:
    async with transaction(platform.db) as tx:
        contact = await an_account(platform, tx, Role.VOLUNTEER)
        group = Group(
            name="示例中学志愿队",
            contact_id=contact.id,
            district_id=bank.town.districts[0].id,
            size=size,
            gender="f",
        )
        member = await found_group(tx, group, actor=SYSTEM, now=platform.now())
    return Person(Actor(contact.id, frozenset({Role.VOLUNTEER})), member)


async def a_ward(platform: Platform, bank: Bank) -> tuple[Person, Person]:
    """A minor whose guardian has consented, and the guardian."""
    guardian = await a_volunteer(platform, bank)
    ward = await a_volunteer(platform, bank, birth_on=PUPIL, guardian_id=guardian.member.id)
    async with transaction(platform.db) as tx:
        row = await tx.get_one(Member, ward.member.id)
        row.state, row.consented_at = "active", platform.now()
    return ward, guardian


async def test_each_place_holds_its_own_and_is_credited_on_its_own_evidence(platform: Platform, caller: Caller) -> None:
    bank, (first, second) = await scene(platform, own=150, places=2)
    one, other = await a_volunteer(platform, bank), await a_volunteer(platform, bank)
    assert await balances(platform, first.source_account) == [(150, 120)]
    await caller.post(f"/v1/tasks/{first.id}/grab", one.actor)
    assert await caller.refused(f"/v1/tasks/{second.id}/grab", one.actor) == "place_taken"
    shown = await caller.post(f"/v1/tasks/{second.id}/grab", other.actor)
    assert shown["place_ids"] == [str(first.id), str(second.id)]
    for task, person, minutes in ((first, one, 60), (second, other, 40)):
        await report(platform, task, person, "in", TEN)
        await report(platform, task, person, "out", TEN + timedelta(minutes=minutes))
        await approve_and_credit(platform, task)
    # 150 − 60 − 40: the second stayed shorter, and what she did not serve is free again
    assert await balances(platform, first.source_account, one.account, other.account) == [(50, 0), (60, 0), (40, 0)]
    async with transaction(platform.db) as tx:
        assert await prove(tx) == []


async def test_a_request_is_paid_as_a_whole_or_not_published(platform: Platform, caller: Caller) -> None:
    async with transaction(platform.db) as tx:
        bank = await a_bank(platform, tx)
        elder, member = await a_member_elder(platform, tx, bank, minutes=119)
        officer = await an_actor(platform, tx, Role.OFFICER, region=bank.town.districts[0])
    body = {
        "elder_id": str(elder.id),
        "kind": "companionship",
        "window_start": TEN.isoformat(),
        "window_end": TEN.isoformat(),
        "minutes": 60,
        "places": 2,
    }
    assert await caller.refused("/v1/tasks", officer, body) == "no_hours_source"
    assert await caller.refused("/v1/tasks", officer, body | {"places": 0}) == "malformed"
    assert await balances(platform, member.ledger_account) == [(119, 0)]


async def test_one_place_or_the_whole_request_is_called_off(platform: Platform) -> None:
    bank, (first, second, third) = await scene(platform, own=180, places=3)
    async with transaction(platform.db) as tx:
        await cancel(tx, first.id, actor=SYSTEM, now=platform.now(), reason="two are enough")
    assert await balances(platform, first.source_account) == [(180, 120)]
    volunteer = await a_volunteer(platform, bank)
    async with transaction(platform.db) as tx:
        rules = platform.policy.timebank
        await grab(tx, second.id, actor=volunteer.actor, rules=rules, now=platform.now())
    await report(platform, second, volunteer, "in", TEN)
    async with transaction(platform.db) as tx:  # what has begun goes on
        await cancel(tx, third.id, actor=SYSTEM, now=platform.now(), reason="one is enough", whole=True)
    states = [(await task_now(platform, task)).state for task in (first, second, third)]
    assert states == ["cancelled", "grabbed", "cancelled"]
    assert await balances(platform, first.source_account) == [(180, 60)]


async def test_a_group_takes_its_place_with_all_its_people(platform: Platform, caller: Caller) -> None:
    bank, (single, grouped) = await scene(platform, own=660, places=1, group_people=10)
    group, small = await a_group(platform, bank, 12), await a_group(platform, bank, 9)
    volunteer = await a_volunteer(platform, bank)
    assert (grouped.people, grouped.worth_minutes) == (10, 600)
    assert await balances(platform, single.source_account) == [(660, 660)]
    address = f"/v1/tasks/{grouped.id}/grab"
    assert await caller.refused(address, small.actor, {"member_id": str(small.member.id)}) == "for_groups"
    assert await caller.refused(address, volunteer.actor) == "for_groups"
    assert await caller.refused(address, volunteer.actor, {"member_id": str(group.member.id)}) == "unknown"
    acting = {"member_id": str(group.member.id)}
    assert await caller.refused(f"/v1/tasks/{single.id}/grab", group.actor, acting) == "for_groups"
    await caller.post(address, group.actor, acting)
    await report(platform, grouped, group, "in", TEN)
    await report(platform, grouped, group, "out", TEN + timedelta(minutes=45))
    await approve_and_credit(platform, grouped)
    # ten people for 45 minutes; the day's cap of 480 is each person's, and a group's savings have none
    assert await balances(platform, group.account) == [(450, 0)]
    assert (await task_now(platform, grouped)).verified_minutes == 450
    async with transaction(platform.db) as tx:
        assert await prove(tx) == []


async def test_where_minors_join_group_tasks_they_take_nothing_else(platform: Platform, caller: Caller) -> None:
    bank, (alone,) = await scene(platform)
    live_by(platform, earning={"minors": "group_tasks"})
    ward, _ = await a_ward(platform, bank)
    assert await caller.refused(f"/v1/tasks/{alone.id}/grab", ward.actor) == "group_tasks_only"
    async with transaction(platform.db) as tx:
        elder, _ = await a_member_elder(platform, tx, bank, minutes=600)
        first = await a_task(platform, tx, elder, places=1, group_people=5)
    assert (await caller.post(f"/v1/tasks/{first.id}/grab", ward.actor))["state"] == "grabbed"


async def test_a_minors_grab_waits_for_the_guardian(platform: Platform, caller: Caller) -> None:
    bank, (task,) = await scene(platform)
    ward, guardian = await a_ward(platform, bank)
    other = await a_volunteer(platform, bank)
    address = f"/v1/tasks/{task.id}"
    reserved = await caller.post(f"{address}/grab", ward.actor)
    assert (reserved["state"], reserved["assignment_id"]) == ("reserved", None)
    assert await caller.refused(f"{address}/grab", other.actor) == "task_taken"
    assert await caller.refused(f"{address}/accept", ward.actor) == "unknown"
    mine = await caller.get("/v1/me/tasks", guardian.actor, member_id=str(ward.member.id))
    assert [(one["id"], one["state"]) for one in mine["items"]] == [(str(task.id), "reserved")]
    accepted = await caller.post(f"{address}/accept", guardian.actor)
    assert (accepted["state"], accepted["member_id"]) == ("grabbed", str(ward.member.id))
    assert await caller.refused(f"{address}/accept", guardian.actor) == "illegal_transition"
    async with transaction(platform.db) as tx:
        assert await prove(tx) == []


async def test_a_guardian_says_no_or_nothing_and_others_may_have_the_task(
    platform: Platform, caller: Caller, deliver_all: Any
) -> None:
    bank, (task,) = await scene(platform)
    ward, guardian = await a_ward(platform, bank)
    address = f"/v1/tasks/{task.id}"
    await caller.post(f"{address}/grab", ward.actor)
    assert (await caller.post(f"{address}/decline", guardian.actor, {"reason": "school"}))["state"] == "published"
    await caller.post(f"{address}/grab", ward.actor)
    platform.clock.set(platform.now() + timedelta(minutes=719))  # type: ignore[attr-defined]
    await deliver_all(platform)
    assert (await task_now(platform, task)).state == "reserved"
    platform.clock.set(platform.now() + timedelta(minutes=1))  # type: ignore[attr-defined] # twelve hours
    await deliver_all(platform)
    assert (await task_now(platform, task)).state == "published"
    assert (await caller.post(f"{address}/grab", ward.actor))["state"] == "reserved"
    platform.clock.set(TEN)  # type: ignore[attr-defined] # the task begins before twelve more hours are over
    await deliver_all(platform)
    assert (await task_now(platform, task)).state == "expired"
    assert await balances(platform, task.source_account) == [(600, 0)]


async def test_a_guardian_takes_a_task_for_the_minor_at_once_but_none_of_her_own(
    platform: Platform, caller: Caller
) -> None:
    bank, (task,) = await scene(platform)
    ward, guardian = await a_ward(platform, bank)
    body = {"member_id": str(ward.member.id)}
    assert (await caller.post(f"/v1/tasks/{task.id}/grab", guardian.actor, body))["state"] == "grabbed"
    async with transaction(platform.db) as tx:
        elder, _ = await a_member_elder(platform, tx, bank, minutes=60)
        own = await a_task(platform, tx, elder, start=TEN + timedelta(hours=2))
        (await tx.get_one(Task, own.id)).requested_by = guardian.actor.account_id
    assert await caller.refused(f"/v1/tasks/{own.id}/grab", ward.actor) == "own_task"


async def test_without_consent_a_minors_tasks_are_given_back(
    platform: Platform, caller: Caller, deliver_all: Any
) -> None:
    bank, (task,) = await scene(platform)
    ward, guardian = await a_ward(platform, bank)
    await caller.post(f"/v1/tasks/{task.id}/grab", guardian.actor, {"member_id": str(ward.member.id)})
    await caller.post(f"/v1/members/{ward.member.id}/consent", guardian.actor, {"consents": False})
    await deliver_all(platform)
    assert (await task_now(platform, task)).state == "published"
    assert await caller.refused(f"/v1/tasks/{task.id}/grab", ward.actor) == "member_inactive"


@pytest.mark.parametrize("stayed", [40, 60])
async def test_a_kind_with_a_price_is_worth_it_whatever_it_took(platform: Platform, stayed: int) -> None:
    live_by(platform, earning={"items": {"companionship": 90}})
    bank, (task,) = await scene(platform, own=100)
    assert (task.minutes, task.worth_minutes) == (60, 90)
    assert await balances(platform, task.source_account) == [(100, 90)]
    volunteer = await a_volunteer(platform, bank)
    await serve(platform, task, volunteer, stayed)
    done = await task_now(platform, task)
    assert (done.verified_minutes, done.minutes_by) == (90, "item")
    assert await balances(platform, task.source_account, volunteer.account) == [(10, 0), (90, 0)]
    async with transaction(platform.db) as tx:
        assert await prove(tx) == []


async def test_a_price_below_the_time_it_takes_holds_the_price(platform: Platform) -> None:
    live_by(platform, earning={"items": {"companionship": 20}})
    bank, (task,) = await scene(platform, own=20)
    volunteer = await a_volunteer(platform, bank)
    await serve(platform, task, volunteer, 60)
    found: list[UUID | None] = [task.source_account, volunteer.account]
    assert await balances(platform, *found) == [(0, 0), (20, 0)]
