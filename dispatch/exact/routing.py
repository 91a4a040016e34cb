"""The routing search: OR-Tools' RoutingModel by parallel cheapest insertion and guided local search.

What it finds is an order of stops. It is timed again by our own forward pass; a task whose part does not
fit there (the model is a hair wider on rides and breaks) is taken out and inserted anew.
"""

from __future__ import annotations

import time
from itertools import combinations_with_replacement
from typing import Any

from ortools.constraint_solver import pywrapcp, routing_enums_pb2

from dispatch.exact.model import RoutingStatement
from dispatch.recreate import fill
from dispatch.timing.forward import forward
from dispatch.timing.network import Network
from dispatch.timing.schedule import Schedule

REPAIR_SHARE = 0.1  # of the search's seconds, for trying again what the model or our timing left out
LEAST_SECONDS = 0.05  # below this a search is not worth stating the model


def search(schedule: Schedule, *, seconds: float, iterations: int | None) -> Schedule | None:
    """The best schedule found from the given one, or from scratch where the model refuses it; None if
    the search found nothing in time. Deterministic for a fixed number of iterations."""
    network = schedule.network
    if seconds < LEAST_SECONDS or not network.shifts or not network.bundles:
        return None
    until = time.monotonic() + seconds
    statement = RoutingStatement(network)
    routing = statement.routing
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
    return rebuilt(network, statement.sequences(solution), deadline=deadline)


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


def rested(network: Network, shift: int, sequence: list[int]) -> list[int]:
    """The sequence with its breaks where they let it end first; as it is if no place lets it be timed.
    The model may interrupt a way by a break, so its own place for one is not always ours."""
    rests = [number for number in sequence if network.nodes[number].kind == "break"]
    stops = [number for number in sequence if network.nodes[number].kind != "break"]
    if not rests or not stops or forward(network, shift, sequence, {}) is not None:
        return sequence
    best: tuple[int, list[int]] | None = None
    for slots in combinations_with_replacement(range(len(stops) + 1), len(rests)):
        trial = list(stops)
        for slot, rest in sorted(zip(slots, rests, strict=True), reverse=True):
            trial.insert(slot, rest)
        timing = forward(network, shift, trial, {})
        if timing is not None and (best is None or timing.end < best[0]):
            best = (timing.end, trial)
    return sequence if best is None else best[1]


def rebuilt(network: Network, sequences: list[list[int]], *, deadline: float | None) -> Schedule:
    """A schedule with these sequences. Whole tasks that do not fit our timing are left out; then all that
    is left is tried where it fits until the deadline."""
    rested_all = [rested(network, shift, sequence) for shift, sequence in enumerate(sequences)]
    fresh = Schedule(network)
    if not fresh.settle(dict(enumerate(rested_all))):
        fresh = Schedule(network)
        _settle_by_task(fresh, rested_all)
    fill(fresh, fresh.unserved(), deadline=deadline)
    return fresh


def _settle_by_task(fresh: Schedule, sequences: list[list[int]]) -> None:
    """Settle what fits of the sequences, the tasks that are dearest to leave out first."""
    network = fresh.network
    present = {number for sequence in sequences for number in sequence}
    for task in fresh.unserved():
        nodes = set(network.bundles[task].nodes)
        if nodes <= present:
            kept = {number for sequence in fresh.sequences for number in sequence} | nodes
            fresh.settle(
                {
                    shift: [number for number in sequence if number in kept]
                    for shift, sequence in enumerate(sequences)
                    if nodes & set(sequence)
                }
            )
