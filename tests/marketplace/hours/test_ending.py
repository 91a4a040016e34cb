from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlmodel import col

from marketplace.base.actor import Actor, Role
from marketplace.base.database import transaction
from marketplace.base.errors import IllegalTransition, Unknown
from marketplace.base.outbox import Message
from marketplace.base.platform import Platform
from marketplace.base.timers import Timer, fire_due
from marketplace.hours.errors import TaskStarted
from marketplace.hours.jobs import task_expired
from marketplace.hours.models import Task
from marketplace.hours.tasks.ending import cancel
from marketplace.hours.tasks.grabbing import grab
from tests.builders import an_actor
from tests.marketplace.hours.builders import (
    SYSTEM,
    TEN,
    Bank,
    Person,
    a_bank,
    a_member_elder,
    a_person,
    a_task,
    balances,
    report,
    task_now,
    visit_of,
)


async def scene(platform: Platform) -> tuple[Bank, Task, Person]:
    async with transaction(platform.db) as tx:
        bank = await a_bank(platform, tx)
        elder, _ = await a_member_elder(platform, tx, bank, minutes=90)
        return bank, await a_task(platform, tx, elder), await a_person(platform, tx, bank)


async def cancels(platform: Platform, task: Task, actor: Actor = SYSTEM) -> None:
    async with transaction(platform.db) as tx:
        await cancel(tx, task.id, actor=actor, now=platform.now(), reason="changed her mind")


async def visit_state(platform: Platform, task: Task) -> str:
    async with transaction(platform.db) as tx:
        return (await visit_of(tx, task)).state


async def expires(platform: Platform, task: Task) -> None:
    await task_expired(platform, Message(name="task.due", ids={"id": str(task.id)}))


async def test_cancelling_gives_the_minutes_back_and_ends_the_visit(platform: Platform) -> None:
    _, task, _ = await scene(platform)
    assert await balances(platform, task.source_account) == [(90, 60)]
    await cancels(platform, task)
    assert (await task_now(platform, task)).state == "cancelled"
    assert await balances(platform, task.source_account) == [(90, 0)]
    assert await visit_state(platform, task) == "cancelled"


async def test_a_grabbed_task_can_be_cancelled_until_somebody_arrives(platform: Platform) -> None:
    _, task, volunteer = await scene(platform)
    async with transaction(platform.db) as tx:
        await grab(tx, task.id, actor=volunteer.actor, rules=platform.policy.timebank, now=platform.now())
    await report(platform, task, volunteer, "in", TEN)
    with pytest.raises(TaskStarted):
        await cancels(platform, task)
    assert (await task_now(platform, task)).state == "grabbed"
    assert await balances(platform, task.source_account) == [(90, 60)]


async def test_the_volunteer_of_a_cancelled_task_is_free_again(platform: Platform) -> None:
    _, task, volunteer = await scene(platform)
    async with transaction(platform.db) as tx:
        await grab(tx, task.id, actor=volunteer.actor, rules=platform.policy.timebank, now=platform.now())
    await cancels(platform, task)
    async with transaction(platform.db) as tx:
        states = (await tx.scalars(text("SELECT state FROM assignment"))).all()
        sights = await tx.scalar(text("SELECT count(*) FROM access WHERE because LIKE 'assignment:%'"))
    assert (states, sights) == (["withdrawn"], 0)


async def test_a_task_ends_once(platform: Platform) -> None:
    _, task, _ = await scene(platform)
    await cancels(platform, task)
    with pytest.raises(IllegalTransition):
        await cancels(platform, task)


async def test_an_officer_of_another_district_knows_nothing_of_it(platform: Platform) -> None:
    bank, task, _ = await scene(platform)
    async with transaction(platform.db) as tx:
        other = await an_actor(platform, tx, Role.OFFICER, region=bank.town.districts[1])
        own = await an_actor(platform, tx, Role.OFFICER, region=bank.town.districts[0])
    with pytest.raises(Unknown):
        await cancels(platform, task, other)
    await cancels(platform, task, own)


async def test_the_volunteer_cannot_cancel_what_the_elder_asked_for(platform: Platform) -> None:
    _, task, volunteer = await scene(platform)
    async with transaction(platform.db) as tx:
        await grab(tx, task.id, actor=volunteer.actor, rules=platform.policy.timebank, now=platform.now())
    with pytest.raises(Unknown):
        await cancels(platform, task, volunteer.actor)


async def test_what_nobody_took_expires_when_its_window_opens(platform: Platform) -> None:
    _, task, _ = await scene(platform)
    await expires(platform, task)  # a timer that rings early changes nothing
    assert (await task_now(platform, task)).state == "published"
    platform.clock.set(TEN)  # type: ignore[attr-defined]
    for _ in range(2):
        await expires(platform, task)
    assert (await task_now(platform, task)).state == "expired"
    assert await balances(platform, task.source_account) == [(90, 0)]
    assert await visit_state(platform, task) == "cancelled"


async def test_the_timer_rings_at_the_windows_start(platform: Platform) -> None:
    _, task, _ = await scene(platform)
    platform.clock.set(TEN - timedelta(seconds=1))  # type: ignore[attr-defined]
    assert await fire_due(platform) == 1  # the night's cycle
    platform.clock.set(TEN)  # type: ignore[attr-defined]
    assert await fire_due(platform) == 1
    async with transaction(platform.db) as tx:
        found = (await tx.scalars(select(Message).where(col(Message.name) == "task.due"))).one()
    assert found.ids == {"id": str(task.id)}


async def test_a_grabbed_task_does_not_expire(platform: Platform) -> None:
    _, task, volunteer = await scene(platform)
    async with transaction(platform.db) as tx:
        await grab(tx, task.id, actor=volunteer.actor, rules=platform.policy.timebank, now=platform.now())
        assert (await tx.scalars(select(Timer).where(col(Timer.rule) == "task.due"))).all() == []
    platform.clock.set(TEN)  # type: ignore[attr-defined]
    await expires(platform, task)
    assert (await task_now(platform, task)).state == "grabbed"
    assert await balances(platform, task.source_account) == [(90, 60)]
