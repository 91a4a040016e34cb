"""Filling a schedule: tasks are inserted one by one where they cost least, the dearest to leave out first.

This is the exact but slow way, for a few tasks at a time: what is pinned before the search, what is left after it.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterable

from dispatch.tasks import Visit
from dispatch.timing.insertion import Inserter
from dispatch.timing.network import Network
from dispatch.timing.schedule import Schedule

TRIES_WHILE_BUILDING = 400  # settlings per task; the last word on a left-over task has no such bound


def construct(network: Network, chance: random.Random, deadline: float | None) -> Schedule:
    """A first schedule: prefix pins in their order, then tasks by penalty, crews, tightness."""
    schedule = Schedule(network)
    pinned = dict.fromkeys(network.nodes[number].task for prefix in network.prefix for number in prefix)
    fill(schedule, pinned, deadline=deadline, tries=None)
    fill(schedule, ranked(schedule, chance), deadline=deadline)
    return schedule


def ranked(schedule: Schedule, chance: random.Random) -> list[int]:
    """Unserved tasks in the order to try them: penalty, crews before singles, few shifts, tight windows."""
    network = schedule.network

    def key(task: int) -> tuple[int, int, int, float]:
        nodes = [network.nodes[number] for number in network.bundles[task].nodes]
        slack = min(sum(finish - begin for begin, finish in node.windows) for node in nodes)
        able = min(len(node.allowed) for node in nodes)
        return (-network.bundles[task].penalty, -_crew(schedule, task), able, slack * chance.uniform(0.7, 1.3))

    return sorted(schedule.unserved(), key=key)


def _crew(schedule: Schedule, task: int) -> int:
    held = schedule.network.bundles[task].task
    return len(held.crew) if isinstance(held, Visit) else 1


def fill(
    schedule: Schedule, tasks: Iterable[int], *, deadline: float | None, tries: int | None = TRIES_WHILE_BUILDING
) -> list[int]:
    """Insert tasks in the given order; those that found no place."""
    inserter = Inserter(schedule, tries=tries, deadline=deadline)
    left = []
    for task in tasks:
        late = deadline is not None and time.monotonic() > deadline
        if not schedule.served(task) and (late or not inserter.insert(task)):
            left.append(task)
    return left
