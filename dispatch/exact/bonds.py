"""Bonds in the RoutingModel: crews, elders, relations between tasks.

All are conditional on being served, so none forces a task into or out of the plan but a crew's unity.
"""

from __future__ import annotations

from itertools import combinations, product
from typing import TYPE_CHECKING, Any

from dispatch.tasks import Visit

if TYPE_CHECKING:
    from dispatch.exact.model import RoutingStatement

FOREVER = 4 * 10**8  # above any difference of two times of a document


def state_bonds(statement: RoutingStatement) -> None:
    """State every bond of the network."""
    network = statement.network
    for bundle in network.bundles:
        if isinstance(bundle.task, Visit) and len(bundle.nodes) > 1:
            _crew(statement, bundle.nodes, bundle.task.stagger)
    links = [(one, two, seconds) for one, targets in network.links.items() for two, seconds in targets]
    for source, target, seconds in links:
        if network.nodes[source].task != network.nodes[target].task:
            _after(statement, source, target, seconds)
    for group in {tuple(group) for group in network.groups.values()}:
        for one, two in combinations(group, 2):
            _apart(statement, network.bundles[one].nodes, network.bundles[two].nodes)
    for one, two in _pairs(network.same):
        _meet(statement, network.bundles[one].nodes[0], network.bundles[two].nodes[0], same=True)
    for one, two in _pairs(network.different):
        for node, other in product(network.bundles[one].nodes, network.bundles[two].nodes):
            _meet(statement, node, other, same=False)


def _pairs(related: dict[int, list[int]]) -> set[tuple[int, int]]:
    """Every related pair of tasks once."""
    return {(min(task, other), max(task, other)) for task, others in related.items() for other in others}


def _crew(statement: RoutingStatement, nodes: list[int], stagger: tuple[int, int]) -> None:
    first, *others = nodes
    for other in others:
        apart = statement.start(other) - statement.start(first)
        if stagger == (0, 0):
            statement.solver.Add(statement.start(other) == statement.start(first))
        else:
            statement.solver.Add(apart >= stagger[0])
            statement.solver.Add(apart <= stagger[1])
    for one, two in combinations(nodes, 2):
        _meet(statement, one, two, same=False)


def _both(statement: RoutingStatement, one: int, two: int) -> Any:
    """0 if both nodes are served, below otherwise."""
    return statement.active(one) + statement.active(two) - 2


def _after(statement: RoutingStatement, source: int, target: int, seconds: int) -> None:
    served = _both(statement, source, target)
    statement.solver.Add(statement.start(target) - statement.start(source) - served * FOREVER >= seconds)


def _apart(statement: RoutingStatement, one: list[int], two: list[int]) -> None:
    """One visit is over before the other begins, whichever comes first."""
    solver = statement.solver
    order = solver.BoolVar(f"order {one[0]} {two[0]}")
    for first in one:
        for second in two:
            served = _both(statement, first, second)
            gap = statement.start(second) - statement.start(first)
            lasts, takes = statement.network.nodes[first].service, statement.network.nodes[second].service
            solver.Add(gap + (1 - order) * FOREVER - served * FOREVER >= lasts)
            solver.Add(gap - order * FOREVER + served * FOREVER <= -takes)


def _meet(statement: RoutingStatement, one: int, two: int, *, same: bool) -> None:
    """Two nodes have the same caregiver, or different ones, if both are served."""
    solver = statement.solver
    caregivers = [shift.caregiver for shift in statement.network.shifts]
    names = {name: rank for rank, name in enumerate(dict.fromkeys(caregivers), start=1)}
    ranks = [0, *(names[name] for name in caregivers)]
    who = [solver.Element(ranks, statement.vehicle(node) + 1) for node in (one, two)]
    served = _both(statement, one, two)
    if same:
        solver.Add(who[0] - who[1] - served * len(ranks) >= 0)
        solver.Add(who[1] - who[0] - served * len(ranks) >= 0)
    else:
        meets = solver.IsEqualVar(who[0], who[1])
        solver.Add(meets + served <= 0)
