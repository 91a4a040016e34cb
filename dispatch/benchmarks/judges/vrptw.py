"""Judges routes with time windows at the convention of the 12th DIMACS challenge (2022): travel, as time and as
cost, is the straight line cut off after its first decimal; only distance counts; the fleet is a limit.
"""

from __future__ import annotations

from collections import Counter
from math import isqrt

from dispatch.benchmarks.instances.vrptw import Vrptw
from dispatch.benchmarks.judges.score import Score
from dispatch.benchmarks.solutions import NodeRoutes

DEPOT = 0


def tenths(instance: Vrptw, origin: int, target: int) -> int:
    """Travel between two nodes in tenths of a unit: ⌊10·d⌋ = ⌊√(100·d²)⌋, exactly, as all values are whole."""
    dx, dy = (int(a) - int(b) for a, b in zip(instance.xy[origin], instance.xy[target], strict=True))
    return isqrt(100 * (dx * dx + dy * dy))


def judge_vrptw(instance: Vrptw, solution: NodeRoutes) -> Score:
    """Cost and broken rules of a solution. An empty route uses no vehicle."""
    routes = [route for route in solution.routes if route]
    visited = Counter(node for route in routes for node in route)
    unknown = sorted(set(visited) - set(instance.customers))
    if unknown:
        return Score(0.0, len(routes), tuple(f"node {node} is no customer" for node in unknown))
    faults = [f"customer {node} is served {visited[node]} times" for node in instance.customers if visited[node] != 1]
    if len(routes) > instance.vehicles:
        faults.append(f"{len(routes)} vehicles are used, {instance.vehicles} exist")
    cost = 0
    for number, route in enumerate(routes, start=1):
        load = sum(int(instance.demand[node]) for node in route)
        if load > instance.capacity:
            faults.append(f"route {number} carries {load}, a vehicle holds {instance.capacity}")
        length, late = _drive(instance, route)
        faults += [f"route {number} reaches node {node} late" for node in late]
        cost += length
    if solution.cost is not None and abs(solution.cost - cost / 10) > 1e-6:
        faults.append(f"the file states a cost of {solution.cost:g}, it is {cost / 10:g}")
    return Score(cost / 10, len(routes), tuple(faults))


def _drive(instance: Vrptw, route: tuple[int, ...]) -> tuple[int, list[int]]:
    """Length in tenths of the tour from and to the depot, and the nodes reached after their due date."""
    length, late = 0, []
    at, ready = DEPOT, 10 * int(instance.ready[DEPOT])
    for node in (*route, DEPOT):
        way = tenths(instance, at, node)
        length += way
        start = max(ready + way, 10 * int(instance.ready[node]))
        if start > 10 * int(instance.due[node]):
            late.append(node)
        at, ready = node, start + 10 * int(instance.service[node])
    return length, late
