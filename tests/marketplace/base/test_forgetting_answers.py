"""Answers to old requests are forgotten by night: not one too early, by portions, and a kill loses nothing."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base import jobs, outbox
from marketplace.base.database import transaction
from marketplace.base.idempotency import Once, forget_answers
from marketplace.base.jobs import answers_due, forget_outdated
from marketplace.base.outbox import Message, share
from marketplace.base.platform import Platform
from marketplace.base.timers import Timer
from marketplace.subscriptions import SUBSCRIPTIONS
from tests.marketplace.base.test_idempotency import Answer, Counting

NIGHT = Message(name="answers.due", ids={})
MINUTES_OF_90_DAYS = 129_600
_AGE = text(
    "UPDATE idempotency_key SET recorded_at = now() - make_interval(mins => :minutes) WHERE starts_with(key, :key)"
)
_MANY = text(
    "INSERT INTO idempotency_key (scope, key, payload_hash, answer, recorded_at)"
    " SELECT 'a POST /x', 'old' || n, '', '{}', now() - make_interval(days => 91) FROM generate_series(1, :count) n"
)


async def asked(platform: Platform, key: str, work: Counting) -> int:
    async with transaction(platform.db) as tx:
        return (await Once("a POST /x", key, b"{}")(tx, Answer, work)).number


async def aged(platform: Platform, key: str, minutes: int) -> None:
    async with transaction(platform.db) as tx:
        await tx.execute(_AGE, {"key": key, "minutes": minutes})


async def left(platform: Platform) -> int:
    async with transaction(platform.db) as tx:
        return int(await tx.scalar(text("SELECT count(*) FROM idempotency_key")) or 0)


async def old_ones(platform: Platform, count: int) -> None:
    async with transaction(platform.db) as tx:
        await tx.execute(_MANY, {"count": count})


@pytest.fixture
def portions(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Ten answers a portion; how many each one forgot."""
    seen: list[int] = []

    async def counted(tx: AsyncSession, *, limit: int) -> int:
        seen.append(await forget_answers(tx, limit=limit))
        return seen[-1]

    monkeypatch.setattr(jobs, "PORTION", 10)
    monkeypatch.setattr(jobs, "forget_answers", counted)
    return seen


async def test_a_key_gives_its_first_answer_for_ninety_days_and_is_a_new_one_then(platform: Platform) -> None:
    work = Counting()
    assert await asked(platform, "young", work) == 1
    assert await asked(platform, "older", work) == 2
    await aged(platform, "young", MINUTES_OF_90_DAYS - 1)
    await aged(platform, "older", MINUTES_OF_90_DAYS + 1)
    assert await asked(platform, "older", work) == 2  # until the night
    await forget_outdated(platform, NIGHT)
    assert await asked(platform, "young", work) == 1
    assert await asked(platform, "older", work) == 3


async def test_many_are_forgotten_by_portions(platform: Platform, portions: list[int]) -> None:
    await old_ones(platform, 35)
    await asked(platform, "young", Counting())
    await forget_outdated(platform, NIGHT)
    assert portions == [10, 10, 10, 5]
    assert await left(platform) == 1


async def test_what_one_message_has_no_time_for_the_next_one_does(
    platform: Platform, portions: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(share, "SHARE_OF_LEASE", 0)
    await old_ones(platform, 35)
    await forget_outdated(platform, NIGHT)
    assert (portions, await left(platform)) == ([10], 25)
    while await outbox.deliver_due(platform, SUBSCRIPTIONS):
        pass
    assert (portions, await left(platform)) == ([10, 10, 10, 5], 0)


async def next_night(platform: Platform) -> datetime:
    async with transaction(platform.db) as tx:
        (timer,) = await tx.scalars(select(Timer).where(col(Timer.rule) == "answers.due"))
    assert timer.fired_at is None
    due_at: datetime = timer.due_at
    return due_at


async def test_every_night_forgets_in_a_program_without_a_branch_too(
    platform: Platform, clock: Any, deliver_all: Any
) -> None:
    await old_ones(platform, 3)
    clock.set(datetime.now(UTC) + timedelta(minutes=1))  # the migration armed the first one when it ran
    await deliver_all(platform)
    assert await left(platform) == 0
    assert clock.now() < await next_night(platform) <= clock.now() + timedelta(days=1)


async def test_a_night_arms_the_next_one_at_three_and_forgets_what_became_old_meanwhile(
    platform: Platform, clock: Any, deliver_all: Any
) -> None:
    for day in (1, 2):
        clock.set(datetime(2027, 1, day, 19, tzinfo=UTC))  # 3 in the morning in the city
        await old_ones(platform, 3)
        await deliver_all(platform)
        assert await left(platform) == 0
        assert await next_night(platform) == datetime(2027, 1, day + 1, 19, tzinfo=UTC)
        clock.set(datetime(2027, 1, day + 1, 18, 59, tzinfo=UTC))
        await old_ones(platform, 3)
        await deliver_all(platform)
        assert await left(platform) == 3  # not before its time
        async with transaction(platform.db) as tx:
            await tx.execute(text("DELETE FROM idempotency_key"))


async def test_a_night_that_comes_twice_is_one(platform: Platform, clock: Any, deliver_all: Any) -> None:
    clock.set(datetime(2027, 1, 1, 19, tzinfo=UTC))
    await old_ones(platform, 3)
    for _ in range(2):  # a worker was killed after it, and before its delivery was noted as done
        await answers_due(platform, NIGHT)
    await deliver_all(platform)
    assert await left(platform) == 0
    assert await next_night(platform) == datetime(2027, 1, 2, 19, tzinfo=UTC)


async def test_two_workers_forget_each_answer_once_and_wait_for_nobody(platform: Platform, portions: list[int]) -> None:
    await old_ones(platform, 95)
    async with transaction(platform.db) as tx:
        assert await forget_answers(tx, limit=10) == 10  # another worker's portion, not committed yet
        await asyncio.wait_for(
            asyncio.gather(forget_outdated(platform, NIGHT), forget_outdated(platform, NIGHT)), timeout=20
        )
        assert sum(portions) == 85
    assert await left(platform) == 0


async def test_a_run_that_is_killed_keeps_its_portions_and_the_next_one_goes_on(
    platform: Platform, portions: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    await old_ones(platform, 35)

    async def breaking(tx: AsyncSession, *, limit: int) -> int:
        """The server ends the connection after the third portion is deleted and before it is committed."""
        portions.append(await forget_answers(tx, limit=limit))
        if len(portions) == 3:
            await tx.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
        return portions[-1]

    monkeypatch.setattr(jobs, "forget_answers", breaking)
    with pytest.raises(DBAPIError):
        await forget_outdated(platform, NIGHT)
    assert await left(platform) == 35 - 10 - 10
    await forget_outdated(platform, NIGHT)
    assert (portions, await left(platform)) == ([10, 10, 10, 10, 5], 0)


async def test_a_request_that_is_still_worked_on_is_not_touched_however_long_it_takes(platform: Platform) -> None:
    work = Counting()
    async with transaction(platform.db) as tx:
        await Once("a POST /x", "slow", b"{}")(tx, Answer, work)
        await tx.flush()
        await tx.execute(_AGE, {"key": "slow", "minutes": MINUTES_OF_90_DAYS + 1})
        await asyncio.wait_for(forget_outdated(platform, NIGHT), timeout=20)
    assert await asked(platform, "slow", work) == 1


async def test_who_asks_while_a_key_is_being_forgotten_gets_the_first_answer(platform: Platform) -> None:
    work = Counting()
    assert await asked(platform, "k", work) == 1
    await aged(platform, "k", MINUTES_OF_90_DAYS + 1)
    async with transaction(platform.db) as tx:
        assert await forget_answers(tx, limit=10) == 1
        assert await asyncio.wait_for(asked(platform, "k", work), timeout=20) == 1
    assert await asked(platform, "k", work) == 2
