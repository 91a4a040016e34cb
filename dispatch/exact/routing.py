"""The routing search: OR-Tools' RoutingModel by parallel cheapest insertion and guided local search.

What it finds is an order of stops. It is timed again by our own forward pass; a task whose part does not
fit there (the model is a hair wider on rides and breaks) is taken out and inserted anew.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from ortools.constraint_solver import pywrapcp, routing_enums_pb2

from dispatch.exact.model import RoutingStatement
from dispatch.timing.rebuilding import rebuilt
from dispatch.timing.schedule import Schedule

REPAIR_SHARE = 0.1  # of the search's seconds, for trying again what the model or our timing left out
LEAST_SECONDS = 0.05  # below this a search is not worth stating the model


def search(
    schedule: Schedule, *, seconds: float, iterations: int | None, stop: Callable[[], bool] | None = None
) -> Schedule | None:
    """The best schedule found from the given one, or from scratch where the model refuses it, and never a dearer one;
    None if the search found nothing in time. Deterministic for a fixed number of iterations. It ends
    soon after `stop` is true."""
    network = schedule.network
    if seconds < LEAST_SECONDS or not network.shifts or not network.bundles:
        return None
    until = time.monotonic() + seconds
    statement = RoutingStatement(network)
    routing = statement.routing
    if stop is not None:
        routing.AddSearchMonitor(routing.solver().CustomLimit(stop))  # also lets Python hear of signals meanwhile
    routing.CloseModelWithParameters(_parameters(seconds, iterations))
    start = None
    if any(shift >= 0 for shift in schedule.shift_of):
        start = routing.ReadAssignmentFromRoutes(statement.indices_of(schedule), True)
    parameters = _parameters(max(LEAST_SECONDS, until - time.monotonic()), iterations)
    if start is None:
        solution = routing.SolveWithParameters(parameters)
    else:
        solution = routing.SolveFromAssignmentWithParameters(start, parameters)
    if solution is None:
        return None
    deadline = None if iterations is not None else until + REPAIR_SHARE * seconds
    found = rebuilt(network, statement.sequences(solution), deadline=deadline)
    return min(schedule, found, key=Schedule.cost)


def _parameters(seconds: float, iterations: int | None) -> Any:
    parameters = pywrapcp.DefaultRoutingSearchParameters()
    parameters.first_solution_strategy = routing_enums_pb2.FirstSolutionStrategy.PARALLEL_CHEAPEST_INSERTION
    heuristics = routing_enums_pb2.LocalSearchMetaheuristic
    if iterations is None:
        parameters.local_search_metaheuristic = heuristics.GUIDED_LOCAL_SEARCH
    else:  # guided search ends by the clock alone; a descent ends by itself, the same on every machine
        parameters.local_search_metaheuristic = heuristics.GREEDY_DESCENT
        parameters.solution_limit = max(1, iterations)
    milliseconds = max(1, int(seconds * 1000))
    parameters.time_limit.seconds = milliseconds // 1000
    parameters.time_limit.nanos = milliseconds % 1000 * 1_000_000
    return parameters
