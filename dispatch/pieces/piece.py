"""A piece: some tasks and the shifts that may serve them, as a problem of its own that any worker can take.

It names the places it visits and no others, so measured travel shrinks with it, and nothing outside is referred to.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass, replace

from dispatch.places import Dense, TravelModel
from dispatch.plan import Plan
from dispatch.problem import Problem
from dispatch.shifts import Shift
from dispatch.tasks import Delivery, Pin, Relation, Task


@dataclass(frozen=True, slots=True)
class Piece:
    """Ids of tasks and of shifts. No task and no shift is in two pieces of one cut."""

    tasks: frozenset[str]
    shifts: frozenset[str]


def piece_problem(problem: Problem, piece: Piece) -> Problem:
    """The part of a problem that a piece is. Its tasks must be bound to no task outside, and pinned to or aboard no
    shift outside: see `ties`."""
    shifts = tuple(shift for shift in problem.shifts if shift.id in piece.shifts)
    visits = tuple(visit for visit in problem.visits if visit.id in piece.tasks)
    deliveries = tuple(delivery for delivery in problem.deliveries if delivery.id in piece.tasks)
    return placed(
        replace(
            problem,
            shifts=shifts,
            visits=visits,
            deliveries=deliveries,
            relations=tuple(relation for relation in problem.relations if piece.tasks.issuperset(relation.of)),
            pins=tuple(_pins(problem.pins, piece, shifts)),
            baseline=None if problem.baseline is None else restricted(problem.baseline, piece.tasks),
        )
    )


def _pins(pins: Iterable[Pin], piece: Piece, shifts: tuple[Shift, ...]) -> Iterator[Pin]:
    """The pins on the piece's tasks. One that holds only a time names a shift that does not matter, so any will do."""
    for pin in pins:
        if pin.stop.id in piece.tasks and pin.shift in piece.shifts:
            yield pin
        elif pin.stop.id in piece.tasks and shifts:
            yield replace(pin, shift=shifts[0].id)


def restricted(plan: Plan, tasks: frozenset[str]) -> Plan:
    """What a plan says of these tasks: only their stops, in routes that are no longer whole."""
    routes = (
        replace(route, stops=tuple(stop for stop in route.stops if stop.id in tasks), totals={})
        for route in plan.routes
    )
    return Plan(plan.status, tuple(route for route in routes if route.stops))


def placed(problem: Problem) -> Problem:
    """The problem with the places that its tasks and shifts name, in their order, and measured travel cut to them."""
    named = {place for task in problem.tasks.values() for place in _places_of(task)}
    named |= {place for shift in problem.shifts for place in (shift.start, shift.end) if place is not None}
    kept = [index for index, place in enumerate(problem.places) if place.id in named]
    return replace(
        problem,
        places=tuple(problem.places[index] for index in kept),
        travel={mode: _cut(model, kept) for mode, model in problem.travel.items()},
    )


def _places_of(task: Task) -> Iterator[str]:
    if isinstance(task, Delivery):
        yield from (task.pickup.place, task.dropoff.place)
    else:
        yield task.place
        if task.end is not None:
            yield task.end


def _cut(model: TravelModel, kept: list[int]) -> TravelModel:
    if not isinstance(model, Dense):
        return model
    return Dense(
        tuple(tuple(model.seconds[i][j] for j in kept) for i in kept),
        tuple(tuple(model.metres[i][j] for j in kept) for i in kept),
    )


def bound_together(problem: Problem) -> Iterator[tuple[str, ...]]:
    """Ids of tasks that must be looked at together: of a relation, and an elder's visits, which may not overlap."""
    for relation in problem.relations:
        yield relation.of
    by_elder: dict[str, list[str]] = {}
    for visit in problem.visits:
        if visit.elder is not None:
            by_elder.setdefault(visit.elder, []).append(visit.id)
    for visits in by_elder.values():
        if len(visits) > 1:
            yield tuple(visits)


def runs(relation: Relation, kept: Set[str]) -> Iterator[Relation]:
    """What is left of a relation when only some of its tasks can be served: of a sequence the neighbours only."""
    if relation.kind != "sequence":
        of = tuple(task for task in relation.of if task in kept)
        if len(of) > 1:
            yield replace(relation, of=of)
        return
    run: list[str] = []
    for task in (*relation.of, None):
        if task is not None and task in kept:
            run.append(task)
            continue
        if len(run) > 1:
            yield replace(relation, of=tuple(run))
        run = []
