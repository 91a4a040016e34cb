"""Plans over HTTP: asking, trying, reading, a performer's own route, and bad input."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import func, select
from sqlmodel import col

from marketplace.base.actor import Actor, Role
from marketplace.base.audit import Audit
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.people.accounts import actor_of
from marketplace.people.models import Account
from marketplace.planning.models import Plan, PlanRequest
from tests.builders import an_actor
from tests.conftest import MovableClock
from tests.marketplace.planning.builders import (
    Team,
    a_booked_visit,
    a_lunch,
    a_team,
    assigned,
    plan_in_force,
    plan_now,
    state_of,
)
from tests.marketplace.visits.builders import at

Headers = Callable[[Actor], dict[str, str]]
Deliver = Callable[[Platform], Awaitable[int]]


async def a_team_with_dispatchers(platform: Platform, **given: Any) -> tuple[Team, Actor, Actor]:
    """The team, its district's dispatcher, and another district's."""
    async with transaction(platform.db) as tx:
        team = await a_team(platform, tx, **given)
        here = await an_actor(platform, tx, Role.DISPATCHER, region=team.town.districts[0])
        there = await an_actor(platform, tx, Role.DISPATCHER, region=team.town.districts[1])
    return team, here, there


def wish(team: Team, **given: Any) -> dict[str, Any]:
    return {"district_id": str(team.district.id), "day": "2026-03-02", **given}


async def test_a_dispatcher_asks_and_a_worker_plans(
    platform: Platform, client: httpx.AsyncClient, as_: Headers, deliver_all: Deliver
) -> None:
    team, here, there = await a_team_with_dispatchers(platform, size=1)
    async with transaction(platform.db) as tx:
        served = await a_booked_visit(platform, tx, team)
        left = await a_booked_visit(platform, tx, team, skills=("medical",))
    asked = await client.post("/v1/plans", json=wish(team), headers=as_(here))
    assert (asked.status_code, asked.json()["state"]) == (202, "waiting")
    await deliver_all(platform)
    (request,) = (await client.get("/v1/plans/requests?day=2026-03-02", headers=as_(here))).json()["items"]
    assert (request["state"], request["outcome"]) == ("done", "published")
    (short,) = (await client.get("/v1/plans?day=2026-03-02", headers=as_(here))).json()["items"]
    assert (short["version"], short["state"], short["unassigned"]) == (1, "published", 1)
    full = (await client.get(f"/v1/plans/{short['id']}", headers=as_(here))).json()
    (route,) = full["routes"]
    assert route["performer_id"] == str(team.performers[0].id)
    stop = next(stop for stop in route["stops"] if stop["kind"] == "visit")
    assert (stop["visit_id"], stop["elder_id"]) == (str(served.id), str(served.elder_id))
    assert (stop["lon"], stop["lat"], stop["state"], stop["late_seconds"]) == (served.lon, served.lat, "published", 0)
    (over,) = full["unassigned"]
    assert over["visit_id"] == str(left.id)
    assert over["reasons"][0]["code"] == "skill"
    for path in ("/v1/plans?day=2026-03-02", "/v1/plans/requests?day=2026-03-02"):
        assert (await client.get(path, headers=as_(there))).json()["items"] == []
    assert (await client.get(f"/v1/plans/{short['id']}", headers=as_(there))).status_code == 404


async def test_an_absent_caregivers_visits_go_to_another_without_anybody_asking(
    platform: Platform, client: httpx.AsyncClient, as_: Headers, deliver_all: Deliver
) -> None:
    team, here, _ = await a_team_with_dispatchers(platform)
    async with transaction(platform.db) as tx:
        visit = await a_booked_visit(platform, tx, team)
    await plan_now(platform, team)
    (gone,) = await assigned(platform, visit)
    why = {"reason": "ill this morning"}
    told = await client.post(f"/v1/shifts/{gone.shift_id}/absent", json=why, headers=as_(here))
    assert told.status_code == 200
    await deliver_all(platform)
    (found,) = await assigned(platform, visit)
    assert found.performer_id in {one.id for one in team.performers} - {gone.performer_id}


async def test_who_is_late_is_seen_in_the_plan(
    platform: Platform, clock: MovableClock, client: httpx.AsyncClient, as_: Headers
) -> None:
    team, here, _ = await a_team_with_dispatchers(platform, size=1)
    async with transaction(platform.db) as tx:
        await a_booked_visit(platform, tx, team, window_start=at(9), window_end=at(9))
    plan = await plan_now(platform, team)
    clock.set(at(9, 25))
    full = (await client.get(f"/v1/plans/{plan.id}", headers=as_(here))).json()
    late = [stop["late_seconds"] for route in full["routes"] for stop in route["stops"] if stop["kind"] == "visit"]
    assert late == [25 * 60]


async def test_a_trial_shows_the_plan_and_stores_nothing(
    platform: Platform, client: httpx.AsyncClient, as_: Headers
) -> None:
    team, here, _ = await a_team_with_dispatchers(platform, size=1)
    async with transaction(platform.db) as tx:
        visit = await a_booked_visit(platform, tx, team)
    tried = await client.post("/v1/plans", json=wish(team, dry_run=True), headers=as_(here))
    assert tried.status_code == 200
    stops = [stop["visit_id"] for route in tried.json()["routes"] for stop in route["stops"]]
    assert str(visit.id) in stops
    async with transaction(platform.db) as tx:
        for table in (Plan, PlanRequest):
            assert await tx.scalar(select(func.count()).select_from(table)) == 0
    assert await state_of(platform, visit) == "planned"


async def test_the_same_key_asks_once(platform: Platform, client: httpx.AsyncClient, as_: Headers) -> None:
    team, here, _ = await a_team_with_dispatchers(platform, size=1)
    headers = as_(here)
    answers = [(await client.post("/v1/plans", json=wish(team), headers=headers)).json() for _ in range(2)]
    assert answers[0] == answers[1]
    async with transaction(platform.db) as tx:
        assert await tx.scalar(select(col(PlanRequest.version))) == 1


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"district_id": str(uuid4())}, 404, "unknown"),
        ({"district_id": "d1"}, 400, "malformed"),
        ({"day": "2026-03-01"}, 400, "day_past"),
        ({"day": "2026-04-01"}, 400, "day_too_far"),
        ({"day": "2026-02-30"}, 400, "malformed"),
        ({"day": "2026-03-03"}, 409, "no_shifts"),
        ({"dry_run": "perhaps"}, 400, "malformed"),
        ({"seed": 1}, 400, "malformed"),
    ],
)
@pytest.mark.parametrize("dry_run", [False, True])
async def test_what_cannot_be_planned_is_refused_and_changes_nothing(
    platform: Platform,
    client: httpx.AsyncClient,
    as_: Headers,
    change: dict[str, Any],
    status: int,
    code: str,
    dry_run: bool,
) -> None:
    team, here, _ = await a_team_with_dispatchers(platform, size=1)
    refused = await client.post("/v1/plans", json=wish(team, dry_run=dry_run) | change, headers=as_(here))
    assert (refused.status_code, refused.json()["code"]) == (status, code)
    async with transaction(platform.db) as tx:
        assert await tx.scalar(select(func.count()).select_from(PlanRequest)) == 0


async def test_only_the_districts_dispatcher_plans_it(
    platform: Platform, client: httpx.AsyncClient, as_: Headers
) -> None:
    team, here, there = await a_team_with_dispatchers(platform, size=1)
    async with transaction(platform.db) as tx:
        officer = await an_actor(platform, tx, Role.OFFICER, region=team.district)
    no_token = {"Idempotency-Key": "a"}
    assert (await client.post("/v1/plans", json=wish(team), headers=no_token)).status_code == 401
    assert (await client.post("/v1/plans", json=wish(team), headers=as_(officer))).status_code == 403
    assert (await client.post("/v1/plans", json=wish(team), headers=as_(there))).status_code == 404
    street = wish(team, district_id=str(team.town.communities[0].id))
    assert (await client.post("/v1/plans", json=street, headers=as_(here))).status_code == 404
    for path in ("/v1/plans", "/v1/plans?day=monday", "/v1/plans/requests"):
        assert (await client.get(path, headers=as_(here))).status_code == 400
    assert (await client.get(f"/v1/plans/{uuid4()}", headers=as_(here))).status_code == 404


async def performer_actor(platform: Platform, team: Team) -> Actor:
    async with transaction(platform.db) as tx:
        return await actor_of(tx, await tx.get_one(Account, team.performers[0].account_id))


async def test_a_performer_reads_her_route_and_every_opening_is_noted(
    platform: Platform, client: httpx.AsyncClient, as_: Headers
) -> None:
    async with transaction(platform.db) as tx:
        team = await a_team(platform, tx, size=1)
        visit = await a_booked_visit(platform, tx, team)
        lunches = [await a_lunch(platform, tx, team) for _ in range(2)]
    await plan_now(platform, team)
    actor = await performer_actor(platform, team)
    answer = await client.get("/v1/me/route", headers=as_(actor))
    assert answer.status_code == 200
    stops = answer.json()["stops"]
    assert [stop["kind"] for stop in stops] == ["visit", "pickup", "visit", "visit"]
    home, kitchen = stops[0], stops[1]
    assert home["visit_ids"] == [str(visit.id)]
    assert (home["address"], home["phone_masked"][:3], len(home["phone_masked"])) == ("示例路 12 号", "•••", 7)
    assert home["navigate"] == "geo:49.400000,8.680000"
    assert (kitchen["boxes"], set(kitchen["visit_ids"])) == (2, {str(lunch.id) for lunch in lunches})
    async with transaction(platform.db) as tx:
        read = select(func.count()).where(col(Audit.action) == "read.sensitive")
        assert await tx.scalar(read) == 3
        again = await client.get("/v1/me/route", headers=as_(actor) | {"If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert await tx.scalar(read) == 3


async def test_a_changed_route_has_another_etag(platform: Platform, client: httpx.AsyncClient, as_: Headers) -> None:
    async with transaction(platform.db) as tx:
        team = await a_team(platform, tx, size=1)
        await a_booked_visit(platform, tx, team)
    await plan_now(platform, team)
    actor = await performer_actor(platform, team)
    before = (await client.get("/v1/me/route", headers=as_(actor))).headers["etag"]
    async with transaction(platform.db) as tx:
        await a_booked_visit(platform, tx, team, window_start=at(14), window_end=at(15))
    await plan_now(platform, team)
    answer = await client.get("/v1/me/route", headers=as_(actor) | {"If-None-Match": before})
    assert answer.status_code == 200
    assert answer.headers["etag"] != before


async def test_a_route_two_days_ahead_names_no_elder(
    platform: Platform, clock: MovableClock, client: httpx.AsyncClient, as_: Headers
) -> None:
    async with transaction(platform.db) as tx:
        team = await a_team(platform, tx, size=1)
        await a_booked_visit(platform, tx, team)
    await plan_now(platform, team)
    clock.set(at(6, day=at(6).date().replace(day=1)))
    actor = await performer_actor(platform, team)
    (stop,) = (await client.get("/v1/me/route?day=2026-03-02", headers=as_(actor))).json()["stops"]
    assert [stop[field] for field in ("elder_name", "address", "phone_masked")] == [None, None, None]
    assert (await client.get("/v1/me/route", headers=as_(actor))).json()["stops"] == []


async def test_a_route_is_ones_own(platform: Platform, client: httpx.AsyncClient, as_: Headers) -> None:
    async with transaction(platform.db) as tx:
        team = await a_team(platform, tx, size=1)
        await a_booked_visit(platform, tx, team)
        other = await an_actor(platform, tx, Role.CAREGIVER)
        officer = await an_actor(platform, tx, Role.OFFICER)
    await plan_now(platform, team)
    assert (await plan_in_force(platform, team)).plan["routes"]
    assert (await client.get("/v1/me/route", headers=as_(other))).json()["stops"] == []
    assert (await client.get("/v1/me/route", headers=as_(officer))).status_code == 403
    assert (await client.get("/v1/me/route")).status_code == 401
    assert (await client.get("/v1/me/route?day=x", headers=as_(other))).status_code == 400
