"""The night: what districts owe one another is netted by itself, once, and told of where it is too much."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlmodel import col
from typer.testing import CliRunner

from marketplace import cli
from marketplace.base.database import transaction
from marketplace.base.outbox import Message
from marketplace.base.platform import Platform
from marketplace.base.timers import Timer, fire_due
from marketplace.hours.audit import prove
from marketplace.hours.books import CITY, MINUTE, member_account, open_branch, open_member, pool_account
from marketplace.hours.jobs import cycle_due
from marketplace.hours.members.programmes import grant
from marketplace.hours.nights import CYCLE_DUE, next_night
from marketplace.hours.reporting import cycle_of
from tests.conftest import MovableClock
from tests.marketplace.hours.builders import Bank, a_bank
from timebank import BranchLine, Command, Cycle, Post, SetLimits, Transfer, apply, find_cycle

HALF_PAST_MIDNIGHT = datetime(2026, 3, 2, 16, 30, tzinfo=UTC)  # of the third in the city


async def scene(platform: Platform) -> Bank:
    """Two districts; 600 minutes granted to the first one's pool, 90 of which reach a member of the second."""
    async with transaction(platform.db) as tx:
        bank = await a_bank(platform, tx)
        first, second = (district.id for district in bank.town.districts[:2])
        await grant(tx, bank.programme_id, pool_account(first), 600, key="pool", now=platform.now())
    async with transaction(platform.db) as tx:
        vera = open_member(second, "account:vera", cap_minutes=None)
        move = Transfer(pool_account(first), vera.account, 90)
        await apply(tx, [vera, Post("thanks", (move,), "test", "test:1", platform.now())], now=platform.now())
    return bank


async def night(platform: Platform) -> Cycle | None:
    await cycle_due(platform, Message(name=CYCLE_DUE, ids={}))
    async with transaction(platform.db) as tx:
        return await find_cycle(tx, CITY, unit=MINUTE, on_day=date(2026, 3, 2))


async def test_the_next_night_is_half_past_midnight_in_the_city() -> None:
    assert next_night(HALF_PAST_MIDNIGHT - timedelta(seconds=1)) == HALF_PAST_MIDNIGHT
    assert next_night(HALF_PAST_MIDNIGHT) == HALF_PAST_MIDNIGHT + timedelta(days=1)


async def test_opening_branches_arms_one_night(platform: Platform) -> None:
    bank = await scene(platform)
    async with transaction(platform.db) as tx:
        await open_branch(tx, bank.town.districts[0], now=platform.now() + timedelta(days=3))
        timer = (await tx.scalars(select(Timer).where(col(Timer.rule) == CYCLE_DUE))).one()
    assert timer.due_at == HALF_PAST_MIDNIGHT


async def test_the_night_nets_the_day_before_and_arms_the_next(platform: Platform, clock: MovableClock) -> None:
    bank = await scene(platform)
    clock.set(HALF_PAST_MIDNIGHT)
    assert await fire_due(platform) == 1
    cycle = await night(platform)
    assert cycle is not None
    nets = {line.branch: line.net for line in cycle.lines}
    first, second = (str(district.id) for district in bank.town.districts[:2])
    assert nets == {first: -600 + 90, second: -90}
    assert await night(platform) == cycle  # delivered twice, run once
    async with transaction(platform.db) as tx:
        timer = (await tx.scalars(select(Timer).where(col(Timer.rule) == CYCLE_DUE))).one()
        assert await prove(tx) == []
    assert (timer.due_at, timer.fired_at) == (HALF_PAST_MIDNIGHT + timedelta(days=1), None)


async def test_a_branch_above_its_cap_is_told_of_once(platform: Platform, clock: MovableClock) -> None:
    bank = await scene(platform)
    first, second = (district.id for district in bank.town.districts[:2])
    vera, cap = member_account(second, "account:vera"), platform.policy.timebank.debt_cap_minutes
    async with transaction(platform.db) as tx:  # her branch lets her owe more than it may owe itself
        gift = Transfer(vera, pool_account(first), cap + 200)
        commands: list[Command] = [
            SetLimits("trust", vera, -cap - 200, None),
            Post("much", (gift,), "gift", "gift:2", platform.now()),
        ]
        await apply(tx, commands, now=platform.now())
    clock.set(HALF_PAST_MIDNIGHT)
    await night(platform)
    await night(platform)
    async with transaction(platform.db) as tx:
        told = (await tx.scalars(select(Message).where(col(Message.name) == "cycle.debt_above_cap"))).all()
    said = {"district_id": str(second), "day": "2026-03-02", "debt": cap + 110, "drawn": 0}
    assert [message.ids for message in told] == [said]


async def test_a_report_is_read_or_run_on_demand(platform: Platform, clock: MovableClock) -> None:
    await scene(platform)
    clock.set(HALF_PAST_MIDNIGHT)
    assert await cycle_of(platform, None, run=False) is None
    ran = await cycle_of(platform, None, run=True)
    assert ran is not None
    assert ran == await cycle_of(platform, date(2026, 3, 2), run=False)


def test_the_command_prints_the_report_and_warns(monkeypatch: pytest.MonkeyPatch) -> None:
    line = BranchLine("A", 200, 0, 200, 50, 120, ())
    found = Cycle(CITY, MINUTE, date(2026, 3, 2), 7, 8, HALF_PAST_MIDNIGHT, (line,))
    monkeypatch.setattr(cli, "with_platform", lambda _work: found)
    said = CliRunner().invoke(cli.app, ["ledger", "cycle", "--day", "2026-03-02"])
    assert json.loads(said.stdout)["lines"][0]["breached"]
    assert "branch A owes 200" in said.stderr
    table = CliRunner().invoke(cli.app, ["ledger", "cycle", "--csv"])
    assert table.stdout.splitlines()[1].startswith("2026-03-02,minute,A,*,200,0,200")


def test_the_command_says_that_no_cycle_was_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "with_platform", lambda _work: None)
    said = CliRunner().invoke(cli.app, ["ledger", "cycle"])
    assert said.exit_code == 1
    assert "--run" in said.stderr
