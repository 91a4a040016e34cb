"""Invariant 9: mixed concurrent load over the same accounts meets no deadlock, and loses or invents no minute."""

import asyncio
from datetime import timedelta
from random import Random

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from tests.timebank.town import BAI_B, HOUR, ISSUANCE, LIU_A, NOON, POOL_A, POOL_B, VERA_A, WANG_B, Town, post
from timebank import (
    Capture,
    Hold,
    LedgerError,
    Release,
    Reverse,
    Transfer,
    apply,
    close_book,
    close_period,
    open_book,
    run_cycle,
    take_snapshot,
)
from timebank.audit import make_root
from timebank.errors import BookNotEmpty, InsufficientBalance
from timebank.proof import prove

PEOPLE = (BAI_B, LIU_A, VERA_A, WANG_B, POOL_A, POOL_B)


async def act(town: Town, chance: Random, name: str) -> None:
    """One random call of several commands over random accounts, in random order."""
    source, destination, third = chance.sample(PEOPLE, 3)
    minutes = chance.randint(1, 40)
    kind = chance.randrange(4)
    if kind == 0:
        await town.do(post(name, Transfer(source, destination, minutes), Transfer(third, source, minutes)))
    elif kind == 1:
        hold = Hold(f"{name}:h", source, minutes, NOON + HOUR, name)
        await town.do(hold, town.move(third, destination, minutes, key=f"{name}:m"))
        await town.do(Capture(f"{name}:c", hold.key, destination, NOON, name, amount=chance.randint(1, minutes)))
    elif kind == 2:
        await town.do(Hold(f"{name}:h", source, minutes, NOON + HOUR, name))
        await town.do(Release(f"{name}:r", f"{name}:h"), town.move(source, third, minutes, key=f"{name}:m"))
    else:
        await town.do(town.move(source, destination, minutes, key=name))
        await town.do(Reverse(f"{name}:r", name, NOON, "mistake"))


async def worker(town: Town, seed: int, errors: list[BaseException]) -> None:
    chance = Random(seed)
    for step in range(25):
        try:
            await act(town, chance, f"w{seed}:{step}")
        except InsufficientBalance:
            pass
        except Exception as error:  # noqa: BLE001  # whatever else comes, a deadlock above all, fails the test
            errors.append(error)


async def test_invariant_9_mixed_load_meets_no_deadlock_and_the_proof_passes(town: Town) -> None:
    await town.do(*(town.move(ISSUANCE, person, 300) for person in PEOPLE))
    errors: list[BaseException] = []
    await asyncio.gather(*(worker(town, seed, errors) for seed in range(8)))
    assert errors == []
    async with AsyncSession(town.engine) as tx:
        assert await prove(tx) == []


async def test_invariant_9_a_snapshot_waits_for_the_writers_under_way_and_loses_no_leg(town: Town) -> None:
    await town.give(ISSUANCE, LIU_A, 300)

    async def snap() -> None:
        async with town.begin() as tx:
            await take_snapshot(tx)

    async with town.begin() as slow:
        # its entry has the lower number and is committed last
        await apply(slow, [town.move(BAI_B, VERA_A, 60)], now=NOON)
        await town.give(LIU_A, WANG_B, 30)
        snapshot = asyncio.create_task(snap())
        done, _ = await asyncio.wait({snapshot}, timeout=0.3)
        assert not done
    await snapshot
    # A's clearing: -300 by grant, -60 to Vera, +30 from Liu; that of B: -600 by grant, +60 from Bai, -30 to Wang
    assert await town.positions() == {"A": (-330, 330), "B": (-570, 570)}
    await town.give(BAI_B, VERA_A, 1)
    assert await town.positions() == {"A": (-331, 331), "B": (-569, 569)}
    async with AsyncSession(town.engine) as tx:
        assert await prove(tx) == []


async def test_invariant_9_closing_a_period_waits_for_the_writers_under_way(town: Town) -> None:
    async def close() -> None:
        async with town.begin() as tx:
            await close_period(tx, "A", starts_at=NOON - HOUR, ends_at=NOON + HOUR, now=NOON + HOUR)

    async with town.begin() as slow:
        await apply(slow, [town.move(BAI_B, VERA_A, 60)], now=NOON)
        closing = asyncio.create_task(close())
        done, _ = await asyncio.wait({closing}, timeout=0.3)
        assert not done
    await closing
    async with AsyncSession(town.engine) as tx:
        assert await prove(tx) == []


async def test_invariant_9_no_branch_is_opened_in_a_city_that_is_being_closed(town: Town) -> None:
    async with town.begin() as tx:
        await open_book(tx, "elsewhere")

    async def close() -> None:
        async with town.begin() as tx:
            await close_book(tx, "elsewhere")

    async with town.begin() as slow:
        await open_book(slow, "D", city="elsewhere")
        closing = asyncio.create_task(close())
        done, _ = await asyncio.wait({closing}, timeout=0.2)
        assert not done
    with pytest.raises(BookNotEmpty):
        await closing


async def test_invariant_9_nights_roots_periods_snapshots_and_members_at_once_meet_no_deadlock(town: Town) -> None:
    await town.do(*(town.move(ISSUANCE, person, 300) for person in PEOPLE))
    errors: list[BaseException] = []

    async def nights() -> None:
        for number in range(8):
            day = NOON.date() - timedelta(days=8 - number)
            at = NOON - timedelta(days=30 - number)
            async with town.begin() as tx:
                await run_cycle(tx, "city", unit="minute", on_day=day, caps={"A": 5, "B": 5}, now=NOON)
            async with town.begin() as tx:
                await make_root(tx, on_day=day)
            async with town.begin() as tx:
                await close_period(tx, "A", starts_at=at, ends_at=at + HOUR, now=NOON)
            async with town.begin() as tx:
                await take_snapshot(tx)

    await asyncio.gather(nights(), nights(), *(worker(town, seed, errors) for seed in range(6)))
    assert errors == []
    async with AsyncSession(town.engine) as tx:
        assert await prove(tx) == []


async def test_invariant_9_one_hot_elder_is_served_by_many_without_overdraft(town: Town) -> None:
    calls = [town.move(BAI_B, (VERA_A, WANG_B)[number % 2], 50, key=f"hot:{number}") for number in range(20)]
    answers = await asyncio.gather(*(town.do(call) for call in calls), return_exceptions=True)
    assert sum(not isinstance(answer, LedgerError) for answer in answers) == 12  # 600 / 50
    assert (await town.account(BAI_B)).posted == 0
