"""The night issues and grants in two transactions per branch: what a kill between them leaves, and what comes of it."""

import asyncio
import signal
import sys
from datetime import date
from typing import Any

from sqlalchemy import text

from marketplace.base import outbox
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.hours.books import pool_account, programme_account
from marketplace.hours.giving import monthly
from marketplace.subscriptions import SUBSCRIPTIONS
from tests.marketplace.hours.builders import balances, give
from tests.marketplace.hours.giving.elders import EIGHTY_ONE, fill
from tests.marketplace.hours.giving.scene import Scene, a_scene, an_elder_with, faults, rows, under

NIGHT = "hours.key_elders_due"


async def dies_in_the_night(platform: Platform) -> None:
    assert platform.settings.database_url is not None
    command = (sys.executable, "-P", "-m", "tests.marketplace.hours.giving.killed_night")
    arguments = (platform.settings.database_url, platform.now().isoformat())
    environment = {"PYTHONPATH": ".", "PATH": ""}
    worker = await asyncio.create_subprocess_exec(*command, *arguments, env=environment, stderr=asyncio.subprocess.PIPE)
    _, said = await worker.communicate()
    assert worker.returncode == -signal.SIGKILL, said


async def plan(platform: Platform, scene: Scene, branch: int) -> list[tuple[str, int]]:
    """What an officer who looks now would read of the branch's month."""
    who: dict[str, Any] = {"policy": platform.policy, "actor": scene.operator, "now": platform.now()}
    async with transaction(platform.db) as tx:
        found = await monthly.proposed(tx, scene.districts[branch], date(2026, 3, 1), **who)
    return [(one.source, one.minutes) for one in found.lines]


async def test_a_worker_killed_between_the_issues_and_the_grants_of_a_branch_leaves_what_the_rerun_completes(
    platform: Platform,
) -> None:
    nanjing = under(platform, "nanjing")
    scene = await a_scene(nanjing, minutes=0)
    elders = [  # in each branch the programme serves one, who is promised 120, and the pool the other
        await an_elder_with(nanjing, scene, district=branch, categories=categories, birth_on=EIGHTY_ONE)
        for branch in (0, 1)
        for categories in (("empty_nest", "advanced_age"), ("empty_nest",))
    ]
    await fill(nanjing, scene, 500)
    async with transaction(platform.db) as tx:
        await give(platform, tx, scene.bank, pool_account(scene.districts[1]), 500)
        await outbox.send(tx, "cycle.due", id=scene.districts[0])
        await tx.execute(text("UPDATE delivery SET next_at = 'infinity' WHERE consumer <> :night"), {"night": NIGHT})
    await dies_in_the_night(nanjing)
    # one branch's issue is in, nothing was granted by a pool; the books are right, and a look says what is missing
    stored = "SELECT programme_id IS NOT NULL, count(*), sum(minutes) FROM key_grant GROUP BY 1 ORDER BY 1"
    assert await rows(platform, stored) == [(True, 1, 120)]
    assert await faults(platform) == []
    plans = [await plan(nanjing, scene, branch) for branch in (0, 1)]
    assert sorted(plans) == [[("pool", 120)], [("programme", 120), ("pool", 120)]]
    # the message comes again when its lease is over, and later once more for another reason
    for _ in range(2):
        async with transaction(platform.db) as tx:
            again = "UPDATE delivery SET state = 'pending', next_at = now() WHERE consumer = :night"
            await tx.execute(text(again), {"night": NIGHT})
        assert await outbox.deliver_due(nanjing, SUBSCRIPTIONS) >= 1
    assert await rows(platform, stored) == [(False, 2, 240), (True, 2, 240)]
    accounts = [member.ledger_account for _, member in elders]
    assert await balances(platform, *accounts) == [(120, 0)] * 4
    pools = [pool_account(district) for district in scene.districts]
    # issued in all: 2 x 500 for the pools, 2 x 120
    assert await balances(platform, *pools, programme_account(scene.bank.programme_id)) == [*[(380, 0)] * 2, (-1240, 0)]
    assert await plan(nanjing, scene, 0) == await plan(nanjing, scene, 1) == []
    assert await faults(platform) == []
