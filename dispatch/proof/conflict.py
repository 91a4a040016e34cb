"""Proof that a task cannot be served beside others, and beside which of them."""

from __future__ import annotations

from collections.abc import Collection

from ortools.sat.python import cp_model

from dispatch.places import Dense
from dispatch.proof.statement import Statement, prover
from dispatch.timing.network import Network

MOST_TASKS = 24  # of a proof on a large day, those nearest in time


def conflict(
    network: Network, task: int, others: Collection[int], *, seconds: float, seed: int = 0
) -> list[int] | None:
    """Tasks of `others` beside which no plan serves `task`: as few as come to light, none if no plan serves it at all.
    None if nothing is proved in `seconds`. Tasks are numbered as the network's bundles. Raises DayTooLarge."""
    inside = {task, *others}
    outside = [other for other in range(len(network.bundles)) if other not in inside]
    loose = {other for other in outside if may_be_left_out(network, other)}
    inside |= set(outside) - loose
    statement = Statement(network, inside, whole=not loose)
    served = statement.routes.served
    statement.model.add(served[task] == 1)
    statement.model.add_assumptions([served[other] for other in sorted(others)])
    solver = prover(seconds=seconds, seed=seed)
    if solver.solve(statement.model) != cp_model.INFEASIBLE:
        return None
    core = set(solver.sufficient_assumptions_for_infeasibility())
    return sorted(other for other in others if served[other].index in core)


def rivals(network: Network, task: int, served: Collection[int]) -> list[int]:
    """Served tasks that only those caregivers can make who can make `task`: those nearest to it in time."""
    able = {shift for number in network.bundles[task].nodes for shift in network.nodes[number].allowed}
    found = [
        other
        for other in served
        if all(able.issuperset(network.nodes[number].allowed) for number in network.bundles[other].nodes)
    ]
    here = _middle(network, task)
    return sorted(found, key=lambda other: (abs(_middle(network, other) - here), other))[:MOST_TASKS]


def _middle(network: Network, task: int) -> int:
    windows = [window for number in network.bundles[task].nodes for window in network.nodes[number].windows]
    return (min(begin for begin, _ in windows) + max(finish for _, finish in windows)) // 2


def may_be_left_out(network: Network, task: int) -> bool:
    """Whether taking the task out of any plan leaves a plan: its service must take longer than any way gets by not
    passing it. Ways over the ground (whole seconds of what obeys the triangle) get a second longer at the most; of a
    table nothing is known."""
    if any(isinstance(network.problem.travel[shift.mode], Dense) for shift in network.shifts):
        return False
    nodes = [network.nodes[number] for number in network.bundles[task].nodes]
    return all(row.seconds[node.place][node.leaves] < node.service for node in nodes for row in network.travel.values())
