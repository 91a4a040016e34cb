"""Runs that meet others, changes, bad plans and sudden deaths: either the old plan stands or the new one."""

import asyncio
import os
import signal
import sys
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func, select, update
from sqlmodel import col

from marketplace.base.clock import FileClock
from marketplace.base.database import transaction
from marketplace.base.outbox import Message
from marketplace.base.platform import Platform
from marketplace.planning import jobs, requests, service, solver
from marketplace.planning.errors import AlreadyPlanning, ClaimLost, PlanRejected, SolverFailed
from marketplace.planning.models import Plan, PlanRequest
from marketplace.planning.outcome import Attendance, without_clashes
from marketplace.planning.publishing import publish
from marketplace.planning.requests import Claim
from marketplace.planning.trial import Trial
from marketplace.visits.models import Assignment
from marketplace.visits.service import cancel_visits
from marketplace.visits.shifts import withdraw_shift
from tests.marketplace.planning.builders import (
    Team,
    a_booked_visit,
    a_team,
    assigned,
    plan_in_force,
    plan_now,
    state_of,
)
from tests.marketplace.visits.builders import MONDAY, SYSTEM, at


async def asked_team(platform: Platform, size: int = 1) -> Team:
    """A team whose Monday was asked for."""
    async with transaction(platform.db) as tx:
        team = await a_team(platform, tx, size=size)
        await service.request(tx, team.district.id, MONDAY, now=platform.now())
    return team


async def begun(platform: Platform, team: Team) -> tuple[Claim, Trial, dict[str, Any]]:
    """A run that has solved and not yet published."""
    found = await service._begin(platform, team.district.id, MONDAY)
    assert found is not None
    claim, trial, seed = found
    return claim, trial, await solver.solve(trial.problem, seconds=0.5, seed=seed)


async def publish_now(platform: Platform, run: tuple[Claim, Trial, dict[str, Any]]) -> Plan:
    async with transaction(platform.db) as tx:
        return await publish(tx, *run, policy="taiyuan@1", now=platform.now())


async def request_of(platform: Platform, team: Team) -> PlanRequest:
    async with transaction(platform.db) as tx:
        request = await tx.scalar(select(PlanRequest).where(col(PlanRequest.district_id) == team.district.id))
    assert request is not None
    return request


async def claimed(platform: Platform, team: Team) -> None:
    """Wait until a run in the background holds the day."""
    for _ in range(600):
        if (await request_of(platform, team)).claim is not None:
            return
        await asyncio.sleep(0.02)
    raise AssertionError("nobody claims the day")


async def asked_messages(platform: Platform) -> int:
    async with transaction(platform.db) as tx:
        return await tx.scalar(select(func.count()).where(col(Message.name) == "plan.requested")) or 0


async def test_a_visit_cancelled_while_the_engine_works_is_left_out(platform: Platform) -> None:
    team = await asked_team(platform)
    async with transaction(platform.db) as tx:
        stays = await a_booked_visit(platform, tx, team, window_end=at(15))
        goes = await a_booked_visit(platform, tx, team, window_end=at(15))
    run = await begun(platform, team)
    async with transaction(platform.db) as tx:
        await cancel_visits(tx, "booking", goes.cause_id, actor=SYSTEM, now=platform.now(), reason="illness")
    plan = await publish_now(platform, run)
    assert plan.left_out == [str(goes.id)]
    assert (await state_of(platform, stays), await state_of(platform, goes)) == ("published", "cancelled")
    assert await assigned(platform, goes) == []


async def test_a_shift_withdrawn_while_the_engine_works_costs_one_more_run(platform: Platform) -> None:
    team = await asked_team(platform)
    async with transaction(platform.db) as tx:
        visit = await a_booked_visit(platform, tx, team)
    run = await begun(platform, team)
    async with transaction(platform.db) as tx:
        await withdraw_shift(tx, team.shifts[0].id, actor=SYSTEM, now=platform.now(), reason="ill")
    before = await asked_messages(platform)
    await publish_now(platform, run)
    assert await assigned(platform, visit) == []
    request = await request_of(platform, team)
    assert (request.version, request.done_version) == (2, 1)
    assert await asked_messages(platform) == before + 1


async def test_many_wishes_during_a_run_make_one_more_run(platform: Platform) -> None:
    team = await asked_team(platform)
    run = await begun(platform, team)
    async with transaction(platform.db) as tx:
        for _ in range(5):
            await requests.ask(tx, team.district.id, MONDAY, now=platform.now())
    await publish_now(platform, run)
    assert await asked_messages(platform) == 2  # the first wish, and the run's own end
    for _ in range(3):
        await service.plan_day(platform, team.district.id, MONDAY)
    request = await request_of(platform, team)
    assert (request.version, request.done_version) == (6, 6)
    assert (await plan_in_force(platform, team)).version == 2


async def test_two_workers_do_not_plan_one_day_at_once(platform: Platform) -> None:
    team = await asked_team(platform)
    await begun(platform, team)
    with pytest.raises(AlreadyPlanning):
        await service.plan_day(platform, team.district.id, MONDAY)


async def test_a_message_that_meets_a_run_under_way_leaves_the_work_to_its_end(platform: Platform) -> None:
    team = await asked_team(platform)
    run = await begun(platform, team)
    async with transaction(platform.db) as tx:
        await service.request(tx, team.district.id, MONDAY, now=platform.now())
        message = (await tx.scalars(select(Message).order_by(col(Message.id).desc()).limit(1))).one()
    before = await asked_messages(platform)
    await jobs.plan_day(platform, message)  # no error: nothing is retried, nobody waits
    assert (await request_of(platform, team)).done_version == 0
    await publish_now(platform, run)
    assert await asked_messages(platform) == before + 1


async def test_a_run_that_outlived_its_lease_publishes_nothing(platform: Platform) -> None:
    team = await asked_team(platform)
    async with transaction(platform.db) as tx:
        visit = await a_booked_visit(platform, tx, team)
    slow = await begun(platform, team)
    async with transaction(platform.db) as tx:  # the lease runs out
        await tx.execute(update(PlanRequest).values(claimed_until=func.now()))
    quick = await begun(platform, team)
    with pytest.raises(ClaimLost):
        await publish_now(platform, slow)
    assert await state_of(platform, visit) == "planned"
    await publish_now(platform, quick)
    assert await state_of(platform, visit) == "published"


async def test_a_plan_that_breaks_a_constraint_is_kept_and_never_published(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    team = await asked_team(platform)
    async with transaction(platform.db) as tx:
        visit = await a_booked_visit(platform, tx, team)

    async def shifted(problem: dict[str, Any], *, seconds: float, seed: int) -> dict[str, Any]:
        plan = await solver.solve(problem, seconds=seconds, seed=seed)
        stops = plan["routes"][0]["stops"]
        stops[1]["start"] -= 3600  # an hour before the elder's window opens
        return plan

    monkeypatch.setattr(service, "solve", shifted)
    with pytest.raises(PlanRejected):
        await service.plan_day(platform, team.district.id, MONDAY)
    assert await state_of(platform, visit) == "planned"
    request = await request_of(platform, team)
    assert (request.done_version, request.outcome, request.claim) == (0, "plan_rejected", None)
    monkeypatch.undo()
    await service.plan_day(platform, team.district.id, MONDAY)
    plan = await plan_in_force(platform, team)
    assert (plan.version, plan.plan["seed"]) == (2, 2)  # another seed than the rejected one's
    async with transaction(platform.db) as tx:
        assert list(await tx.scalars(select(col(Plan.state)).order_by(col(Plan.version)))) == ["rejected", "published"]


async def test_a_document_that_the_engine_refuses_is_a_clear_failure() -> None:
    with pytest.raises(SolverFailed) as failed:
        await solver.solve({"format": "liuzhu/problem@1"}, seconds=0.5, seed=1)
    assert failed.value.data == {"exit_code": 2}


async def test_a_cancelled_run_lets_the_next_one_in_at_once(platform: Platform) -> None:
    team = await asked_team(platform)
    async with transaction(platform.db) as tx:
        visit = await a_booked_visit(platform, tx, team)
    slow = replace(platform, settings=replace(platform.settings, solve_seconds=30.0))
    run = asyncio.create_task(service.plan_day(slow, team.district.id, MONDAY))
    await claimed(platform, team)
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert (await request_of(platform, team)).claim is None
    await service.plan_day(platform, team.district.id, MONDAY)
    assert await state_of(platform, visit) == "published"


KILLED = """
import asyncio, os, sys
from datetime import date, datetime
from uuid import UUID
from marketplace.base.opening import open_platform
from marketplace.base.settings import Settings
from marketplace.planning import service

async def main():
    async with open_platform(Settings.read(os.environ), consumers={"plan.published": (), "plan.requested": ()}) as home:
        await service.plan_day(home, UUID(sys.argv[1]), date.fromisoformat(sys.argv[2]))

asyncio.run(main())
"""


async def test_a_worker_killed_while_solving_leaves_a_day_that_plans_after_the_lease(
    platform: Platform, tmp_path: Any
) -> None:
    team = await asked_team(platform)
    async with transaction(platform.db) as tx:
        visit = await a_booked_visit(platform, tx, team)
    clock = tmp_path / "clock"
    FileClock(clock).set(platform.now())
    settings = replace(platform.settings, solve_seconds=5.0, clock_file=clock)
    worker = await asyncio.create_subprocess_exec(
        sys.executable, "-c", KILLED, str(team.district.id), MONDAY.isoformat(),
        env={**os.environ, **settings.environment()},
    )  # fmt: skip
    await claimed(platform, team)
    worker.send_signal(signal.SIGKILL)
    await worker.wait()
    assert await state_of(platform, visit) == "planned"
    with pytest.raises(AlreadyPlanning):
        await service.plan_day(platform, team.district.id, MONDAY)
    async with transaction(platform.db) as tx:  # the dead worker's lease runs out
        await tx.execute(update(PlanRequest).values(claimed_until=func.now()))
    await service.plan_day(platform, team.district.id, MONDAY)
    assert await state_of(platform, visit) == "published"


async def test_a_message_that_comes_again_finds_its_work_done(platform: Platform) -> None:
    team = await asked_team(platform)
    for _ in range(2):
        await service.plan_day(platform, team.district.id, MONDAY)
    assert (await plan_in_force(platform, team)).version == 1


async def test_a_booking_plans_anew_only_a_day_that_runs_or_has_a_plan(platform: Platform) -> None:
    async with transaction(platform.db) as tx:
        team = await a_team(platform, tx, size=1)
        await service.follow_change(tx, team.district.id, MONDAY, now=at(12, day=MONDAY.replace(day=1)))
    assert await asked_messages(platform) == 0  # on Sunday: Monday waits to be asked for
    await plan_now(platform, team)
    async with transaction(platform.db) as tx:
        await service.follow_change(tx, team.district.id, MONDAY, now=at(12, day=MONDAY.replace(day=1)))
        await service.follow_change(tx, team.district.id, MONDAY, now=at(12, day=MONDAY.replace(day=3)))
    assert await asked_messages(platform) == 2  # plan_now's, and Sunday's with a plan in force; Tuesday's is too late


async def test_a_booking_asks_for_the_days_of_its_visits(platform: Platform) -> None:
    async with transaction(platform.db) as tx:
        team = await a_team(platform, tx, size=1)
        visit = await a_booked_visit(platform, tx, team)
    for name, wishes in (("booking.confirmed", 1), ("booking.cancelled", 2)):
        await jobs.request_plan(platform, Message(name=name, ids={"booking_id": str(visit.cause_id)}))
        request = await request_of(platform, team)
        assert (request.day, request.version) == (MONDAY, wishes)
    assert await asked_messages(platform) == 2  # Monday is today


def test_what_would_clash_with_a_left_out_visit_is_left_out_too_and_so_on() -> None:
    first, second, third, performer, other = (uuid4() for _ in range(5))

    def wish(who: Any, begin: int) -> Attendance:
        return Attendance(0, uuid4(), who, at(begin), at(begin + 1), None, 0, 0)

    def stands(visit: Any, who: Any, begin: int) -> Assignment:
        return Assignment(visit_id=visit, performer_id=who, planned_from=at(begin), planned_until=at(begin + 1))

    # first moved from 9 to 14 and second into its place, third into second's; but first has changed meanwhile
    wanted = {first: [wish(performer, 14)], second: [wish(performer, 9)], third: [wish(other, 9)]}
    standing = [stands(first, performer, 9), stands(second, other, 9)]
    assert without_clashes(wanted, standing, {first}) == {first, second, third}
    assert without_clashes(wanted, standing, set()) == set()
