"""The engine's problem of a day, made from its rows: opaque ids, whole seconds since midnight, nothing personal.

Meals become deliveries from their kitchen, all else visits with a crew. What the day keeps is left out; each shift
starts where and when it is free again.
"""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from marketplace.planning.day import Day
from marketplace.planning.prefix import Prefix, begins_at
from marketplace.visits.models import Assignment, Shift, Visit
from marketplace.visits.performers import VOLUNTEER

TRAVEL = {  # calibrated: detour over the great circle, km/h door to door
    "walk": {"model": "great_circle", "detour": 1.30, "kmh": 4.5},
    "ebike": {"model": "great_circle", "detour": 1.40, "kmh": 18},
    "car": {"model": "great_circle", "detour": 1.50, "kmh": 30},
}
COUNTER_SECONDS = 180  # a kitchen's counter, once per stay, however many boxes
FETCH_AHEAD_SECONDS = 3600  # where no ride is too long: boxes are packed at most an hour before the window

Document = dict[str, Any]


class _Places:
    """Distinct places under short ids."""

    def __init__(self) -> None:
        self._found: dict[tuple[float, float, int], str] = {}

    def at(self, lon: float, lat: float, setup_seconds: int = 0) -> str:
        return self._found.setdefault((lon, lat, setup_seconds), f"p{len(self._found)}")

    def documents(self) -> list[Document]:
        return [
            {"id": name, "lonlat": [lon, lat], **({"setup_seconds": setup} if setup else {})}
            for (lon, lat, setup), name in self._found.items()
        ]


def movable(day: Day, prefix: Prefix) -> list[Visit]:
    """Visits the engine may plan: not begun, not kept, not assigned by hand."""
    by_hand = {one.visit_id for one in day.assignments if one.plan_id is None}
    return [
        visit
        for visit in day.visits.values()
        if visit.state in {"planned", "published"}
        and visit.district_id == day.district_id
        and is_planned(visit)
        and visit.id not in by_hand
        and not prefix.holds(visit.id)
    ]


def is_planned(visit: Visit) -> bool:
    """Does the engine send anybody there? Tasks that volunteers take by themselves are left alone."""
    return visit.cause_kind == "booking" or VOLUNTEER in visit.skills


def problem_of(day: Day, prefix: Prefix) -> Document:
    """The document; shifts that are over by the time they would be free are left out."""
    places = _Places()
    shifts = [_shift(day, shift, prefix, places) for shift in day.shifts if prefix.free[shift.id].since < shift.ends_at]
    visits = movable(day, prefix)
    problem: Document = {
        "format": "liuzhu/problem@1",
        "travel": TRAVEL,
        "shifts": shifts,
        "visits": [_visit(day, visit, prefix, places) for visit in visits if visit.kitchen_id is None],
        "deliveries": [_delivery(day, visit, places) for visit in visits if visit.kitchen_id is not None],
    }
    problem["places"] = places.documents()
    baseline = _baseline(day, {visit.id for visit in visits}, {shift["id"] for shift in shifts})
    return problem | ({"baseline": baseline} if baseline["routes"] else {})


def _shift(day: Day, shift: Shift, prefix: Prefix, places: _Places) -> Document:
    free = prefix.free[shift.id]
    window = [day.seconds_up(free.since), day.seconds(shift.ends_at)]
    return {
        "id": str(shift.id),
        "caregiver": str(shift.performer_id),
        "mode": shift.mode,
        "start": places.at(free.lon, free.lat),
        "end": places.at(shift.lon, shift.lat),
        "window": window,
        "skills": sorted(shift.skills),
        "capacity": {"boxes": shift.capacity_boxes},
        "breaks": [*_rest(day, shift, prefix, window), *(_engaged(day, one) for one in prefix.engaged[shift.id])],
    }


def _rest(day: Day, shift: Shift, prefix: Prefix, window: list[int]) -> list[Document]:
    if not shift.break_seconds or shift.break_from is None or shift.break_until is None or shift.id in prefix.rested:
        return []
    earliest = max(day.seconds(shift.break_from), window[0])
    latest = day.seconds(shift.break_until)
    if latest < earliest:  # running late past the break: the rest stays owed while there is time for it
        latest = window[1] - shift.break_seconds
    if latest < earliest:
        return []
    return [{"id": "rest", "window": [earliest, latest], "seconds": shift.break_seconds}]


def _engaged(day: Day, one: Assignment) -> Document:
    """Something assigned by hand: the engine sees it as a break at its fixed time."""
    begin = day.seconds(begins_at(one))
    return {"id": f"engaged:{one.id}", "window": [begin, begin], "seconds": day.seconds(one.planned_until) - begin}


def _visit(day: Day, visit: Visit, prefix: Prefix, places: _Places) -> Document:
    windows = _windows(day, visit, prefix)
    member = {"skills": sorted(set(visit.skills)), "service_seconds": visit.service_seconds}
    return {
        "id": str(visit.id),
        "elder": str(visit.elder_id),
        "place": places.at(visit.lon, visit.lat),
        "windows": windows or [_window(day, visit)],
        "crew": [member] * visit.crew_size,
        "priority": visit.priority,
        "mandatory": visit.mandatory,
        # when kept visits fill her whole window nobody can come: said so by excluding everybody
        **_excluded(_barred(day, visit) if windows else {shift.performer_id for shift in day.shifts}),
    }


def _barred(day: Day, visit: Visit) -> set[UUID]:
    """Who was excluded by hand; and nobody serves unpaid what was booked."""
    unpaid = {shift.performer_id for shift in day.shifts if shift.unpaid and visit.cause_kind == "booking"}
    return unpaid | {one for one in visit.excluded if any(one == shift.performer_id for shift in day.shifts)}


def _excluded(performers: set[UUID]) -> Document:
    return {"excluded": sorted(str(one) for one in performers)} if performers else {}


def _window(day: Day, visit: Visit) -> list[int]:
    return [day.seconds(visit.window_start), day.seconds(visit.window_end)]


def _windows(day: Day, visit: Visit, prefix: Prefix) -> list[list[int]]:
    """The visit's window less the starts that would overlap what the elder keeps: nobody visits her twice at once."""
    windows = [_window(day, visit)]
    for one in prefix.kept.values():
        other = day.visits[one.visit_id]
        if other.elder_id == visit.elder_id and other.kitchen_id is None:
            blocked = (day.seconds(one.planned_from) - visit.service_seconds + 1, day.seconds(one.planned_until) - 1)
            windows = [part for window in windows for part in _less(window, blocked)]
    return windows


def _less(window: list[int], blocked: tuple[int, int]) -> Iterable[list[int]]:
    parts = ([window[0], min(window[1], blocked[0] - 1)], [max(window[0], blocked[1] + 1), window[1]])
    return (part for part in parts if part[0] <= part[1])


def _delivery(day: Day, visit: Visit, places: _Places) -> Document:
    lon, lat = visit.kitchen_lon or 0.0, visit.kitchen_lat or 0.0  # the table's check makes both present
    begin, end = _window(day, visit)
    # the ride ends at arrival: fetched no earlier than this, waiting at the door does not outlast it either
    ahead = visit.max_ride_seconds or FETCH_AHEAD_SECONDS
    skills = {"meal"} | {skill for skill in visit.skills if not skill.startswith("provider:")}
    return {
        "id": str(visit.id),
        "elder": str(visit.elder_id),
        "pickup": {
            "place": places.at(lon, lat, COUNTER_SECONDS),
            "windows": [[max(0, begin - ahead), end]],
            "service_seconds": 0,
        },
        "dropoff": {
            "place": places.at(visit.lon, visit.lat),
            "windows": [[begin, end]],
            "service_seconds": visit.service_seconds,
        },
        "load": {"boxes": visit.boxes},
        "skills": sorted(skills),  # any provider's riders may carry
        "priority": visit.priority,
        "mandatory": visit.mandatory,
        **({"max_ride_seconds": visit.max_ride_seconds} if visit.max_ride_seconds else {}),
        **_excluded(_barred(day, visit)),
    }


def _baseline(day: Day, visits: set[Any], shifts: set[str]) -> Document:
    """What is published of the movable visits: disturbing it costs."""
    routes: dict[str, list[Document]] = {}
    for one in day.assignments:
        if one.visit_id in visits and str(one.shift_id) in shifts:
            routes.setdefault(str(one.shift_id), []).extend(stops_of(day, one))
    return {
        "format": "liuzhu/plan@1",
        "status": "feasible",
        "routes": [{"shift": shift, "stops": _in_order(stops)} for shift, stops in routes.items()],
    }


def _in_order(stops: list[Document]) -> list[Document]:
    return sorted(stops, key=lambda stop: (stop["start"], stop["kind"] != "pickup"))


def stops_of(day: Day, one: Assignment) -> list[Document]:
    """An assignment as stops of a plan document."""
    start = day.seconds(one.planned_from)
    kind = "dropoff" if one.pickup_at else "visit"
    stop: Document = {
        "kind": kind,
        "id": str(one.visit_id),
        "member": one.member,
        "arrival": start,
        "start": start,
        "departure": day.seconds(one.planned_until),
        "travel_seconds": one.travel_seconds,
        "travel_metres": one.travel_metres,
    }
    if one.pickup_at is None:
        return [stop]
    at = day.seconds(one.pickup_at)
    fetched = {"kind": "pickup", "id": str(one.visit_id), "arrival": at, "start": at, "departure": at}
    return [fetched, stop]


def kept_stops(day: Day, prefix: Prefix) -> dict[str, list[Document]]:
    """What each open shift keeps, as stops in order of time, the break it has had among them."""
    kept: dict[str, list[Document]] = {}
    for shift in day.shifts:
        stops = [stop for one in prefix.kept.values() if one.shift_id == shift.id for stop in stops_of(day, one)]
        if shift.id in prefix.rested:
            begin, end = (day.seconds(instant) for instant in day.rests[shift.id])
            stops.append({"kind": "break", "id": "rest", "arrival": begin, "start": begin, "departure": end})
        if stops:
            kept[str(shift.id)] = _in_order(stops)
    return kept
