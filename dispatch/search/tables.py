"""Rows of the kernels' tables: legs with their windows, routes with their breaks, tasks with their bonds."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from dispatch.objective import priced
from dispatch.problem import HORIZON_SECONDS
from dispatch.search import columns as c
from dispatch.tasks import Visit
from dispatch.timing.network import Network

Ints = NDArray[np.int64]
KINDS = {"visit": c.VISIT, "pickup": c.PICKUP, "dropoff": c.DROPOFF}


def leg_rows(network: Network, loaded: dict[int, int], where: Ints) -> tuple[Ints, Ints]:
    """One row per leg, its places numbered by `where`, and the windows they point into."""
    count = sum(len(bundle.nodes) for bundle in network.bundles)
    rows = np.zeros((count, c.LEG_WIDTH), np.int64)
    windows: list[tuple[int, int]] = []
    weight = network.problem.objective.late_second
    for leg in range(count):
        node, row = network.nodes[leg], rows[leg]
        row[c.PLACE], row[c.LEAVES] = where[node.place], where[node.leaves]
        row[c.SERVICE], row[c.SETUP] = node.service, node.setup
        row[c.OPEN], row[c.CLOSE] = node.windows[0][0], node.latest
        row[c.KIND], row[c.TASK], row[c.PARTNER], row[c.MEMBER] = KINDS[node.kind], node.task, node.partner, node.member
        row[c.FIRST_WINDOW] = len(windows)
        windows.extend(node.windows)
        row[c.LAST_WINDOW] = len(windows)
        soft = node.late_weight is not None
        row[c.SOFT] = node.windows[-1][1] if soft else c.FOREVER
        row[c.LATE] = weight * (node.late_weight or 0)
        row[c.RIDE] = -1 if node.max_ride is None else node.max_ride
        row[c.PICKED] = -1 if node.picked_up is None else node.picked_up
        row[c.DIRECT] = node.direct
        row[c.PUBLISHED] = network.published[leg][1] if leg in network.published else -1
        if node.kind == "dropoff" and node.partner < 0:
            row[c.KIND] = c.ABOARD
        if leg in loaded:
            row[c.KIND], row[c.PARTNER] = c.LOADED, -1
    return rows, np.array(windows, np.int64).reshape(-1, 2)


def route_rows(
    network: Network, order: list[int], *, modes: list[int], classes: list[int], places: list[tuple[int, int]]
) -> tuple[Ints, Ints]:
    """One row per route, and the breaks they point into, in turn."""
    rows = np.zeros((len(order), c.ROUTE_WIDTH), np.int64)
    breaks: list[tuple[int, int, int]] = []
    objective = network.problem.objective
    who = {name: index for index, name in enumerate(dict.fromkeys(shift.caregiver for shift in network.shifts))}
    for route, shift in enumerate(order):
        held, row = network.shifts[shift], rows[route]
        row[c.MODE], row[c.CLASS] = modes[route], classes[route]
        row[c.BEGINS], row[c.ENDS] = places[route]
        row[c.OPENS], row[c.CLOSES] = held.window
        longest, after = held.longest_work_seconds, held.overtime_after_seconds
        row[c.LONGEST] = c.FOREVER if longest is None else longest
        row[c.OVERTIME] = c.FOREVER if after is None else after
        row[c.USED], row[c.OVERTIME_COST], row[c.WAIT_COST] = (
            priced(getattr(objective, term), held.cost.get(term, 1), 1)
            for term in ("shift_used", "overtime_second", "wait_second")
        )
        row[c.FIRST_BREAK] = len(breaks)
        breaks.extend((*rest.window, rest.seconds) for rest in held.breaks_in_turn)
        row[c.LAST_BREAK] = len(breaks)
        row[c.WHO] = who[held.caregiver]
        row[c.HEAD] = len(network.prefix[shift])
    return rows, np.array(breaks, np.int64).reshape(-1, 3)


def task_rows(network: Network) -> Ints:
    """One row per task, without its bonds."""
    rows = np.zeros((len(network.bundles), c.TASK_WIDTH), np.int64)
    frozen = {network.nodes[number].task for prefix in network.prefix for number in prefix}
    for index, bundle in enumerate(network.bundles):
        row = rows[index]
        row[c.FIRST_LEG], row[c.LAST_LEG] = bundle.nodes[0], bundle.nodes[-1] + 1
        row[c.PENALTY] = bundle.penalty
        if isinstance(bundle.task, Visit):
            row[c.LEAST], row[c.MOST] = bundle.task.stagger
        row[c.FROZEN] = index in frozen
    rows[:, c.DEARNESS] = np.unique(rows[:, c.PENALTY], return_inverse=True)[1]
    return rows


def bond_rows(network: Network, tasks: Ints) -> tuple[Ints, Ints]:
    """The tasks with their places in the table of bonds, and that table."""
    found: list[list[tuple[int, int, int, int]]] = [[] for _ in network.bundles]
    for task, group in network.groups.items():
        found[task].extend((c.ELDER, other, 0, 0) for other in group if other != task)
    for kind, related in ((c.SAME, network.same), (c.DIFFERENT, network.different)):
        for task, others in related.items():
            found[task].extend((kind, other, 0, 0) for other in others)
    for relation in network.problem.relations:
        if relation.kind == "sequence":
            least, most = relation.gap
            for one, two in pairwise(network.tasks[name] for name in relation.of):
                found[one].append((c.BEFORE, two, least, min(most, HORIZON_SECONDS)))
                found[two].append((c.AFTER, one, least, min(most, HORIZON_SECONDS)))
    rows: list[tuple[int, int, int, int]] = []
    for task, bonds in enumerate(found):
        tasks[task, c.BONDS] = len(rows)
        rows.extend(bonds)
        tasks[task, c.BONDS_END] = len(rows)
    return tasks, np.array(rows, np.int64).reshape(-1, 4)
