import asyncio
from datetime import date, timedelta

import pytest
from sqlalchemy import text

from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.hours.books import book_of, pool_account
from marketplace.hours.models import Task
from marketplace.hours.tasks.crediting import credit_commands
from marketplace.hours.tasks.grabbing import grab
from marketplace.people.models import Elder
from tests.marketplace.hours.builders import (
    TEN,
    Bank,
    Person,
    a_bank,
    a_member_elder,
    a_person,
    a_task,
    approve_and_credit,
    balances,
    give,
    legs_of,
    report,
    serve,
    task_now,
    tell,
    visit_of,
)
from timebank import Capture, Post, Release
from timebank.errors import LedgerError


async def scene(platform: Platform, *, own: int = 0, pool: int = 0, saved: int = 0) -> tuple[Bank, Elder, Person]:
    """An elder with own minutes, the branch's pool, and a volunteer who has saved some."""
    async with transaction(platform.db) as tx:
        bank = await a_bank(platform, tx)
        elder, _ = await a_member_elder(platform, tx, bank, minutes=own)
        volunteer = await a_person(platform, tx, bank)
        for account, minutes in ((pool_account(elder.district_id), pool), (volunteer.account, saved)):
            if minutes:
                await give(platform, tx, bank, account, minutes)
    return bank, elder, volunteer


async def publish(platform: Platform, elder: Elder, *, minutes: int = 60, hours_later: float = 0) -> Task:
    async with transaction(platform.db) as tx:
        return await a_task(platform, tx, elder, minutes=minutes, start=TEN + timedelta(hours=hours_later))


async def test_an_approved_hour_moves_from_the_elder_to_the_volunteer(platform: Platform) -> None:
    _, elder, volunteer = await scene(platform, own=90)
    task = await publish(platform, elder)
    await serve(platform, task, volunteer, 60)
    done = await task_now(platform, task)
    assert (done.state, done.verified_minutes, done.credited_minutes, done.excess_minutes) == ("credited", 60, 60, 0)
    assert (done.served_on, done.minutes_by) == (date(2026, 3, 3), "evidence")
    assert await balances(platform, task.source_account, volunteer.account) == [(30, 0), (60, 0)]
    book = book_of(elder.district_id)
    assert await legs_of(platform, f"task:{task.id}:credit") == [(book, "member", -60), (book, "member", 60)]


async def test_who_stays_shorter_earns_what_was_served_and_the_rest_is_free_again(platform: Platform) -> None:
    _, elder, volunteer = await scene(platform, own=60)
    task = await publish(platform, elder)
    await serve(platform, task, volunteer, 47)
    assert await balances(platform, task.source_account, volunteer.account) == [(13, 0), (47, 0)]


async def test_who_stays_longer_earns_what_was_agreed(platform: Platform) -> None:
    _, elder, volunteer = await scene(platform, own=90)
    task = await publish(platform, elder)
    await serve(platform, task, volunteer, 85)
    assert await balances(platform, task.source_account, volunteer.account) == [(30, 0), (60, 0)]


async def test_a_begun_minute_does_not_count(platform: Platform) -> None:
    _, elder, volunteer = await scene(platform, own=60)
    task = await publish(platform, elder)
    async with transaction(platform.db) as tx:
        await grab(tx, task.id, actor=volunteer.actor, rules=platform.policy.timebank, now=platform.now())
    await report(platform, task, volunteer, "in", TEN)
    await report(platform, task, volunteer, "out", TEN + timedelta(minutes=47, seconds=59))
    await approve_and_credit(platform, task)
    assert await balances(platform, volunteer.account) == [(47, 0)]


async def test_telling_it_again_credits_once(platform: Platform) -> None:
    _, elder, volunteer = await scene(platform, own=120)
    task = await publish(platform, elder)
    await serve(platform, task, volunteer, 60)
    for _ in range(3):
        await tell(platform, task)
    assert await balances(platform, task.source_account, volunteer.account) == [(60, 0), (60, 0)]


async def test_above_the_day_cap_the_excess_goes_to_the_pool_in_the_same_entry(platform: Platform) -> None:
    _, elder, volunteer = await scene(platform, own=600)  # the cap is 480 a day
    day = [(240, -2), (210, 2.25), (60, 6)]
    tasks = [await publish(platform, elder, minutes=minutes, hours_later=later) for minutes, later in day]
    for task in tasks:
        await serve(platform, task, volunteer, task.minutes)
    done = await task_now(platform, task)
    assert (done.verified_minutes, done.credited_minutes, done.excess_minutes) == (60, 30, 30)
    pool = pool_account(elder.district_id)
    assert await balances(platform, task.source_account, volunteer.account, pool) == [(90, 0), (480, 0), (30, 0)]
    book = book_of(elder.district_id)
    assert await legs_of(platform, f"task:{task.id}:credit") == [
        (book, "member", -30),
        (book, "member", -30),
        (book, "member", 30),
        (book, "pool", 30),
    ]


async def test_the_next_day_has_its_own_cap(platform: Platform) -> None:
    _, elder, volunteer = await scene(platform, own=600)
    days = [(240, -2), (240, 2.25), (60, 24)]
    tasks = [await publish(platform, elder, minutes=minutes, hours_later=later) for minutes, later in days]
    for task in tasks:
        await serve(platform, task, volunteer, task.minutes)
    assert await balances(platform, volunteer.account) == [(540, 0)]


async def test_above_the_balance_cap_the_excess_goes_to_the_pool(platform: Platform) -> None:
    _, elder, volunteer = await scene(platform, own=60, saved=89_990)  # the cap is 90,000
    task = await publish(platform, elder)
    await serve(platform, task, volunteer, 60)
    pool = pool_account(elder.district_id)
    assert await balances(platform, volunteer.account, pool) == [(90_000, 0), (50, 0)]


async def test_at_the_balance_cap_all_goes_to_the_pool(platform: Platform) -> None:
    _, elder, volunteer = await scene(platform, own=60, saved=90_000)
    task = await publish(platform, elder)
    await serve(platform, task, volunteer, 60)
    pool = pool_account(elder.district_id)
    assert await balances(platform, task.source_account, volunteer.account, pool) == [(0, 0), (90_000, 0), (60, 0)]


async def test_excess_that_came_from_the_pool_stays_there(platform: Platform) -> None:
    _, elder, volunteer = await scene(platform, pool=60, saved=89_990)
    task = await publish(platform, elder)
    assert task.source_kind == "pool"
    await serve(platform, task, volunteer, 60)
    assert await balances(platform, volunteer.account, task.source_account) == [(90_000, 0), (50, 0)]


async def test_at_the_cap_a_task_of_the_pool_moves_nothing(platform: Platform) -> None:
    _, elder, volunteer = await scene(platform, pool=60, saved=90_000)
    task = await publish(platform, elder)
    await serve(platform, task, volunteer, 60)
    assert await balances(platform, volunteer.account, task.source_account) == [(90_000, 0), (60, 0)]
    assert (await task_now(platform, task)).excess_minutes == 60


async def test_two_credits_at_once_share_the_room_under_the_cap(platform: Platform) -> None:
    _, elder, volunteer = await scene(platform, own=120, saved=89_910)  # room for 90 of 120
    tasks = [await publish(platform, elder, hours_later=later) for later in (0, 1)]
    for task in tasks:
        async with transaction(platform.db) as tx:
            await grab(tx, task.id, actor=volunteer.actor, rules=platform.policy.timebank, now=platform.now())
    for task in tasks:
        await report(platform, task, volunteer, "in", task.window_start)
        await report(platform, task, volunteer, "out", task.window_start + timedelta(hours=1))
    await asyncio.gather(*(approve_and_credit(platform, task) for task in tasks))
    excess = sorted([(await task_now(platform, task)).excess_minutes for task in tasks], key=str)
    assert excess == [0, 30]
    pool = pool_account(elder.district_id)
    assert await balances(platform, volunteer.account, pool) == [(90_000, 0), (30, 0)]


async def test_a_visit_that_an_officer_vouches_for_without_check_out_counts_as_agreed(platform: Platform) -> None:
    _, elder, volunteer = await scene(platform, own=60)
    task = await publish(platform, elder)
    async with transaction(platform.db) as tx:
        await grab(tx, task.id, actor=volunteer.actor, rules=platform.policy.timebank, now=platform.now())
    await report(platform, task, volunteer, "in", TEN)
    platform.clock.set(TEN + timedelta(days=2))  # type: ignore[attr-defined]
    async with transaction(platform.db) as tx:
        visit = await visit_of(tx, task)
        for table in ("visit", "assignment"):
            column = "id" if table == "visit" else "visit_id"
            state = "exception" if table == "visit" else "checked_out"
            await tx.execute(
                text(f"UPDATE {table} SET state = :to WHERE {column} = :id"), {"to": state, "id": visit.id}
            )
    await approve_and_credit(platform, task)
    done = await task_now(platform, task)
    assert (done.verified_minutes, done.minutes_by) == (60, "officer")
    assert await balances(platform, volunteer.account) == [(60, 0)]


async def test_a_missed_visit_gives_the_minutes_back(platform: Platform) -> None:
    _, elder, volunteer = await scene(platform, own=60)
    task = await publish(platform, elder)
    async with transaction(platform.db) as tx:
        await grab(tx, task.id, actor=volunteer.actor, rules=platform.policy.timebank, now=platform.now())
        visit = await visit_of(tx, task)
        await tx.execute(text("UPDATE visit SET state = 'missed' WHERE id = :id"), {"id": visit.id})
    for _ in range(2):
        await tell(platform, task)
    assert (await task_now(platform, task)).state == "missed"
    assert await balances(platform, task.source_account, volunteer.account) == [(60, 0), (0, 0)]


async def test_a_crash_before_the_commit_leaves_neither_task_nor_ledger_changed(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, elder, volunteer = await scene(platform, own=60)
    task = await publish(platform, elder)

    async def dies(*_: object, **__: object) -> None:
        raise LedgerError({"killed": "here"})

    with monkeypatch.context() as patch:
        patch.setattr("marketplace.hours.tasks.crediting.timebank.apply", dies)
        with pytest.raises(LedgerError):
            await serve(platform, task, volunteer, 60)
    assert (await task_now(platform, task)).state == "grabbed"
    await tell(platform, task)
    assert await balances(platform, task.source_account, volunteer.account) == [(0, 0), (60, 0)]


@pytest.mark.parametrize(
    ("credited", "excess", "kinds"),
    [(60, 0, [Capture]), (0, 60, [Capture]), (30, 30, [Release, Post]), (0, 0, [Release])],
)
async def test_what_the_ledger_is_told_is_one_entry_at_most(
    platform: Platform, credited: int, excess: int, kinds: list[type]
) -> None:
    _, elder, volunteer = await scene(platform, own=60)
    task = await publish(platform, elder)
    task.credited_minutes, task.excess_minutes = credited, excess
    commands = credit_commands(task, volunteer.account, pool_account(elder.district_id), at=TEN)
    assert [type(command) for command in commands] == kinds
