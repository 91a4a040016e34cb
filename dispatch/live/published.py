"""The next plan and problem after a change: swapped routes, costs brought forward, the whole judged by the checker."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from dispatch.check import check
from dispatch.cost import Account, unfair_by_shift
from dispatch.errors import ChangeRefused
from dispatch.indicators import indicators
from dispatch.live.warm import Routes, Warm
from dispatch.places import Place
from dispatch.plan import Plan, Reason, Unassigned
from dispatch.problem import Problem
from dispatch.sentences import sentence
from dispatch.tasks import Pin, Relation, Task, Visit

NO_PLACE = Reason("no_place", sentence("no_place"))


def next_plan(
    warm: Warm, problem: Problem, plan: Plan, after: Routes, left_out: Iterable[str], *, priced: Account
) -> Plan:
    """The plan with these routes, everything else as it was; `left_out` are all tasks not served, `priced` is the
    account of the plan so far. Raises ChangeRefused if the checker, asked about the whole plan, objects."""
    routes = {**warm.routes, **after}
    ordered = tuple(route for number in sorted(routes) if (route := routes[number]) is not None)
    missing, why = list(left_out), {entry.id: entry for entry in plan.unassigned}
    cost = {**plan.cost, **warm.account.left_out(warm.tables.tasks[name] for name in missing)}
    for name, amount in warm.terms(warm.before(after), after, priced=priced).items():
        cost[name] += amount
    weights = problem.objective
    if weights.max_late_second:
        cost["max_late_second"] = weights.max_late_second * max(map(warm.account.latest, ordered), default=0)
    if weights.unfair_second:
        cost["unfair_second"] = weights.unfair_second * sum(unfair_by_shift(problem, ordered).values())
    cost["total"] = sum(amount for name, amount in cost.items() if name != "total")
    found = replace(
        plan,
        status="infeasible" if problem.binding & set(missing) else "feasible",
        routes=ordered,
        unassigned=tuple(why.get(name) or Unassigned(name, (NO_PLACE,)) for name in missing),
        cost=cost,
    )
    violations = check(problem, found)
    if violations:
        raise ChangeRefused([str(violation) for violation in violations])
    return replace(found, indicators=indicators(problem, found))


def with_task(problem: Problem, task: Task, places: tuple[Place, ...]) -> Problem:
    """The problem with one more task, and the places that are new."""
    fresh = tuple(place for place in places if place.id not in problem.place_index)
    if isinstance(task, Visit):
        return replace(problem, places=problem.places + fresh, visits=(*problem.visits, task))
    return replace(problem, places=problem.places + fresh, deliveries=(*problem.deliveries, task))


def without_task(problem: Problem, name: str) -> Problem:
    """The problem without a task, and without what only made sense with it."""
    return replace(
        problem,
        visits=tuple(visit for visit in problem.visits if visit.id != name),
        deliveries=tuple(delivery for delivery in problem.deliveries if delivery.id != name),
        relations=tuple(part for relation in problem.relations for part in _without(relation, name)),
        pins=tuple(pin for pin in problem.pins if pin.stop.id != name),
    )


def _without(relation: Relation, name: str) -> list[Relation]:
    if name not in relation.of:
        return [relation]
    at = relation.of.index(name)
    # the neighbours of one that has gone from a sequence were never bound to each other
    parts = (
        [relation.of[:at], relation.of[at + 1 :]]
        if relation.kind == "sequence"
        else [relation.of[:at] + relation.of[at + 1 :]]
    )
    return [replace(relation, of=part) for part in parts if len(part) > 1]


def without_shift(pins: tuple[Pin, ...], shift: str, names: set[str]) -> tuple[Pin, ...]:
    """Pins that hold tasks to a shift that has dropped out hold at most their time."""
    kept = []
    for pin in pins:
        if pin.shift != shift or pin.stop.id not in names or pin.hold == "time":
            kept.append(pin)
        elif pin.start_seconds is not None:
            kept.append(replace(pin, hold="time"))
    return tuple(kept)
