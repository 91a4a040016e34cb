"""Proposals: the cheapest ways to serve a task, each with what it promises, moves and costs."""

from __future__ import annotations

from dataclasses import dataclass

from dispatch.live.kernels.telling import MOVED, RESTED, TOUCHED
from dispatch.live.values import Base, Move, Placement, Proposal
from dispatch.live.warm import Warm
from dispatch.live.writing import KINDS, breaks_between
from dispatch.places import Place
from dispatch.plan import Route
from dispatch.search import columns as c
from dispatch.tasks import Task

MOST_WAYS = 25  # that may be asked for at once
IN_RESERVE = 3  # ways kept beyond those asked for, where one may turn out to be a rounding dearer


@dataclass(frozen=True, slots=True)
class Outcome:
    """What going a way does to the plan. `cost` None: as the search counts it."""

    placements: tuple[Placement, ...]
    moves: tuple[Move, ...]
    overtime_seconds: int
    cost: int | None


def proposals(
    warm: Warm, task: Task, *, k: int, version: int, places: tuple[Place, ...] = (), base: Base | None = None
) -> list[Proposal]:
    """The k cheapest ways for a task that is in the tables and not served, the cheapest first. The state is as it was
    afterwards."""
    number = warm.tables.number[task.id]
    penalty = int(warm.tables.facts.tasks[number, c.PENALTY])
    found = []
    for way in warm.ways(number, k + (IN_RESERVE if warm.rough else 0)):
        told = warm.go(number, way)
        if told is None:
            continue
        outcome = outcome_of(warm, told)
        warm.back(number)
        found.append(
            Proposal(
                task=task,
                placements=outcome.placements,
                cost=int(way[0]) + penalty if outcome.cost is None else outcome.cost,
                moves=outcome.moves,
                overtime_seconds=outcome.overtime_seconds,
                version=version,
                way=tuple(way.tolist()),
                places=places,
                base=base or Base(),
            )
        )
    return sorted(found, key=lambda proposal: proposal.cost)[:k]


def outcome_of(warm: Warm, told: list[list[int]]) -> Outcome:
    """What the way just gone has done."""
    shifts, ids = warm.tables.problem.shifts, warm.tables.ids
    moves, placements, overtime = [], [], 0
    rests: dict[int, list[list[int]]] = {}
    for row in told:
        if row[0] == TOUCHED:
            rests[row[1]] = []
            overtime += warm.more_overtime(row[1], row[2])
        elif row[0] == RESTED:
            rests[row[1]].append(row)
        else:
            what, kind, task, member, route, number, start = row
            if what == MOVED:
                moves.append(Move(KINDS[kind], ids[task], member, shifts[route].id, number, start))
            else:
                placements.append(Placement(KINDS[kind], member, shifts[route].id, number, start))
    for route, rows in rests.items():
        if shifts[route].breaks:
            new = breaks_between(warm.rests, rows)
            moves.extend(_breaks_moved(shifts[route].id, warm.routes.get(route), new))
    cost = None
    if warm.rough:
        after = warm.written(rests)
        cost = sum(warm.terms(warm.before(after), after).values()) + warm.higher()
    order = sorted(
        moves, key=lambda move: (move.after or move.before or 0, move.shift, move.kind, move.id, move.member)
    )
    return Outcome(tuple(placements), tuple(order), overtime, cost)


def changed_by(told: list[list[int]]) -> list[int]:
    """The shifts that the way just gone touches."""
    return sorted(row[1] for row in told if row[0] == TOUCHED)


def _breaks_moved(shift: str, before: Route | None, new: dict[str, int]) -> list[Move]:
    stops = () if before is None else before.stops
    old = {stop.id: stop.start for stop in stops if stop.kind == "break"}
    return [
        Move("break", name, 0, shift, old.get(name), new.get(name))
        for name in dict.fromkeys([*old, *new])
        if old.get(name) != new.get(name)
    ]
