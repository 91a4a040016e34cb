"""A city lowers its balance cap while a bank is on its way in: the import goes on, and nobody loses what she saved."""

from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy import text

import timebank
from marketplace.base.actor import Actor
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.hours.audit import prove
from marketplace.hours.books import pool_account
from marketplace.hours.importing.committing import start
from marketplace.hours.importing.errors import BankHasProblems
from marketplace.hours.importing.models import BankImport
from marketplace.hours.importing.running import advance, load
from tests.marketplace.hours.importing.builders import BANK, a_city, carried_on, imported, members_of, problems
from timebank import Post, Transfer

CAP = 80  # E brings 120, V 90, W 60, X 20


def with_cap(platform: Platform, minutes: int) -> Platform:
    """A process that was started after the cap was lowered: nothing of the other one's memory."""
    rules = platform.policy.timebank.model_copy(update={"balance_cap_minutes": minutes})
    return replace(platform, policy=platform.policy.model_copy(update={"timebank": rules}), parts={})


async def begun(platform: Platform, part: str) -> BankImport:
    """On its way, its next step is the first of a part."""
    async with transaction(platform.db) as tx:
        made = await start(tx, platform.vault, BANK, policy=platform.policy, actor=Actor.system(), now=platform.now())
    work = await load(platform, made.id)
    assert work is not None
    while work.steps[made.done_steps].part != part:
        made = await advance(platform, work)
    return made


async def all_is_saved(platform: Platform, *, cap: int | None) -> None:
    """Each has what she brought, under that cap, and the books agree."""
    people = await members_of(platform)
    async with transaction(platform.db) as tx:
        found = {
            name: await timebank.balance(tx, one.ledger_account, now=platform.now()) for name, one in people.items()
        }
        assert await prove(tx) == []
    assert {name: one.posted for name, one in found.items()} == {"E": 120, "V": 90, "W": 60, "X": 20}
    assert {one.cap for one in found.values()} == {cap}


@pytest.mark.usefixtures("tiny")
@pytest.mark.parametrize("part", ["people", "letting_in"])
async def test_an_import_goes_on_under_a_lower_cap_and_nobody_loses_what_she_saved(
    platform: Platform, part: str
) -> None:
    await a_city(platform)
    made = await begun(platform, part)
    assert (await carried_on(with_cap(platform, CAP), made)).state == "done"
    await all_is_saved(platform, cap=platform.policy.timebank.balance_cap_minutes if part == "letting_in" else CAP)


async def test_who_came_with_more_than_the_cap_earns_for_her_pool_until_there_is_room(platform: Platform) -> None:
    await a_city(platform)
    made = await begun(platform, "limiting")
    assert (await carried_on(with_cap(platform, CAP), made)).state == "done"
    await all_is_saved(platform, cap=CAP)
    people = await members_of(platform)
    vera, pool, now = people["V"], pool_account(people["V"].district_id), platform.now()
    ella = people["E"].ledger_account
    gives: list[tuple[UUID, UUID, int, int, int]] = [
        (ella, vera.ledger_account, 30, 0, 90),  # she has 90 of 80: all of it goes on to her pool
        (vera.ledger_account, ella, 50, 0, 40),  # so has E, who has 90 by now
        (ella, vera.ledger_account, 60, 40, 80),  # there is room for 40
    ]
    for place, (source, destination, minutes, moved, kept) in enumerate(gives):
        post = Post(f"task:{place}", (Transfer(source, destination, minutes),), "task", "task", now, excess_to=pool)
        async with transaction(platform.db) as tx:
            (answer,) = await timebank.apply(tx, [post], now=now)
            assert (answer.amount, answer.excess) == (moved, minutes - moved)
            assert (await timebank.balance(tx, vera.ledger_account, now=now)).posted == kept
    async with transaction(platform.db) as tx:
        assert (await timebank.balance(tx, pool, now=now)).posted == 30 + 50 + 20


@pytest.mark.usefixtures("tiny")
async def test_a_bank_that_never_began_is_judged_by_the_lower_cap_and_one_that_stopped_half_way_goes_on(
    platform: Platform,
) -> None:
    await a_city(platform)
    after = with_cap(platform, CAP)
    assert await problems(after) == [("balances.csv", 2, "above_cap"), ("balances.csv", 3, "above_cap")]
    with pytest.raises(BankHasProblems):
        await imported(after)
    made = await begun(platform, "posting")
    stop = text("UPDATE bank_import SET state = 'stopped', trouble = 'account_closed', done_steps = :done")
    async with transaction(platform.db) as tx:
        await tx.execute(stop, {"done": made.done_steps})
    assert await problems(after) == []
    assert (await imported(after)).state == "done"
    await all_is_saved(platform, cap=CAP)
