"""Opening part of a plan again: some shifts with what they serve, and unserved tasks near them, as a problem by itself.

What is tied to stops outside (a crew whose other member is elsewhere, a relation, an elder's other visit) is held:
its stops inside keep shift and time, so that nothing outside notices whatever happens inside. An unserved task that
is tied to a task outside is not opened.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, replace
from typing import cast

from dispatch.pieces.piece import Piece, bound_together, piece_problem, runs
from dispatch.plan import Plan, Route, Stop
from dispatch.problem import Problem
from dispatch.tasks import Hold, Member, Pin, Relation, StopKind, StopRef, Visit
from dispatch.timing.assembly import plan_of

WORK = ("visit", "pickup", "dropoff")

Key = tuple[str, int]  # a visit and a crew member


@dataclass(frozen=True, slots=True)
class Opening:
    """A piece's problem, the present plan of it, and which member of the day's crew a member of a parted crew is."""

    problem: Problem
    plan: Plan
    members: Mapping[Key, int]

    def routes(self, plan: Plan) -> tuple[Route, ...]:
        """A plan's routes in the day's own terms."""
        return tuple(_renamed(route, self.members) for route in plan.routes)


def _renamed(route: Route, members: Mapping[Key, int]) -> Route:
    if not any((stop.id, stop.member) in members for stop in route.stops):
        return route
    stops = (
        replace(stop, member=members.get((stop.id, stop.member), stop.member)) if stop.kind == "visit" else stop
        for stop in route.stops
    )
    return replace(route, stops=tuple(stops))


class Day:
    """A problem and its present routes, by shift, prepared for opening any part of it."""

    def __init__(self, problem: Problem, routes: Mapping[str, Route]) -> None:
        self.problem, self.routes = problem, routes
        self.stops_of: dict[str, list[tuple[str, Stop]]] = {}
        for shift, route in routes.items():
            for stop in route.stops:
                if stop.kind in WORK:
                    self.stops_of.setdefault(stop.id, []).append((shift, stop))
        self.mates: dict[str, set[str]] = {}
        for together in bound_together(problem):
            for task in together:
                self.mates.setdefault(task, set()).update(together)
        self.home = {pin.stop.id: pin.shift for pin in problem.pins if pin.hold != "time"}
        self.home |= {aboard.delivery: shift.id for shift in problem.shifts for aboard in shift.aboard}
        self.closed = {  # what is aboard, bound to others and not served: its load stays, and it cannot be left out
            self.home[aboard.delivery]
            for shift in problem.shifts
            for aboard in shift.aboard
            if aboard.delivery not in self.stops_of and aboard.delivery in self.mates
        }

    def unserved(self) -> list[str]:
        """Ids of the tasks on no route, in the problem's order."""
        return [task for task in self.problem.tasks if task not in self.stops_of]

    def served(self, shift: str) -> list[str]:
        """Ids of the tasks that a shift has a part in, in driving order."""
        stops = self.routes[shift].stops if shift in self.routes else ()
        return list(dict.fromkeys(stop.id for stop in stops if stop.kind in WORK))

    def open(self, piece: Piece) -> Opening:
        """The piece's shifts with all that they serve, and its unserved tasks, as far as nothing outside forbids it."""
        shifts = piece.shifts - self.closed
        served = {task for shift in shifts for task in self.served(shift)}
        whole = {task for task in served if all(shift in shifts for shift, _ in self.stops_of[task])}
        asked = {task for task in piece.tasks if task not in self.stops_of and self.home.get(task) in (None, *shifts)}
        loose = {task for task in asked if self.mates.get(task, {task}) <= whole | asked}
        held = {task for task in served if task not in whole or self._tied(task, whole)}
        inside = Piece(frozenset(served | loose), frozenset(shifts))
        parted = {task: self._parted(task, shifts) for task in sorted(served - whole)}
        members = {(task, new): old for task, (_, olds) in parted.items() for new, old in enumerate(olds)}
        cut = piece_problem(replace(self.problem, relations=(), pins=()), inside)
        problem = replace(
            cut,
            visits=tuple(parted[visit.id][0] if visit.id in parted else visit for visit in cut.visits),
            relations=tuple(self._relations(whole, loose)),
            pins=tuple(self._pins(inside, held, _back(members))),
            baseline=_with_members(cut.baseline, _back(members)),
        )
        routes = (self.routes[shift.id] for shift in problem.shifts if shift.id in self.routes)
        present = tuple(_renamed(route, _back(members)) for route in routes)
        return Opening(problem, plan_of(problem, present, [task for task in problem.tasks if task in loose]), members)

    def _tied(self, task: str, whole: set[str]) -> bool:
        """Whether the task is bound to one that is served outside, if only in part."""
        return any(mate in self.stops_of and mate not in whole for mate in self.mates.get(task, ()))

    def _relations(self, whole: set[str], loose: set[str]) -> Iterator[Relation]:
        """What binds inside. Where one of a relation's tasks is served outside, those inside are held anyway."""
        for relation in self.problem.relations:
            if all(task in whole or task not in self.stops_of for task in relation.of):
                yield from runs(relation, whole | loose)

    def _parted(self, task: str, shifts: Set[str]) -> tuple[Visit, list[int]]:
        """A crew visit with only the members who are inside, and their old numbers: the one who starts first leads, for
        all others start after the first."""
        visit = self.problem.tasks[task]
        if not isinstance(visit, Visit):
            raise TypeError(f"{task} is no visit: both its ends are on one shift")
        stops = sorted((stop.start, stop.member) for shift, stop in self.stops_of[task] if shift in shifts)
        crew: tuple[Member, ...] = tuple(visit.crew[member] for _, member in stops)
        stagger = (min((start - stops[0][0] for start, _ in stops[1:]), default=0), stops[-1][0] - stops[0][0])
        return replace(visit, crew=crew, stagger=stagger), [member for _, member in stops]

    def _pins(self, inside: Piece, held: set[str], back: Mapping[Key, int]) -> Iterator[Pin]:
        """The day's pins on what is free, and pins that keep held stops as they are; heads of routes stay heads, in
        their order."""
        present = {stop.key: (shift, stop) for task in held for shift, stop in self.stops_of[task]}
        for pin in self.problem.pins:
            key = pin.stop.key
            if pin.stop.id in held and pin.hold == "prefix" and present[key][0] in inside.shifts:
                yield self._hold(*present.pop(key), back, "prefix")
            elif pin.stop.id in inside.tasks - held:
                yield pin if pin.shift in inside.shifts else replace(pin, shift=min(inside.shifts))
        for shift, stop in present.values():
            if shift in inside.shifts:
                yield self._hold(shift, stop, back, "both")

    @staticmethod
    def _hold(shift: str, stop: Stop, back: Mapping[Key, int], hold: Hold) -> Pin:
        kind = cast("StopKind", stop.kind)
        return Pin(shift, StopRef(kind, stop.id, back.get((stop.id, stop.member), stop.member)), hold, stop.start)


def _back(members: Mapping[Key, int]) -> dict[Key, int]:
    return {(task, old): new for (task, new), old in members.items()}


def _with_members(baseline: Plan | None, back: Mapping[Key, int]) -> Plan | None:
    if baseline is None or not back:
        return baseline
    known = {task for task, _ in back}
    routes = (
        replace(
            route,
            stops=tuple(stop for stop in route.stops if stop.id not in known or (stop.id, stop.member) in back),
        )
        for route in baseline.routes
    )
    return replace(baseline, routes=tuple(_renamed(route, back) for route in routes if route.stops))
