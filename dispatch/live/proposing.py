"""Proposals: the cheapest ways to serve a task, each with what it promises, moves and costs."""

from __future__ import annotations

from dataclasses import dataclass

from dispatch.live.values import Base, Move, Placement, Proposal
from dispatch.live.warm import Warm
from dispatch.live.writing import KINDS, Unwritable
from dispatch.places import Place
from dispatch.plan import Route
from dispatch.search import columns as c
from dispatch.tasks import Task

IN_RESERVE = 3  # ways kept beyond those asked for, where one may turn out to be unwritable or a rounding dearer


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
        counted = warm.counted()
        changed = warm.go(number, way)
        if changed is None:
            continue
        try:
            outcome = outcome_of(warm, number, changed)
        except Unwritable:
            continue
        finally:
            warm.back(counted)
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


def outcome_of(warm: Warm, number: int, changed: list[int]) -> Outcome:
    """What the way just gone has done, by its task's number and the shifts touched. Raises Unwritable."""
    facts, shifts = warm.tables.facts, warm.tables.problem.shifts
    moves = []
    for leg, before, now in warm.moved():
        kind, task, member = facts.legs[leg, [c.KIND, c.TASK, c.MEMBER]].tolist()
        shift = shifts[int(warm.tables.state.rows[leg, c.ROUTE])].id
        moves.append(Move(KINDS[kind], warm.tables.ids[task], member, shift, before, now))
    for route in changed:
        if shifts[route].breaks:
            moves.extend(_breaks_moved(shifts[route].id, warm.routes.get(route), warm.breaks(route)))
    cost = None
    if warm.rough:
        after = warm.written(changed)
        cost = sum(warm.terms(warm.before(after), after).values()) + warm.higher()
    return Outcome(
        tuple(_placement(warm, leg) for leg in warm.tables.legs_of(number)),
        tuple(
            sorted(
                moves, key=lambda move: (move.after or move.before or 0, move.shift, move.kind, move.id, move.member)
            )
        ),
        sum(warm.overtime(route) for route in changed),
        cost,
    )


def _placement(warm: Warm, leg: int) -> Placement:
    rows, sentinels = warm.tables.state.rows, warm.tables.sentinels
    ahead, first = 0, leg
    while (pred := int(rows[first, c.PRED])) < sentinels:
        ahead, first = ahead + 1, pred
    rests = int(rows[leg, c.BREAKS] - rows[first, c.BREAKS])
    kind, member = warm.tables.facts.legs[leg, [c.KIND, c.MEMBER]].tolist()
    shift = warm.tables.problem.shifts[int(rows[leg, c.ROUTE])].id
    return Placement(KINDS[kind], member, shift, 1 + ahead + rests, int(rows[leg, c.START]))


def _breaks_moved(shift: str, before: Route | None, new: dict[str, int]) -> list[Move]:
    stops = () if before is None else before.stops
    old = {stop.id: stop.start for stop in stops if stop.kind == "break"}
    return [
        Move("break", name, 0, shift, old.get(name), new.get(name))
        for name in dict.fromkeys([*old, *new])
        if old.get(name) != new.get(name)
    ]
