"""The planner sends volunteers to tasks, as unpaid shifts beside the paid ones; each says yes or no."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlmodel import col

from marketplace.base.actor import Actor, Role
from marketplace.base.database import transaction
from marketplace.base.ids import new_id
from marketplace.base.outbox import Message
from marketplace.base.platform import Platform
from marketplace.base.settings import Settings
from marketplace.hours.audit import prove
from marketplace.hours.jobs import follow_plan
from marketplace.hours.models import Task
from marketplace.planning import service
from marketplace.planning.day import read_day
from marketplace.planning.models import PlanRequest
from marketplace.planning.prefix import prefix_of
from marketplace.planning.problem import movable
from marketplace.planning.trial import prepare
from marketplace.visits.service import assign, hand_over
from tests.builders import an_actor
from tests.marketplace.hours.builders import (
    HOUR,
    SYSTEM,
    TEN,
    Bank,
    Person,
    a_bank,
    a_member_elder,
    a_person,
    a_task,
    balances,
    report,
    task_now,
    visit_of,
)
from tests.marketplace.hours.calling import Caller, live_by
from tests.marketplace.visits.builders import a_performer, a_shift, a_visit

TUESDAY = TEN.date()


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Little time for the engine: the problems are small."""
    return replace(settings, solve_seconds=0.3)


class Tuesday:
    """A district's Tuesday: a paid caregiver on shift, a task to be dispatched, volunteers who offer their time."""

    bank: Bank
    task: Task
    officer: Actor

    def __init__(self, platform: Platform, caller: Caller, deliver: Any) -> None:
        self.platform, self.caller, self.deliver = platform, caller, deliver

    async def open(self) -> "Tuesday":
        async with transaction(self.platform.db) as tx:
            self.bank = await a_bank(self.platform, tx)
            here = self.bank.town.districts[0]
            caregiver = await a_performer(self.platform, tx, here, skills=["cleaning"])
            times = {"day": TUESDAY, "starts_at": TEN - 2 * HOUR, "ends_at": TEN + 6 * HOUR}
            await a_shift(tx, caregiver, here, **times)
            elder, _ = await a_member_elder(self.platform, tx, self.bank, minutes=60)
            self.task = await a_task(self.platform, tx, elder, taking="dispatch")
            self.officer = await an_actor(self.platform, tx, Role.OFFICER, region=here)
        return self

    async def volunteer(self, *, north: float = 0.0, **joins: Any) -> tuple[Person, str]:
        """Somebody who offers nine to one, from a place so many degrees north of the elder's; and the shift."""
        async with transaction(self.platform.db) as tx:
            person = await a_person(self.platform, tx, self.bank, **joins)
        here = self.bank.town.districts[0]
        body = {
            "starts_at": (TEN - HOUR).isoformat(),
            "ends_at": (TEN + 3 * HOUR).isoformat(),
            "place": {"lon": here.lon, "lat": here.lat + north},
        }
        offered = await self.caller.post("/v1/me/availability", person.actor, body)
        return person, str(offered["shift_id"])

    async def sends(self, person: Person, shift: str) -> Task:
        """What a plan does that sends her: assign her on her shift; then the plan is followed."""
        async with transaction(self.platform.db) as tx:
            visit, performer_id = await visit_of(tx, self.task), person.member.performer_id
            assert performer_id is not None
            await assign(
                tx,
                visit.id,
                performer_id,
                starts_at=TEN,
                ends_at=TEN + HOUR,
                actor=SYSTEM,
                now=self.platform.now(),
                shift_id=UUID(shift),
                plan_id=new_id(),
            )
        return await self.followed()

    async def followed(self) -> Task:
        ids = {"district_id": str(self.task.district_id), "day": TUESDAY.isoformat()}
        for _ in range(2):  # it may come twice
            await follow_plan(self.platform, Message(name="plan.published", ids=ids))
        await self.deliver(self.platform)
        async with transaction(self.platform.db) as tx:
            assert await prove(tx) == []
        return await task_now(self.platform, self.task)

    async def excluded(self) -> set[UUID]:
        async with transaction(self.platform.db) as tx:
            return set((await visit_of(tx, self.task)).excluded)

    async def wishes(self) -> int:
        """How often a plan of the day was asked for."""
        async with transaction(self.platform.db) as tx:
            return await tx.scalar(select(col(PlanRequest.version)).where(col(PlanRequest.day) == TUESDAY)) or 0


@pytest.fixture
async def tuesday(platform: Platform, caller: Caller, deliver_all: Any) -> Tuesday:
    return await Tuesday(platform, caller, deliver_all).open()


async def test_the_planner_sends_volunteers_and_asks_the_next_one_when_the_first_says_no(
    tuesday: Tuesday, platform: Platform
) -> None:
    near, _ = await tuesday.volunteer()
    far, _ = await tuesday.volunteer(north=0.02)  # two kilometres: she comes second, and the paid caregiver never
    async with transaction(platform.db) as tx:
        await service.request(tx, tuesday.task.district_id, TUESDAY, now=platform.now())
    asked = await tuesday.followed()
    assert (asked.state, asked.member_id) == ("reserved", near.member.id)
    await tuesday.caller.post(f"/v1/tasks/{asked.id}/decline", near.actor, {"reason": "the dentist"})
    asked = await tuesday.followed()  # the day has a plan: it is planned anew by itself
    assert (asked.state, asked.member_id) == ("reserved", far.member.id)
    assert (await tuesday.caller.post(f"/v1/tasks/{asked.id}/accept", far.actor))["state"] == "grabbed"
    await report(platform, asked, far, "in", TEN)
    await report(platform, asked, far, "out", TEN + HOUR)
    platform.clock.set(TEN + timedelta(hours=49))  # type: ignore[attr-defined]
    assert (await tuesday.followed()).state == "credited"
    assert await balances(platform, far.account) == [(60, 0)]


async def test_only_whoever_is_sent_may_say_yes_and_then_no_plan_moves_it(tuesday: Tuesday) -> None:
    volunteer, shift = await tuesday.volunteer()
    other, _ = await tuesday.volunteer()
    address = f"/v1/tasks/{tuesday.task.id}"
    assert (await tuesday.sends(volunteer, shift)).member_id == volunteer.member.id
    shown = await tuesday.caller.get(address, volunteer.actor)
    assert (shown["state"], shown["notes"]) == ("reserved", None)
    assert await tuesday.caller.refused(f"{address}/accept", other.actor) == "unknown"
    assert (await tuesday.caller.post(f"{address}/accept", volunteer.actor))["state"] == "grabbed"
    async with transaction(tuesday.platform.db) as tx:
        day = await read_day(tx, tuesday.task.district_id, TUESDAY)
        assert [one.plan_id for one in day.assignments] == [None]
        assert movable(day, prefix_of(day, tuesday.platform.now())) == []


async def test_who_says_no_is_excluded_and_a_plan_is_wished_for(tuesday: Tuesday) -> None:
    volunteer, shift = await tuesday.volunteer()
    await tuesday.sends(volunteer, shift)
    before = await tuesday.wishes()
    await tuesday.caller.post(f"/v1/tasks/{tuesday.task.id}/decline", volunteer.actor, {"reason": "the dentist"})
    assert (await tuesday.followed()).state == "published"
    assert await tuesday.excluded() == {volunteer.member.performer_id}
    assert await tuesday.wishes() == before + 1


async def test_no_answer_is_a_no(tuesday: Tuesday, platform: Platform) -> None:
    volunteer, shift = await tuesday.volunteer()
    assert (await tuesday.sends(volunteer, shift)).state == "reserved"
    platform.clock.set(platform.now() + timedelta(hours=12))  # type: ignore[attr-defined]
    assert (await tuesday.followed()).state == "published"
    assert await tuesday.excluded() == {volunteer.member.performer_id}


async def test_the_gates_are_asked_before_the_volunteer_is(tuesday: Tuesday, platform: Platform) -> None:
    volunteer, shift = await tuesday.volunteer()
    live_by(platform, earning={"training": True})
    refused = await tuesday.sends(volunteer, shift)
    assert (refused.state, refused.member_id) == ("published", None)
    assert await tuesday.excluded() == {volunteer.member.performer_id}


async def test_a_plan_that_sends_another_asks_another(tuesday: Tuesday, platform: Platform) -> None:
    first, shift = await tuesday.volunteer()
    second, other_shift = await tuesday.volunteer()
    await tuesday.sends(first, shift)
    async with transaction(platform.db) as tx:
        visit = await visit_of(tx, tuesday.task)
        now = platform.now()
        await hand_over(
            tx, "task", tuesday.task.id, skills=visit.skills, kitchen=None, actor=SYSTEM, now=now, reason=""
        )
    assert (await tuesday.followed()).state == "published"
    assert (await tuesday.sends(second, other_shift)).member_id == second.member.id
    assert await tuesday.excluded() == set()


async def test_a_time_taken_back_frees_its_tasks(tuesday: Tuesday) -> None:
    volunteer, shift = await tuesday.volunteer()
    await tuesday.sends(volunteer, shift)
    await tuesday.caller.post(f"/v1/tasks/{tuesday.task.id}/accept", volunteer.actor)
    address, why = f"/v1/me/availability/{shift}/withdraw", {"reason": "fever"}
    assert await tuesday.caller.refused(address, (await tuesday.volunteer())[0].actor, why) == "unknown"
    assert (await tuesday.caller.post(address, volunteer.actor, why))["state"] == "withdrawn"
    freed = await tuesday.followed()
    assert (freed.state, freed.member_id) == ("published", None)


async def test_a_dispatcher_who_reports_her_absent_frees_them_too(tuesday: Tuesday, platform: Platform) -> None:
    volunteer, shift = await tuesday.volunteer()
    await tuesday.sends(volunteer, shift)
    await tuesday.caller.post(f"/v1/tasks/{tuesday.task.id}/accept", volunteer.actor)
    async with transaction(platform.db) as tx:
        here = tuesday.bank.town.districts[0]
        dispatcher = await an_actor(platform, tx, Role.DISPATCHER, region=here)
    await tuesday.caller.post(f"/v1/shifts/{shift}/absent", dispatcher, {"reason": "she telephoned"})
    await tuesday.deliver(platform)
    freed = await tuesday.followed()
    assert (freed.state, freed.member_id) == ("published", None)
    assert await balances(platform, freed.source_account) == [(60, 60)]


async def test_paid_and_unpaid_people_are_not_sent_to_each_others_visits(tuesday: Tuesday, platform: Platform) -> None:
    volunteer, _ = await tuesday.volunteer()
    async with transaction(platform.db) as tx:
        elder, _ = await a_member_elder(platform, tx, tuesday.bank)
        booked = await a_visit(tx, elder, window_start=TEN, window_end=TEN, skills=())
        mine = await visit_of(tx, tuesday.task)
        problem = prepare(await read_day(tx, tuesday.task.district_id, TUESDAY), platform.now()).problem
    visits = {visit["id"]: visit for visit in problem["visits"]}
    assert visits[str(booked.id)]["excluded"] == [str(volunteer.member.performer_id)]
    assert visits[str(mine.id)]["crew"][0]["skills"] == ["volunteer"]
    assert sorted("volunteer" in shift["skills"] for shift in problem["shifts"]) == [False, True]


async def test_where_nobody_is_dispatched_nobody_offers_a_time(tuesday: Tuesday, platform: Platform) -> None:
    live_by(platform, earning={"taking": ["grab"]})
    async with transaction(platform.db) as tx:
        person = await a_person(platform, tx, tuesday.bank)
    body = {
        "starts_at": TEN.isoformat(),
        "ends_at": (TEN + HOUR).isoformat(),
        "place": {"lon": 8.68, "lat": 49.4},
    }
    assert await tuesday.caller.refused("/v1/me/availability", person.actor, body) == "taking_not_offered"
