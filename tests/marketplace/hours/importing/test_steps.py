"""An import goes on wherever it was killed, takes each step once, and leaves nothing when it stops before the books."""

import asyncio
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, InterfaceError

import timebank
from marketplace.base.actor import Actor, Role
from marketplace.base.database import transaction
from marketplace.base.outbox import Message, share
from marketplace.base.platform import Platform
from marketplace.hours.alerts.service import alerts_for
from marketplace.hours.audit import prove
from marketplace.hours.importing import steps, taking
from marketplace.hours.importing.committing import start
from marketplace.hours.importing.jobs import carry_import
from marketplace.hours.importing.models import BankImport
from marketplace.hours.importing.running import advance, load
from marketplace.hours.importing.steps import Part, Work
from tests.builders import an_account
from tests.marketplace.hours.importing.builders import BANK, a_city, carried_on, counts, imported, members_of
from timebank import SetLimits

SYSTEM = Actor.system()
MADE = {"E": 120, "V": 90, "W": 60, "X": 20}


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two rows a step, so that the small bank takes many."""
    for module in (steps, taking):
        monkeypatch.setattr(module, "PORTION", 2)


async def begun(platform: Platform) -> tuple[BankImport, Work]:
    """Written down, and nothing done yet."""
    async with transaction(platform.db) as tx:
        made = await start(tx, platform.vault, BANK, policy=platform.policy, actor=SYSTEM, now=platform.now())
    work = await load(platform, made.id)
    assert work is not None
    return made, work


async def until(platform: Platform, part: Part) -> tuple[BankImport, Work]:
    """Carried out up to the first step of a part."""
    made, work = await begun(platform)
    while work.steps[made.done_steps].part != part:
        made = await advance(platform, work)
    return made, work


async def standing(platform: Platform) -> dict[str, int]:
    """What each member has."""
    members = await members_of(platform)
    async with transaction(platform.db) as tx:
        return {
            name: (await timebank.balance(tx, one.ledger_account, now=platform.now())).posted
            for name, one in members.items()
        }


@pytest.mark.usefixtures("tiny")
async def test_each_step_is_taken_by_a_process_that_knows_nothing_of_the_others(platform: Platform) -> None:
    await a_city(platform)
    made, _ = await begun(platform)
    # people 4 in 2 steps, branches 1, opening 1 + 1 + 4 in 3, filling 1, posting 5 in 3, emptying 1, limiting 5 in 3,
    # words 5 in 3, letting in 4 in 2, ending 1
    assert made.steps == 2 + 1 + 3 + 1 + 3 + 1 + 3 + 3 + 2 + 1
    for done in range(1, made.steps + 1):
        work = await load(platform, made.id)  # begun anew, as after a kill
        assert work is not None
        made = await advance(platform, work)
        assert made.done_steps == done
    assert made.state == "done"
    assert await standing(platform) == MADE
    async with transaction(platform.db) as tx:
        assert await prove(tx) == []
        assert await tx.scalar(text("SELECT count(*) FROM bank_file")) == 0
        assert await tx.scalar(text("SELECT count(*) FROM data_key WHERE owner_id = :id"), {"id": made.id}) == 0


@pytest.mark.usefixtures("tiny")
async def test_a_connection_that_breaks_at_any_step_loses_that_step_alone(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_city(platform)
    made, work = await begun(platform)
    breaks, take = False, taking.take

    async def breaking(tx: Any, work: Any, step: Any, *, now: datetime) -> None:
        """All of the step is written, then the server ends the connection before it commits; every other time."""
        nonlocal breaks
        await take(tx, work, step, now=now)
        breaks = not breaks
        if breaks:
            await tx.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    monkeypatch.setattr("marketplace.hours.importing.running.take", breaking)
    broken = 0
    while made.state == "running":
        try:
            made = await advance(platform, work)
        except (DBAPIError, InterfaceError, OSError):
            broken += 1
    assert (made.state, broken) == ("done", made.steps)
    assert await standing(platform) == MADE
    # H2, H3 and H4 have words for both sides, H1 for the one that it has
    assert (await counts(platform))["imported_line"] == 7
    async with transaction(platform.db) as tx:
        assert await prove(tx) == []


@pytest.mark.usefixtures("tiny")
async def test_two_processes_at_once_take_turns(platform: Platform) -> None:
    await a_city(platform)
    made, _ = await begun(platform)
    first, second = await asyncio.gather(carried_on(platform, made), carried_on(platform, made))
    assert (first.state, second.state) == ("done", "done")
    assert await standing(platform) == MADE


async def test_until_it_is_done_nobody_signs_in_or_spends(platform: Platform) -> None:
    await a_city(platform)
    _, work = await until(platform, "letting_in")
    assert {one.state for one in (await members_of(platform)).values()} == {"pending"}
    closed = text("SELECT count(*) FROM account WHERE state = 'closed'")
    async with transaction(platform.db) as tx:
        assert await tx.scalar(closed) == 3
    assert (await advance(platform, work)).state == "running"  # the files are still to be forgotten
    assert {one.state for one in (await members_of(platform)).values()} == {"active"}
    async with transaction(platform.db) as tx:
        assert await tx.scalar(closed) == 0
        logged = "SELECT count(*) FROM transition_log WHERE entity = 'member' AND to_state = 'active'"
        assert await tx.scalar(text(logged)) == 4


@pytest.mark.usefixtures("tiny")
async def test_people_are_let_in_by_portions_once_all_of_everybody_is_there(platform: Platform) -> None:
    await a_city(platform)
    made, work = await until(platform, "letting_in")
    assert await standing(platform) == MADE
    for portion in ({"E": "active", "V": "active", "W": "pending", "X": "pending"}, dict.fromkeys("EVWX", "active")):
        made = await advance(platform, work)
        assert {name: one.state for name, one in (await members_of(platform)).items()} == portion
    assert (made.state, work.steps[made.done_steps].part) == ("running", "ending")
    async with transaction(platform.db) as tx:
        logged = "SELECT count(*) FROM transition_log WHERE entity = 'member' AND to_state = 'active' AND reason = :by"
        assert await tx.scalar(text(logged), {"by": made.reference}) == 4
        assert await tx.scalar(text("SELECT count(*) FROM account WHERE state = 'active'")) == 3


@pytest.mark.usefixtures("tiny")
async def test_who_joined_meanwhile_stops_it_before_the_books_and_nothing_is_left(platform: Platform) -> None:
    await a_city(platform)
    made, work = await begun(platform)
    await advance(platform, work)  # the elder and the first volunteer
    async with transaction(platform.db) as tx:
        await an_account(platform, tx, Role.FAMILY, phone="13900000003")
    stopped = await advance(platform, work)
    assert (stopped.state, stopped.trouble, stopped.done_steps) == ("stopped", "here_changed", 0)
    found = await counts(platform)
    assert (found["member"], found["imported_member"], found["account"], found["ledger_entry"]) == (0, 0, 1, 0)
    async with transaction(platform.db) as tx:
        (alert,) = await alerts_for(tx, actor=SYSTEM, state="open")
        assert (alert.kind, alert.subject, alert.figures["part"]) == ("import_stopped", made.id, "people")
        await tx.execute(text("DELETE FROM account"))
    again = await imported(platform)  # the same files, once it is mended
    assert (again.id, again.state) == (made.id, "done")
    assert await standing(platform) == MADE


async def test_what_the_ledger_refuses_stops_it_and_the_same_files_let_it_go_on(platform: Platform) -> None:
    await a_city(platform)
    made, work = await until(platform, "posting")
    account = work.incoming["V"].account
    async with transaction(platform.db) as tx:  # somebody sets a cap by hand, which history passes
        await timebank.apply(tx, [SetLimits("by-hand", account, 0, 10)], now=platform.now())
    stopped = await advance(platform, work)
    assert (stopped.state, stopped.trouble, stopped.done_steps) == (
        "stopped",
        "cap_reached",
        work.steps.index(steps.Step("posting")),
    )
    assert await load(platform, made.id) is None
    async with transaction(platform.db) as tx:
        await timebank.apply(tx, [SetLimits("by-hand-back", account, None, None)], now=platform.now())
    assert (await imported(platform)).state == "done"
    assert await standing(platform) == MADE


@pytest.mark.usefixtures("tiny")
async def test_a_message_works_for_a_share_of_its_lease_and_the_next_one_goes_on(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, deliver_all: Any
) -> None:
    await a_city(platform)
    made, _ = await begun(platform)
    monkeypatch.setattr(share, "SHARE_OF_LEASE", 0)
    await carry_import(platform, Message(name="import.wanted", ids={"import_id": str(made.id)}))
    async with transaction(platform.db) as tx:
        assert (await tx.get_one(BankImport, made.id)).done_steps == 1
    await deliver_all(platform)
    async with transaction(platform.db) as tx:
        assert (await tx.get_one(BankImport, made.id)).state == "done"
    assert await standing(platform) == MADE
