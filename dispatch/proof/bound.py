"""A lower bound of a small day: no plan costs less."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil

from ortools.sat.python import cp_model

from dispatch.check import check
from dispatch.plan import Plan
from dispatch.problem import Problem
from dispatch.proof.prices import Prices
from dispatch.proof.statement import Statement, prover
from dispatch.timing.assembly import bare_plan
from dispatch.timing.network import Network
from dispatch.timing.rebuilding import rebuilt

DEAREST = 10  # times the cost of the plan at hand: what leaving out a task is taken to cost at the most
Told = Callable[[float, int], None]  # (seconds, lower bound)


@dataclass(frozen=True, slots=True)
class Bound:
    """No plan of the day costs less than `lower`. `plan` is the one given, or a cheaper one that was met on the way,
    checked."""

    lower: int
    plan: Plan
    seconds: float

    @property
    def is_optimal(self) -> bool:
        """Whether no plan is cheaper."""
        return self.lower >= self.plan.cost["total"]


def lower_bound(
    problem: Problem, plan: Plan, *, seconds: float, seed: int = 0, workers: int = 1, told: Told | None = None
) -> Bound:
    """Bound the cost of all plans of a day from below, for as long as `seconds` or until the plan is proved to be
    cheapest. The plan must keep the day's rules. `told` hears of every better bound.

    Raises DayTooLarge, before anything is sought."""
    began = time.monotonic()
    network = Network(problem)
    statement = Statement(network, range(len(network.bundles)))
    prices = Prices(statement.routes, statement.hours, most=DEAREST * plan.cost["total"] + 1)
    statement.model.minimize(prices.total)
    statement.hint(plan)
    solver = prover(seconds=seconds - (time.monotonic() - began), seed=seed, workers=workers)

    def whole(bound: float) -> int:
        return max(0, ceil(bound / prices.scale - prices.slack - 1e-6))

    if told is not None:
        solver.best_bound_callback = lambda bound: told(time.monotonic() - began, whole(bound))
    status = solver.solve(statement.model)
    found = plan
    if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        found = _cheaper(statement, solver, plan)
    return Bound(
        min(whole(solver.best_objective_bound), found.cost["total"]), found, round(time.monotonic() - began, 3)
    )


def _cheaper(statement: Statement, solver: cp_model.CpSolver, plan: Plan) -> Plan:
    """The plan of a solution, timed by our own rules, if it is cheaper and keeps every rule; else the one given."""
    starts = {number: solver.value(start) for number, start in statement.routes.starts.items()}
    schedule = rebuilt(statement.network, statement.sequences(solver), starts=starts, deadline=None)
    found = bare_plan(schedule)
    cheaper = found.cost["total"] < plan.cost["total"] and not check(statement.network.problem, found)
    return found if cheaper else plan
