"""Why a stop is where it is: what it costs there, what leaving it out would save, and what every other caregiver and
every other place in the route would cost more, each found by trying it, timed exactly.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from dispatch.account.shares import Share, cost_by_stop
from dispatch.account.trial import Trial
from dispatch.errors import UnknownStop
from dispatch.plan import Plan, Stop
from dispatch.problem import Problem
from dispatch.tasks import Delivery
from dispatch.timing.insertion import bonds_allow

SECONDS = 5.0  # for trying the others; what they did not suffice for is counted as `untried`


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another way to serve the stop: by whom, from when, and what the whole plan would cost more than now."""

    shift: str
    caregiver: str
    start: int
    more: int


@dataclass(frozen=True, slots=True)
class Why:
    """The answer for one stop. `saves`: what the plan would cost less without its task (a crew's or a ride's other
    stops too), the price of leaving it out apart, which is `penalty`. `others`: the best by each other caregiver's
    shift, the cheapest first. `otherwise`: the best other place or time in the same route. `excluded`: how many shifts
    each rule keeps out; `busy` are those where it was tried at every place and fits at none."""

    stop: Stop
    shift: str
    caregiver: str
    share: Share
    saves: int
    penalty: int
    others: tuple[Alternative, ...] = ()
    otherwise: Alternative | None = None
    excluded: Mapping[str, int] = field(default_factory=dict)


def why(problem: Problem, plan: Plan, key: tuple[str, str, int], *, seconds: float = SECONDS) -> Why:
    """Why the stop (kind, id, member) of a valid plan is where it is. Raises UnknownStop."""
    found = next(((route, stop) for route in plan.routes for stop in route.stops if stop.key == key), None)
    if found is None or found[1].kind not in ("visit", "pickup", "dropoff"):
        raise UnknownStop(*key)
    route, stop = found
    share = cost_by_stop(problem, plan).of(key)
    trial = Trial(problem, plan, stop.id, until=time.monotonic() + seconds)
    search = _Others(trial, trial.network.node_of[key], route.shift)
    others = sorted(search.others(), key=lambda other: (other.more, other.shift))
    return Why(
        stop, route.shift, problem.shift_of[route.shift].caregiver, share, trial.saves, trial.penalty,
        tuple(others), search.otherwise(), dict(search.excluded),
    )  # fmt: skip


class _Others:
    """Tries one stop of a task everywhere else; the other members of a crew stay with their caregivers."""

    def __init__(self, trial: Trial, number: int, shift: str) -> None:
        self.trial = trial
        self.network = trial.network
        self.number = number
        self.home = self.network.shift_index[shift]
        self.excluded: Counter[str] = Counter()
        nodes = self.network.bundles[trial.task].nodes
        node = self.network.nodes[number]
        self.crew = {other: trial.before.shift_of[other] for other in nodes} if node.kind == "visit" else {}

    def others(self) -> Iterator[Alternative]:
        """The best of every other shift that can serve the stop."""
        able = []
        for shift in range(len(self.network.shifts)):
            if shift != self.home:
                code = self._bar(shift)
                if code is None:
                    able.append(shift)
                else:
                    self.excluded[code] += 1
        for shift in self.trial.promising(able):
            if time.monotonic() > self.trial.until:
                self.excluded["untried"] += 1
                continue
            found = self.trial.best(self._kept_to(shift))
            if found is None:
                self.excluded["busy"] += 1
            else:
                yield self._told(shift, *found)

    def otherwise(self) -> Alternative | None:
        """The best other place in the same route."""
        found = self.trial.best(self._kept_to(self.home), elsewhere=True)
        return None if found is None else self._told(self.home, *found)

    def _told(self, shift: int, start: Mapping[int, int], more: int) -> Alternative:
        held = self.network.shifts[shift]
        return Alternative(held.id, held.caregiver, start[self.number], more)

    def _kept_to(self, shift: int) -> dict[int, int]:
        """Which shift each stop of the task must go to."""
        nodes = self.network.bundles[self.trial.task].nodes
        return {**dict.fromkeys(nodes, shift), **self.crew, self.number: shift}

    def _bar(self, shift: int) -> str | None:
        """The first rule that keeps a shift from the stop whatever the time; None if there is none."""
        network, node, held = self.network, self.network.nodes[self.number], self.network.shifts[shift]
        task = network.bundles[self.trial.task].task
        crew = {network.shifts[other].caregiver for number, other in self.crew.items() if number != self.number}
        meets = held.is_on_duty(node.windows, soft=node.late_weight is not None)
        heavy = isinstance(task, Delivery) and not held.has_aboard(task.id) and not held.holds(task.load)
        bars = (
            ("skill", not node.skills <= held.skills),
            ("excluded", held.caregiver in task.excluded),
            ("capacity", heavy),
            ("pin", shift not in node.allowed),
            ("crew", held.caregiver in crew),
            ("relation", not bonds_allow(self.trial.without, self.trial.task, shift, leads=node.member == 0)),
            ("no_shift", not meets),
        )
        return next((code for code, barred in bars if barred), None)
