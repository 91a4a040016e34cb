"""Construction and ruin-and-recreate over timed schedules (Schrimpf et al. 2000, doi:10.1006/jcph.1999.6413).

Tasks are inserted one by one where they cost least, the dearest to leave out first; then, round by round,
a few neighbouring tasks are taken out and put back in another order, and what is not worse is kept.
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


class Recreate:
    """Ruin and recreate from a schedule. `step` is one round; it never makes the schedule dearer."""

    def __init__(self, schedule: Schedule, chance: random.Random) -> None:
        self.schedule = schedule
        self.network = schedule.network
        self.chance = chance
        self.frozen = {self.network.nodes[number].task for prefix in self.network.prefix for number in prefix}

    def step(self, deadline: float | None) -> bool:
        """Take a few tasks out around one, put all back; True if the schedule got cheaper."""
        before, cost = self.schedule.copy(), self.schedule.cost()
        seed = self._seed()
        if seed is None:
            return False
        near = self._near(seed, self.chance.randint(2, 8))
        self.schedule.remove(near)
        wanted = [task for task in (seed, *near) if not self.schedule.served(task)]
        if self.chance.random() < 0.5:
            self.chance.shuffle(wanted)
        wanted = list(dict.fromkeys(wanted))
        others = [task for task in self.schedule.unserved() if task not in wanted]
        fill(self.schedule, wanted, deadline=deadline)
        if self.schedule.cost() <= cost and others:
            fill(self.schedule, self.chance.sample(others, min(3, len(others))), deadline=deadline)
        if self.schedule.cost() > cost:
            self.schedule.restore(before)
        return self.schedule.cost() < cost

    def _seed(self) -> int | None:
        left = [task for task in self.schedule.unserved() if self._possible(task)]
        if left and self.chance.random() < 0.7:
            return self.chance.choice(left)
        movable = [t for t in range(len(self.network.bundles)) if self.schedule.served(t)]
        return self.chance.choice(movable) if movable else None

    def _possible(self, task: int) -> bool:
        return all(self.network.nodes[number].allowed for number in self.network.bundles[task].nodes)

    def _near(self, seed: int, count: int) -> list[int]:
        """The served tasks nearest in travel and time to the seed, with some chance in their order."""
        node = self.network.nodes[self.network.bundles[seed].nodes[-1]]
        rows = self.network.rows[0].seconds
        middle = sum(node.windows[0]) // 2

        def distance(task: int) -> float:
            other = self.network.nodes[self.network.bundles[task].nodes[-1]]
            apart = abs(self.schedule.starts[self.network.bundles[task].nodes[-1]] - middle)
            return (rows[node.place][other.place] + apart / 4) * self.chance.uniform(0.5, 1.5)

        served = [
            task for task in range(len(self.network.bundles)) if task not in self.frozen and self.schedule.served(task)
        ]
        return sorted(served, key=distance)[:count]
