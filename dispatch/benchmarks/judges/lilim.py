"""Judges pickups and deliveries at the convention of SINTEF's table: straight lines in full double precision,
the fewest vehicles first, then the least distance.
"""

from __future__ import annotations

from collections import Counter
from math import hypot

from dispatch.benchmarks.instances.lilim import LiLim
from dispatch.benchmarks.judges.score import Score
from dispatch.benchmarks.solutions import NodeRoutes

DEPOT = 0
TOLERANCE = 1e-6  # units of time; sums of a few hundred doubles are exact to about 1e-10
STATED_TOLERANCE = 0.01  # published costs have two decimals


def judge_lilim(instance: LiLim, solution: NodeRoutes) -> Score:
    """Distance, vehicles and broken rules of a solution. An empty route uses no vehicle."""
    routes = [route for route in solution.routes if route]
    visited = Counter(node for route in routes for node in route)
    nodes = range(1, len(instance.xy))
    unknown = sorted(set(visited) - set(nodes))
    if unknown:
        return Score(0.0, len(routes), tuple(f"there is no node {node} to serve" for node in unknown))
    faults = [f"node {node} is served {visited[node]} times" for node in nodes if visited[node] != 1]
    if len(routes) > instance.vehicles:
        faults.append(f"{len(routes)} vehicles are used, {instance.vehicles} exist")
    cost = 0.0
    for number, route in enumerate(routes, start=1):
        faults += [f"route {number} {fault}" for fault in (*_order(instance, route), *_loads(instance, route))]
        length, late = _drive(instance, route)
        faults += [f"route {number} reaches node {node} late" for node in late]
        cost += length
    if solution.cost is not None and abs(solution.cost - cost) > STATED_TOLERANCE:
        faults.append(f"the file states a cost of {solution.cost:g}, it is {cost:g}")
    return Score(cost, len(routes), tuple(faults))


def _order(instance: LiLim, route: tuple[int, ...]) -> list[str]:
    """Both ends of a pair on the same route, the pickup first."""
    place = {node: index for index, node in enumerate(route)}
    faults = []
    for pickup, delivery in instance.pairs:
        if (pickup in place) != (delivery in place):
            faults.append(f"serves only one of {pickup} and {delivery}")
        elif pickup in place and place[delivery] < place[pickup]:
            faults.append(f"delivers {delivery} before it picks up {pickup}")
    return faults


def _loads(instance: LiLim, route: tuple[int, ...]) -> list[str]:
    load, faults = 0, []
    for node in route:
        load += int(instance.demand[node])
        if load > instance.capacity:
            faults.append(f"carries {load} after node {node}, a vehicle holds {instance.capacity}")
    return faults


def _drive(instance: LiLim, route: tuple[int, ...]) -> tuple[float, list[int]]:
    """Length of the tour from and to the depot, and the nodes reached after their due date."""
    length, late = 0.0, []
    at, ready = DEPOT, float(instance.ready[DEPOT])
    for node in (*route, DEPOT):
        (x0, y0), (x1, y1) = instance.xy[at].tolist(), instance.xy[node].tolist()
        way = hypot(x1 - x0, y1 - y0)
        length += way
        start = max(ready + way, float(instance.ready[node]))
        if start > instance.due[node] + TOLERANCE:
            late.append(node)
        at, ready = node, start + float(instance.service[node])
    return length, late
