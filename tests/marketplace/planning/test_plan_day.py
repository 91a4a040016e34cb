"""A day from rows to a published plan, with the real engine in a real child process."""

from datetime import timedelta

from sqlalchemy import select
from sqlmodel import col

from marketplace.base.database import transaction
from marketplace.base.outbox import Message
from marketplace.base.platform import Platform
from marketplace.people.models import Access
from marketplace.planning import service
from marketplace.planning.models import Plan, PlanRequest
from marketplace.visits.service import assign, cancel_visits
from marketplace.visits.shifts import withdraw_shift
from tests.conftest import MovableClock
from tests.marketplace.planning.builders import a_booked_visit, a_lunch, a_team, assigned, plan_now, state_of
from tests.marketplace.visits.builders import MONDAY, SYSTEM, at


async def test_a_visit_a_bath_for_two_and_a_lunch_are_planned_and_published(platform: Platform) -> None:
    async with transaction(platform.db) as tx:
        team = await a_team(platform, tx)
        cleaning = await a_booked_visit(platform, tx, team)
        bath = await a_booked_visit(
            platform, tx, team, crew_size=2, skills=("bath", "gender:f"), window_start=at(13), window_end=at(14)
        )
        lunch = await a_lunch(platform, tx, team)
    plan = await plan_now(platform, team)
    assert plan.plan["status"] == "feasible"
    assert [await state_of(platform, visit) for visit in (cleaning, bath, lunch)] == ["published"] * 3
    first, second = await assigned(platform, bath)
    assert first.planned_from == second.planned_from
    assert {first.performer_id, second.performer_id} == {one.id for one in team.performers}
    (box,) = await assigned(platform, lunch)
    assert box.pickup_at is not None
    # 0.01° of longitude at 49.40° N is 723.6 m; × 1.40 at 18 km/h is 203 s of riding
    assert timedelta(seconds=203) <= box.planned_from - box.pickup_at <= timedelta(seconds=2400)


async def test_the_planned_may_see_the_elder_and_the_plan_is_told(platform: Platform) -> None:
    async with transaction(platform.db) as tx:
        team = await a_team(platform, tx, size=1)
        visit = await a_booked_visit(platform, tx, team)
    plan = await plan_now(platform, team)
    async with transaction(platform.db) as tx:
        seen = await tx.scalar(select(Access).where(col(Access.elder_id) == visit.elder_id))
        told = await tx.scalar(select(Message).where(col(Message.name) == "plan.published"))
    assert seen is not None
    assert seen.account_id == team.performers[0].account_id
    assert told is not None
    assert told.ids == {"plan_id": str(plan.id), "district_id": str(team.district.id), "day": "2026-03-02"}


async def test_what_nobody_can_do_is_left_over_with_its_reason(platform: Platform) -> None:
    async with transaction(platform.db) as tx:
        team = await a_team(platform, tx, size=1)
        medical = await a_booked_visit(platform, tx, team, skills=("medical",))
    plan = await plan_now(platform, team)
    (left,) = plan.plan["unassigned"]
    assert left["id"] == str(medical.id)
    assert "skill" in {reason["code"] for reason in left["reasons"]}
    assert await state_of(platform, medical) == "planned"


async def test_one_elder_is_not_visited_twice_at_once(platform: Platform) -> None:
    async with transaction(platform.db) as tx:
        team = await a_team(platform, tx)
        one = await a_booked_visit(platform, tx, team)
        elder_of_one = {"elder_id": one.elder_id, "lon": one.lon, "lat": one.lat}
        other = await a_booked_visit(platform, tx, team, **elder_of_one)
    await plan_now(platform, team)
    first, second = sorted(
        [*await assigned(platform, one), *await assigned(platform, other)], key=lambda found: found.planned_from
    )
    assert first.planned_until <= second.planned_from


async def test_planning_again_touches_nothing_that_stays_the_same(platform: Platform) -> None:
    async with transaction(platform.db) as tx:
        team = await a_team(platform, tx, size=1)
        visit = await a_booked_visit(platform, tx, team)
    earlier = await plan_now(platform, team)
    before = await assigned(platform, visit)
    later = await plan_now(platform, team)
    assert [one.id for one in await assigned(platform, visit)] == [one.id for one in before]
    assert (earlier.version, later.version) == (1, 2)
    async with transaction(platform.db) as tx:
        assert (await tx.get_one(Plan, earlier.id)).state == "superseded"


async def test_a_caregiver_who_falls_out_is_replaced(platform: Platform) -> None:
    async with transaction(platform.db) as tx:
        team = await a_team(platform, tx)
        visit = await a_booked_visit(platform, tx, team)
    await plan_now(platform, team)
    (gone,) = await assigned(platform, visit)
    assert gone.shift_id is not None
    async with transaction(platform.db) as tx:
        await withdraw_shift(tx, gone.shift_id, actor=SYSTEM, now=platform.now(), reason="ill")
    await plan_now(platform, team)
    (found,) = await assigned(platform, visit)
    assert found.performer_id != gone.performer_id


async def test_a_running_day_keeps_the_next_twenty_minutes(platform: Platform, clock: MovableClock) -> None:
    async with transaction(platform.db) as tx:
        team = await a_team(platform, tx, size=1)
        soon = await a_booked_visit(platform, tx, team, window_start=at(9), window_end=at(9))
        later = await a_booked_visit(platform, tx, team, window_start=at(11), window_end=at(16))
    await plan_now(platform, team)
    before = await assigned(platform, soon)
    clock.set(at(8, 50))
    async with transaction(platform.db) as tx:
        urgent = await a_booked_visit(
            platform, tx, team, priority=100, window_start=at(9), window_end=at(10, 30), service_seconds=1800
        )
    plan = await plan_now(platform, team)
    assert [one.id for one in await assigned(platform, soon)] == [one.id for one in before]
    assert [stop["id"] for stop in plan.kept[str(team.shifts[0].id)]] == [str(soon.id)]
    (found,) = await assigned(platform, urgent)
    assert found.planned_from >= at(10)  # not before the kept visit is over
    assert await state_of(platform, later) == "published"


async def test_a_day_without_shifts_changes_nothing(platform: Platform) -> None:
    async with transaction(platform.db) as tx:
        team = await a_team(platform, tx, size=1)
        visit = await a_booked_visit(platform, tx, team)
        await withdraw_shift(tx, team.shifts[0].id, actor=SYSTEM, now=platform.now(), reason="ill")
        await service.request(tx, team.district.id, MONDAY, now=platform.now())
    await service.plan_day(platform, team.district.id, MONDAY)
    async with transaction(platform.db) as tx:
        request = await tx.scalar(select(PlanRequest))
        assert (await tx.scalars(select(Plan))).all() == []
    assert request is not None
    assert (request.outcome, request.done_version) == ("no_shifts", request.version)
    assert await state_of(platform, visit) == "planned"


async def test_a_cancelled_visit_leaves_the_plan(platform: Platform) -> None:
    async with transaction(platform.db) as tx:
        team = await a_team(platform, tx, size=1)
        visit = await a_booked_visit(platform, tx, team)
        other = await a_booked_visit(platform, tx, team, window_end=at(16))
    await plan_now(platform, team)
    async with transaction(platform.db) as tx:
        await cancel_visits(tx, "booking", visit.cause_id, actor=SYSTEM, now=platform.now(), reason="illness")
    plan = await plan_now(platform, team)
    assert await assigned(platform, visit) == []
    named = {stop["id"] for route in plan.plan["routes"] for stop in route["stops"]}
    assert str(visit.id) not in named
    assert await state_of(platform, other) == "published"


async def test_what_was_assigned_by_hand_is_planned_around(platform: Platform) -> None:
    async with transaction(platform.db) as tx:
        team = await a_team(platform, tx, size=1)
        hand = await a_booked_visit(platform, tx, team, cause_kind="task", skills=(), window_end=at(12))
        visit = await a_booked_visit(platform, tx, team, window_start=at(10, 30), window_end=at(15))
        await assign(tx, hand.id, team.performers[0].id, starts_at=at(11), ends_at=at(12), actor=SYSTEM, now=at(6))
    await plan_now(platform, team)
    (kept,) = await assigned(platform, hand)
    (found,) = await assigned(platform, visit)
    assert kept.planned_from == at(11)
    assert found.planned_until <= at(11) or found.planned_from >= at(12)


async def test_volunteers_tasks_are_not_given_to_caregivers(platform: Platform) -> None:
    async with transaction(platform.db) as tx:
        team = await a_team(platform, tx, size=1)
        task = await a_booked_visit(platform, tx, team, cause_kind="task", skills=())
    await plan_now(platform, team)
    assert await state_of(platform, task) == "planned"
