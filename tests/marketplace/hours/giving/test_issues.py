"""A programme issues to key elders what the month promises them, once."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

from marketplace.base.database import transaction
from marketplace.base.outbox import Message
from marketplace.base.platform import Platform
from marketplace.hours.books import programme_account
from marketplace.hours.giving.jobs import key_elders_due
from marketplace.hours.members.programmes import set_ceiling
from tests.conftest import MovableClock
from tests.marketplace.hours.builders import SYSTEM, balances
from tests.marketplace.hours.giving.elders import EIGHTY_ONE, allocated, fill, issued
from tests.marketplace.hours.giving.scene import Told, a_scene, an_elder_with, faults, rows, under


async def test_a_programme_issues_the_month_once_and_the_pool_grants_what_is_missing(
    platform: Platform, clock: MovableClock
) -> None:
    told = Told()
    nanjing = replace(under(platform, "nanjing"), channel=told)
    scene = await a_scene(nanjing, minutes=0)
    categories = ("empty_nest", "advanced_age")  # the programme serves advanced age
    _, served = await an_elder_with(nanjing, scene, categories=categories, birth_on=EIGHTY_ONE)
    _, unserved = await an_elder_with(nanjing, scene, categories=("empty_nest",), birth_on=EIGHTY_ONE)
    pool = await fill(nanjing, scene, 500)
    dry = await issued(nanjing, scene, dry_run=True)
    assert (dry.issued_minutes, [one.elder.member.id for one in dry.missing]) == (120, [unserved.id])
    assert dry.missing[0].reason == "group 1 (empty_nest, from 80): no programme is in force for her"
    for _ in range(2):  # delivered twice
        await key_elders_due(nanjing, Message(name="cycle.due", ids={}))
    accounts = (served.ledger_account, unserved.ledger_account, pool, programme_account(scene.bank.programme_id))
    assert await balances(platform, *accounts) == [(120, 0), (120, 0), (380, 0), (-620, 0)]
    clock.set(datetime(2026, 3, 31, 16, 30, tzinfo=UTC))  # half past midnight of 1 April in the city
    await key_elders_due(nanjing, Message(name="cycle.due", ids={}))
    assert await balances(platform, *accounts) == [(240, 0), (240, 0), (260, 0), (-740, 0)]
    keys = f"issue:{scene.bank.programme_id}:{served.elder_id}:2026-0"
    months = f"SELECT substr(key, {len(keys) + 1}) FROM ledger_entry WHERE kind = 'issue' ORDER BY id"
    assert await rows(platform, months) == [("3-01",), ("4-01",)]
    assert await faults(platform) == []


async def test_runs_at_the_same_time_grant_and_issue_once(platform: Platform) -> None:
    nanjing = under(platform, "nanjing")
    scene = await a_scene(nanjing, minutes=0)
    categories = ("empty_nest", "advanced_age")
    _, issued_to = await an_elder_with(nanjing, scene, categories=categories, birth_on=EIGHTY_ONE)
    _, granted_to = await an_elder_with(nanjing, scene, categories=("empty_nest",), birth_on=EIGHTY_ONE)
    pool = await fill(nanjing, scene, 500)
    issues = await asyncio.gather(*(issued(nanjing, scene) for _ in range(3)))
    assert sorted(run.issued_minutes for run in issues) == [0, 0, 120]
    runs = await asyncio.gather(*(allocated(nanjing, scene) for _ in range(3)))
    assert sorted(run.granted_minutes for run in runs) == [0, 0, 120]
    accounts = (issued_to.ledger_account, granted_to.ledger_account, pool)
    assert await balances(platform, *accounts) == [(120, 0), (120, 0), (380, 0)]


async def test_above_the_ceiling_nothing_is_issued_and_a_raised_one_makes_up_for_it(platform: Platform) -> None:
    nanjing = under(platform, "nanjing")
    scene = await a_scene(nanjing, minutes=0)
    needs = {"categories": ("empty_nest", "advanced_age"), "birth_on": EIGHTY_ONE}
    for _ in range(2):
        await an_elder_with(nanjing, scene, **needs)  # type: ignore[arg-type]  # named as the builder has them
    programme = scene.bank.programme_id

    async def ceiling(minutes: int) -> None:
        async with transaction(platform.db) as tx:
            await set_ceiling(tx, programme, minutes, actor=SYSTEM, now=platform.now())

    await ceiling(239)
    run = await issued(nanjing, scene)
    assert (run.issued_minutes, run.missing[0].reason) == (
        120,
        "group 1 (empty_nest, from 80): the ceiling is reached",
    )
    await ceiling(240)
    run = await issued(nanjing, scene)
    assert (run.issued_minutes, run.missing) == (120, ())
    assert await balances(platform, programme_account(programme)) == [(-240, 0)]
