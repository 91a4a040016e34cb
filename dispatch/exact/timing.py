"""Exact timing: the same stops in the same order on the same shifts, started when it costs least, by CP-SAT.

The forward pass times to the earliest. That is not cheapest where leaving later saves overtime or waiting, or keeps
the start that was published, least of all where crews tie routes together. What CP-SAT chooses becomes bounds of the
schedule, so that the forward pass gives its starts again, breaks and all.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

from ortools.sat.python import cp_model

from dispatch.check.bonds import crew_stagger, elder_overlap, sequence_gap
from dispatch.check.cargo import max_ride
from dispatch.check.limits import breaks, overtime, shift_window
from dispatch.check.limits import work as longest_work
from dispatch.check.pins import pins
from dispatch.check.times import windows
from dispatch.exact.prices import Prices
from dispatch.exact.solver import solver_of
from dispatch.exact.timetable import Timetable
from dispatch.timing.assembly import bare_plan
from dispatch.timing.schedule import Schedule

TIMED_TERMS = (
    "late_second", "max_late_second", "wait_second", "overtime_second", "moved_second", "unfair_second",
)  # fmt: skip
RULES_ON_TIME = (  # of the checker: the rest of it does not hang on starts, and its travel tables are dear
    windows, shift_window, breaks, longest_work, overtime, max_ride, crew_stagger, elder_overlap, sequence_gap, pins,
)  # fmt: skip
LEAST_SECONDS = 0.005  # below this a model is not worth stating


def timed(
    schedule: Schedule, *, seconds: float, seed: int, work: float | None = None, among: set[int] | None = None
) -> Schedule:
    """The schedule timed to cost least, by the whole objective; the one given if nothing is gained in `seconds`. With
    `work` (CP-SAT's deterministic time, for all models together) the same input gives the same starts, if the seconds
    suffice. `among`: only these shifts, and what is coupled with them."""
    if not (schedule.network.timed_cost or schedule.network.problem.objective.unfair_second):
        return schedule
    until = time.monotonic() + seconds
    given = bare_plan(schedule)
    if not any(given.cost[term] for term in TIMED_TERMS):
        return schedule
    found = schedule.copy()
    for shifts in _components(schedule):
        if among is not None and among.isdisjoint(shifts):
            continue
        if until - time.monotonic() < LEAST_SECONDS or (work is not None and work <= 0):
            break
        work = _improve(found, shifts, until=until, seed=seed, work=work)
    plan = bare_plan(found)
    cheaper = plan.cost["total"] < given.cost["total"]
    return found if cheaper and not any(rule(schedule.network.problem, plan) for rule in RULES_ON_TIME) else schedule


def _whole(schedule: Schedule) -> bool:
    """Whether a term of the objective looks at all routes together."""
    objective = schedule.network.problem.objective
    return bool(objective.max_late_second or objective.unfair_second)


def _components(schedule: Schedule) -> list[list[int]]:
    """The shifts with stops that must be timed together, the costliest sets first; without those that time costs
    nothing."""
    used = {shift for shift in schedule.shift_of if shift >= 0}
    if _whole(schedule):
        return [sorted(used)]
    found = []
    while used:
        together = schedule.coupled({min(used)})
        used -= together
        price = _price(schedule, together)
        if price:
            found.append((price, sorted(together)))
    return [shifts for _, shifts in sorted(found, key=lambda entry: (-entry[0], entry[1]))]


def _improve(found: Schedule, shifts: list[int], *, until: float, seed: int, work: float | None) -> float | None:
    """Give these shifts the starts that CP-SAT chooses, where they cost less; the work that is left."""
    table = Timetable(found, shifts)
    Prices(table)
    solver = solver_of(seconds=max(LEAST_SECONDS, until - time.monotonic()), seed=seed, work=work)
    solver.parameters.cp_model_presolve = False  # it takes several times as long as the search of these models
    if solver.solve(table.model) in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        _retime(found, shifts, {number: solver.value(start) for number, start in table.starts.items()})
    return None if work is None else work - solver.response_proto.deterministic_time


def _retime(found: Schedule, shifts: list[int], starts: dict[int, int]) -> None:
    """Take these starts over. A set of shifts that is dearer by itself stays as it was; what looks at all routes is
    judged at the end."""
    before = found.copy()
    taken = found.retime(shifts, starts)
    if taken and not _whole(found) and _price(found, shifts) > _price(before, shifts):
        found.restore(before)


def _price(schedule: Schedule, shifts: Iterable[int]) -> int:
    """What timing decides on these shifts."""
    return sum(schedule.timings[shift].cost for shift in shifts)
