"""An import that is taken back: every entry reversed, accounts at zero and closed, people gone; then in again."""

import asyncio
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, InterfaceError

import timebank
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.hours.alerts.service import alerts_for
from marketplace.hours.audit import prove
from marketplace.hours.books import programme_account
from marketplace.hours.importing.errors import ImportUnderWay
from marketplace.hours.importing.running import advance
from marketplace.hours.importing.undoing import steps as back
from marketplace.hours.importing.undoing.running import advance_undo
from marketplace.hours.importing.undoing.starting import start_undo
from marketplace.hours.members.joining import join_elder
from marketplace.people.models import Elder
from tests.marketplace.hours.importing.builders import a_city, counts, imported, members_of
from tests.marketplace.hours.importing.leaving import SYSTEM, looked_at, nothing_of_it_is_left, taken_back
from tests.marketplace.hours.importing.test_steps import MADE, begun, standing, until
from timebank import SetLimits


async def test_an_unused_import_is_taken_back_and_its_files_come_in_again(platform: Platform) -> None:
    await a_city(platform)
    first = await imported(platform)
    # people shut out; filled 1, posted 5, emptied 1; transit is closed and opens again
    assert await looked_at(platform, first.id) == (7, 4, 1 + 1 + 1 + 1 + 1, [])
    gone = await taken_back(platform, first.id)
    assert (gone.state, gone.undone_steps, gone.undo_steps) == ("undone", 5, 5)
    await nothing_of_it_is_left(platform, gone, entries=7)
    async with transaction(platform.db) as tx:
        issuance = await timebank.balance(tx, programme_account(first.programme_id), now=platform.now())
    assert (issuance.posted, issuance.floor, issuance.owed) == (0, 0, 0)
    assert (await taken_back(platform, first.id)).undone_steps == 5  # once more changes nothing
    second = await imported(platform)
    assert (second.state, second.id != first.id) == ("done", True)
    assert await standing(platform) == MADE
    async with transaction(platform.db) as tx:
        elder = await timebank.balance(tx, (await members_of(platform))["E"].ledger_account, now=platform.now())
        assert await prove(tx) == []
    assert (elder.posted, elder.floor, elder.cap, elder.state) == (120, 0, 90_000, "open")
    await taken_back(platform, second.id)  # and that one, too
    await nothing_of_it_is_left(platform, second, entries=14)


@pytest.mark.usefixtures("tiny")
async def test_a_connection_that_breaks_at_any_step_back_loses_that_step_alone(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_city(platform)
    made = await imported(platform)
    async with transaction(platform.db) as tx:
        made = await start_undo(tx, made.id, reason="a trial", actor=SYSTEM, now=platform.now())
    # 4 members shut out in 2, opening 1 of transit, 7 entries in 4, 4 members in 2, the end
    assert made.undo_steps == 2 + 1 + 4 + 2 + 1
    breaks, take = False, back.take_next

    async def breaking(tx: Any, vault: Any, made: Any, *, now: datetime) -> None:
        """All of the step is written, then the server ends the connection before it commits; every other time."""
        nonlocal breaks
        await take(tx, vault, made, now=now)
        breaks = not breaks
        if breaks:
            await tx.flush()
            await tx.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    monkeypatch.setattr("marketplace.hours.importing.undoing.running.take_next", breaking)
    broken = 0
    while made.state == "undoing":
        try:
            made = await advance_undo(platform, made.id)
            async with transaction(platform.db) as tx:
                assert await prove(tx) == []  # half-way, too, the books hold
        except (DBAPIError, InterfaceError, OSError):
            broken += 1
    assert (made.state, made.undone_steps, broken) == ("undone", 10, 10)
    await nothing_of_it_is_left(platform, made, entries=7)


@pytest.mark.usefixtures("tiny")
@pytest.mark.parametrize("part", ["opening", "posting", "emptying", "letting_in"])
async def test_an_import_that_stopped_anywhere_in_its_books_is_taken_back(platform: Platform, part: Any) -> None:
    await a_city(platform)
    made, work = await until(platform, part)
    if sum(step.part == part for step in work.steps) > 1:
        made = await advance(platform, work)  # one of the part's own steps is taken as well
    async with transaction(platform.db) as tx:
        await tx.execute(text("UPDATE bank_import SET state = 'stopped', trouble = 'cap_reached'"))
    assert (await taken_back(platform, made.id)).state == "undone"
    found = await counts(platform)
    await nothing_of_it_is_left(platform, made, entries=found["ledger_entry"] // 2)
    assert (await imported(platform)).state == "done"
    assert await standing(platform) == MADE


async def test_what_stopped_it_and_its_alert_are_settled_when_it_is_taken_back(platform: Platform) -> None:
    await a_city(platform)
    made, work = await until(platform, "posting")
    with pytest.raises(ImportUnderWay):
        await taken_back(platform, made.id)
    async with transaction(platform.db) as tx:
        limits = SetLimits("by-hand", work.incoming["V"].account, 0, 10)
        await timebank.apply(tx, [limits], now=platform.now())
    assert (await advance(platform, work)).trouble == "cap_reached"
    assert (await taken_back(platform, made.id)).state == "undone"
    async with transaction(platform.db) as tx:
        assert await alerts_for(tx, actor=SYSTEM, state="open") == []
        (alert,) = await alerts_for(tx, actor=SYSTEM, state="closed")
    assert (alert.kind, alert.note) == ("import_stopped", "of another district")


async def test_two_processes_at_once_take_turns_back(platform: Platform) -> None:
    await a_city(platform)
    made = await imported(platform)
    both = await asyncio.gather(*(taken_back(platform, made.id) for _ in range(2)))
    assert [one.state for one in both] == ["undone", "undone"]
    await nothing_of_it_is_left(platform, made, entries=7)


async def test_an_elder_whose_import_was_taken_back_joins_by_herself(platform: Platform) -> None:
    here = await a_city(platform)
    await taken_back(platform, (await imported(platform)).id)
    async with transaction(platform.db) as tx:
        elder = await tx.get_one(Elder, here.elder.id)
        rules = platform.policy.timebank
        member = await join_elder(tx, elder, rules=rules, actor=SYSTEM, now=platform.now())
    async with transaction(platform.db) as tx:
        found = await timebank.balance(tx, member.ledger_account, now=platform.now())
        assert (found.state, found.posted, found.floor, found.cap) == ("open", 0, 0, 90_000)
        assert await prove(tx) == []


async def test_a_bank_that_never_began_is_taken_back_at_once(platform: Platform) -> None:
    await a_city(platform)
    made, _ = await begun(platform)
    async with transaction(platform.db) as tx:
        await tx.execute(text("UPDATE bank_import SET state = 'stopped', trouble = 'here_changed'"))
    assert (await taken_back(platform, made.id)).undone_steps == 1
    assert (await imported(platform)).state == "done"
