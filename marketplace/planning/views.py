"""A plan as a dispatcher reads it: stops with their places and times, what is late, what is left over and why."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.planning.day import Day, read_day
from marketplace.planning.models import Plan
from marketplace.planning.prefix import expected
from marketplace.planning.schemas import PlanDetail, RouteOut, StopOut, UnassignedOut
from marketplace.visits.listing import day_bounds
from marketplace.visits.models import Assignment, Performer, Shift, Visit

Document = dict[str, Any]


class Scene:
    """The rows a plan speaks of, by the ids its document uses."""

    def __init__(
        self,
        midnight: datetime,
        shifts: list[Shift],
        performers: list[Performer],
        visits: list[Visit],
    ) -> None:
        self.midnight = midnight
        self.shifts = {str(shift.id): shift for shift in shifts}
        self.performers = {performer.id: performer for performer in performers}
        self.visits = {str(visit.id): visit for visit in visits}


async def scene_of(
    tx: AsyncSession, midnight: datetime, plan: Document, kept: Document, left_out: Iterable[str] = ()
) -> Scene:
    """Read what the documents name."""
    stops = [stop for route in plan["routes"] for stop in route["stops"]] + [s for line in kept.values() for s in line]
    named = {stop["id"] for stop in stops if stop["kind"] in {"visit", "pickup", "dropoff"}}
    named |= {entry["id"] for entry in plan["unassigned"]} | set(left_out)
    shift_ids = {UUID(route["shift"]) for route in plan["routes"]} | {UUID(shift) for shift in kept}
    shifts = list(await tx.scalars(select(Shift).where(col(Shift.id).in_(shift_ids))))
    performers = await tx.scalars(
        select(Performer).where(col(Performer.id).in_({shift.performer_id for shift in shifts}))
    )
    visits = await tx.scalars(select(Visit).where(col(Visit.id).in_({UUID(one) for one in named})))
    return Scene(midnight, shifts, list(performers), list(visits))


async def detail_of(tx: AsyncSession, plan: Plan, *, now: datetime) -> PlanDetail:
    """A stored plan; the one in force with what the reports say about it."""
    midnight, _ = day_bounds(plan.day)
    scene = await scene_of(tx, midnight, plan.plan, plan.kept, plan.left_out)
    live: list[Assignment] = []
    late: dict[UUID, int] = {}
    if plan.state == "published":
        day = await read_day(tx, plan.district_id, plan.day)
        live = list(day.assignments)
        late = lateness(day, now)
    found = detail(scene, plan.plan, plan.kept, live=live, late=late)
    changed = [_left_over(scene, {"id": one, "reasons": [CHANGED]}) for one in plan.left_out]
    return found.model_copy(update={"unassigned": [*found.unassigned, *changed]})


CHANGED = {"code": "changed", "detail": "changed while the plan was made; planned anew"}


def lateness(day: Day, now: datetime) -> dict[UUID, int]:
    """By assignment: how many seconds later than planned it ends, or is expected to."""
    late: dict[UUID, int] = {}
    for shift in day.shifts:
        line = [one for one in day.assignments if one.shift_id == shift.id]
        done = expected(day, line, now)
        late |= {one.id: max(0, round((done[one.id] - one.planned_until).total_seconds())) for one in line}
    return late


def detail(
    scene: Scene, plan: Document, kept: Document, *, live: list[Assignment], late: Mapping[UUID, int]
) -> PlanDetail:
    """The whole picture of a plan document with what was kept before it."""
    solved = {route["shift"]: route for route in plan["routes"]}
    assignments = {(str(one.visit_id), one.member): one for one in live}
    routes = []
    for name in sorted(solved.keys() | kept.keys()):
        shift = scene.shifts[name]
        stops = [
            *(_stop(scene, stop, assignments, late, kept=True) for stop in kept.get(name, [])),
            *(_stop(scene, stop, assignments, late, kept=False) for stop in solved.get(name, {"stops": []})["stops"]),
        ]
        routes.append(
            RouteOut(
                shift_id=shift.id,
                performer_id=shift.performer_id,
                performer=scene.performers[shift.performer_id].name,
                mode=shift.mode,
                stops=stops,
                totals=solved.get(name, {}).get("totals", {}),
            )
        )
    return PlanDetail(
        status=plan["status"],
        routes=routes,
        unassigned=[_left_over(scene, entry) for entry in plan["unassigned"]],
        cost=plan["cost"],
        indicators=plan["indicators"],
    )


def _stop(
    scene: Scene,
    stop: Document,
    assignments: Mapping[tuple[str, int], Assignment],
    late: Mapping[UUID, int],
    *,
    kept: bool,
) -> StopOut:
    visit = scene.visits.get(stop["id"])
    one = assignments.get((stop["id"], stop.get("member", 0)))
    fetching = visit is not None and stop["kind"] == "pickup"
    return StopOut(
        kind=stop["kind"],
        visit_id=visit.id if visit else None,
        elder_id=visit.elder_id if visit else None,
        service=visit.service if visit else None,
        member=stop.get("member", 0),
        lon=(visit.kitchen_lon if fetching else visit.lon) if visit else None,
        lat=(visit.kitchen_lat if fetching else visit.lat) if visit else None,
        arrives_at=_at(scene, stop["arrival"]),
        starts_at=_at(scene, stop["start"]),
        departs_at=_at(scene, stop["departure"]),
        travel_seconds=stop.get("travel_seconds", 0),
        travel_metres=stop.get("travel_metres", 0),
        boxes=visit.boxes if visit else 0,
        kept=kept,
        state=one.state if one else None,
        late_seconds=late.get(one.id, 0) if one else 0,
    )


def _at(scene: Scene, seconds: int) -> datetime:
    return scene.midnight + timedelta(seconds=seconds)


def _left_over(scene: Scene, entry: Document) -> UnassignedOut:
    visit = scene.visits.get(entry["id"])
    return UnassignedOut(
        visit_id=UUID(entry["id"]),
        elder_id=visit.elder_id if visit else None,
        service=visit.service if visit else None,
        lon=visit.lon if visit else None,
        lat=visit.lat if visit else None,
        window_start=visit.window_start if visit else None,
        window_end=visit.window_end if visit else None,
        reasons=entry["reasons"],
        nearest_change=entry.get("nearest_change"),
    )
