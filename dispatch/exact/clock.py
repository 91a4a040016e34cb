"""Time in the RoutingModel: windows, gaps, soft ends, shifts, breaks, work and overtime.

The cumulative variable of a stop is its start. Setup belongs to the way, so the first stop of a stay pays.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from ortools.constraint_solver import pywrapcp

from dispatch.objective import priced

if TYPE_CHECKING:
    from dispatch.exact.model import RoutingStatement

Rests = list[list[tuple[int, Any]]]  # by shift: (break node, its interval variable)


def state_clock(statement: RoutingStatement) -> tuple[Any, Rests]:
    """The time dimension with everything that hangs on it, and the breaks' intervals."""
    network, routing = statement.network, statement.routing
    latest = max((shift.window[1] for shift in network.shifts), default=0)
    known: dict[str, int] = {}
    evaluators = []
    for index, shift in enumerate(network.shifts):
        if shift.mode not in known:
            known[shift.mode] = routing.RegisterTransitMatrix(statement.matrix(index, clock=True))
        evaluators.append(known[shift.mode])
    routing.AddDimensionWithVehicleTransits(evaluators, latest, latest, False, "clock")
    clock = routing.GetDimensionOrDie("clock")
    for number in statement.stops:
        _windows(statement, clock, number, latest)
    rests: Rests = []
    for index, shift in enumerate(network.shifts):
        for end in (routing.Start(index), routing.End(index)):
            clock.CumulVar(end).SetRange(*shift.window)
        _limits(statement, clock, index)
        rests.append(_breaks(statement, clock, index))
    return clock, rests


def _windows(statement: RoutingStatement, clock: Any, number: int, latest: int) -> None:
    node, index = statement.network.nodes[number], statement.index[number]
    start, windows = clock.CumulVar(index), node.windows
    if windows[0][0] > latest:
        statement.vehicle(number).SetValues([-1])
        return
    if node.late_weight is None:
        start.SetRange(windows[0][0], min(latest, windows[-1][1]))
    else:
        start.SetMin(windows[0][0])
        weight = statement.network.problem.objective.late_second * node.late_weight
        clock.SetCumulVarSoftUpperBound(index, windows[-1][1], weight)
    for earlier, later in pairwise(windows):
        if earlier[1] + 1 <= later[0] - 1:
            start.RemoveInterval(earlier[1] + 1, later[0] - 1)
    if node.picked_up is not None and node.max_ride is not None:
        start.SetMax(max(start.Min(), node.picked_up + node.max_ride + node.setup))
    published = statement.network.published.get(number)
    weight = statement.network.problem.objective.moved_second
    if published is not None and weight:
        clock.SetCumulVarSoftLowerBound(index, published[1], weight)
        if node.late_weight is None:
            clock.SetCumulVarSoftUpperBound(index, published[1], weight)


def _limits(statement: RoutingStatement, clock: Any, shift: int) -> None:
    """Work and overtime as bounds on the span. Breaks are counted as if all lay inside the route: a
    little wide where one does not; our own timing has the last word."""
    held, objective = statement.network.shifts[shift], statement.network.problem.objective
    rest = sum(entry.seconds for entry in held.breaks)
    longest = held.longest_work_seconds
    if longest is not None:
        clock.SetSpanUpperBoundForVehicle(longest + rest, shift)
    weight = priced(objective.overtime_second, held.cost.get("overtime_second", 1), 1)
    soft = None
    if held.overtime_after_seconds is not None and weight:
        soft = (held.overtime_after_seconds + rest, weight)
    if objective.unfair_second:  # an even share of the work that shall be done, as far as can be known now
        share = _share(statement, shift) + rest
        if soft is None or objective.unfair_second > soft[1]:
            soft = (share, objective.unfair_second)
    if soft is not None:
        clock.SetSoftSpanUpperBoundForVehicle(pywrapcp.BoundCost(*soft), shift)
    wait = priced(objective.wait_second, held.cost.get("wait_second", 1), 1)
    if wait:
        clock.SetSlackCostCoefficientForVehicle(wait, shift)


def _share(statement: RoutingStatement, shift: int) -> int:
    """A shift's share of all service, by the length of its window."""
    lengths = [held.window[1] - held.window[0] for held in statement.network.shifts]
    service = sum(statement.network.nodes[number].service for number in statement.stops)
    return service * lengths[shift] // max(1, sum(lengths))


def _breaks(statement: RoutingStatement, clock: Any, shift: int) -> list[tuple[int, Any]]:
    network, solver, routing = statement.network, statement.solver, statement.routing
    found = []
    for number in network.breaks[shift]:
        node = network.nodes[number]
        begin, finish = node.windows[0]
        name = f"break {shift} {node.id}"
        interval = solver.FixedDurationIntervalVar(begin, finish, node.service, False, name)
        found.append((number, interval))
    if found:
        service = [0] * routing.Size()
        for number in statement.stops:
            service[statement.index[number]] = network.nodes[number].service
        clock.SetBreakIntervalsOfVehicle([interval for _, interval in found], shift, service)
    return found
