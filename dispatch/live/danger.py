"""What a delay endangers: rules that the delayed routes break and the plan's own do not, each with its seconds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import combinations, pairwise

from dispatch.live.values import Danger, Endangered
from dispatch.live.warm import Routes
from dispatch.plan import Route, Stop
from dispatch.problem import Problem
from dispatch.shifts import Shift
from dispatch.tasks import Delivery, Visit

Held = dict[tuple[str, str, int], int | None]
Stops = dict[str, list[tuple[str, Stop]]]  # by task: shift and stop, in the order of their starts


def endangered(problem: Problem, planned: Mapping[int, Route], after: Routes) -> tuple[Endangered, ...]:
    """What the routes `after` a delay break that those of the plan do not, the earliest stop first."""
    held: Held = {pin.stop.key: pin.start_seconds for pin in problem.pins}
    found: list[Endangered] = []
    for number, route in after.items():
        if route is not None:
            found.extend(_new(_broken(problem, planned.get(number), held), _broken(problem, route, held)))
    concerned = {stop.id for route in after.values() if route is not None for stop in route.stops[1:-1]}
    before, now = _stops(planned.values()), _stops({**planned, **after}.values())
    found.extend(_new(_bonds(problem, before, concerned), _bonds(problem, now, concerned)))
    return tuple(sorted(found, key=lambda one: (one.start, one.shift, one.id, one.member)))


def is_soft(problem: Problem, one: Endangered) -> bool:
    """Whether a window may be missed at a price."""
    pinned = (one.kind, one.id, one.member) in problem.held
    return one.kind != "pickup" and problem.tasks[one.id].late_second is not None and not pinned


def _new(before: Iterable[Endangered], after: Iterable[Endangered]) -> Iterator[Endangered]:
    known = {(one.cause, one.kind, one.id, one.member): one.seconds for one in before}
    for one in after:
        if one.seconds > max(0, known.get((one.cause, one.kind, one.id, one.member), 0)):
            yield one


def _broken(problem: Problem, route: Route | None, held: Held) -> list[Endangered]:
    if route is None:
        return []
    shift = problem.shift_of[route.shift]
    picked = {entry.delivery: entry.picked_up_seconds for entry in shift.aboard}
    ends = {rest.id: rest.window[1] for rest in shift.breaks}
    over: list[tuple[str, Stop, int]] = []
    for stop in route.stops[1:-1]:
        if stop.kind == "break":
            over.append(("break", stop, stop.start - ends.get(stop.id, stop.start)))
            continue
        task = problem.tasks[stop.id]
        windows = task.windows if not isinstance(task, Delivery) else getattr(task, stop.kind).windows
        pinned = held.get(stop.key)
        over.append(("window", stop, stop.start - (windows[-1][1] if pinned is None else pinned)))
        if stop.kind == "pickup":
            picked[stop.id] = stop.departure
        elif isinstance(task, Delivery) and task.max_ride_seconds is not None:
            over.append(("max_ride", stop, stop.arrival - picked[stop.id] - task.max_ride_seconds))
    end = route.stops[-1]
    over.append(("shift_window", end, end.arrival - shift.window[1]))
    if shift.longest_work_seconds is not None:
        over.append(("max_work", end, route.work_seconds - shift.longest_work_seconds))
    over.extend(("break", replace(end, kind="break", id=name), late) for name, late in _owed(shift, route))
    return [
        Endangered(cause, route.shift, stop.kind, stop.id, stop.member, stop.start, seconds)  # type: ignore[arg-type]
        for cause, stop, seconds in over
        if seconds > 0
    ]


def _owed(shift: Shift, route: Route) -> list[tuple[str, int]]:
    """Breaks that are owed after the route's end, each with the seconds by which it then starts too late."""
    clock, home, found = shift.window[0], route.stops[-1].arrival, []
    taken = {stop.id for stop in route.stops if stop.kind == "break"}
    for rest in shift.breaks_in_turn:
        begins = max(clock, rest.window[0])
        if rest.id in taken:
            continue
        if begins <= rest.window[1] and begins + rest.seconds <= route.stops[0].departure:
            clock = begins + rest.seconds
        else:
            begins = max(home, rest.window[0])
            found.append((rest.id, begins - rest.window[1]))
            home = begins + rest.seconds
    return found


def _stops(routes: Iterable[Route | None]) -> Stops:
    found: Stops = {}
    for route in routes:
        for stop in route.stops[1:-1] if route is not None else ():
            if stop.kind != "break":
                found.setdefault(stop.id, []).append((route.shift, stop))  # type: ignore[union-attr]  # there are stops
    for stops in found.values():
        stops.sort(key=lambda entry: entry[1].start)
    return found


def _bonds(problem: Problem, stops: Stops, concerned: set[str]) -> Iterator[Endangered]:
    """What binds stops of several routes, as far as tasks of `concerned` have part in it."""
    for relation in problem.relations:
        for one, two in pairwise(relation.of) if relation.kind == "sequence" else ():
            if {one, two} & concerned and one in stops and two in stops:
                yield from _gap(problem, stops, (one, two), relation.gap)
    served = [visit for visit in problem.visits if visit.id in stops]
    for visit in served:
        if visit.id in concerned and len(visit.crew) > 1:
            yield from _stagger(visit, stops[visit.id])
    elders: dict[str, list[str]] = {}
    for visit in served:
        if visit.elder is not None:
            elders.setdefault(visit.elder, []).append(visit.id)
    for names in elders.values():
        if not concerned.isdisjoint(names):
            yield from _overlaps(stops, names)


def _overlaps(stops: Stops, names: list[str]) -> Iterator[Endangered]:
    for one, two in combinations(sorted(names, key=lambda name: stops[name][0][1].start), 2):
        left = max(stop.departure for _, stop in stops[one])
        yield _missed("elder", stops[two][0], left - stops[two][0][1].start)


def _gap(problem: Problem, stops: Stops, pair: tuple[str, str], gap: tuple[int, int]) -> Iterator[Endangered]:
    ends = stops[pair[0]] if isinstance(problem.tasks[pair[0]], Visit) else stops[pair[0]][-1:]
    begins = stops[pair[1]] if isinstance(problem.tasks[pair[1]], Visit) else stops[pair[1]][:1]
    gaps = [(stop.start - earlier.departure, shift, stop) for _, earlier in ends for shift, stop in begins]
    seconds, shift, stop = max(((max(gap[0] - gone, gone - gap[1]), at, who) for gone, at, who in gaps), key=_seconds)
    yield _missed("gap", (shift, stop), seconds)


def _seconds(entry: tuple[int, str, Stop]) -> int:
    return entry[0]


def _stagger(visit: Visit, stops: list[tuple[str, Stop]]) -> Iterator[Endangered]:
    first = next(stop.start for _, stop in stops if stop.member == 0)
    for shift, stop in stops:
        if stop.member:
            apart = stop.start - first
            yield _missed("stagger", (shift, stop), max(visit.stagger[0] - apart, apart - visit.stagger[1]))


def _missed(cause: Danger, at: tuple[str, Stop], seconds: int) -> Endangered:
    shift, stop = at
    return Endangered(cause, shift, stop.kind, stop.id, stop.member, stop.start, seconds)
