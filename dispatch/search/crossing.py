"""Crossing two plans: some routes of one, near together, take the place of those of the other that serve the same
tasks (selective route exchange, Nagata & Kobayashi 2010, doi:10.1007/978-3-642-15844-5_54). What is then on no route is
inserted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from dispatch.search import columns as c
from dispatch.search.facts import Facts
from dispatch.search.state import State, routes_in

Ints = NDArray[np.int64]
Placed = tuple[int, tuple[int, ...]]  # a route and its legs


class Parent(NamedTuple):
    """A plan to be crossed with others."""

    cost: int
    routes: tuple[tuple[int, ...], ...]  # legs in driving order, by route
    keys: Ints  # (legs,)


class Child(NamedTuple):
    """Where legs are to be seated, route by route in driving order."""

    legs: Ints
    numbers: Ints  # their routes
    keys: Ints


class Crosses(Protocol):
    """A way of crossing plans of one problem."""

    share: float  # of the budget, to let a child settle

    def crossed(self, one: Parent, two: Parent) -> Child | None:
        """A child of two plans; None if there is nothing to exchange."""


class Mates(Protocol):
    """Other searches on the same problem."""

    def tell(self, plan: Parent) -> None:
        """Let the others know of a plan."""

    def heard(self) -> list[Parent]:
        """Plans that the others told of since the last call."""


class Alone:
    """No other searches."""

    def tell(self, plan: Parent) -> None:
        """Nobody hears it."""

    def heard(self) -> list[Parent]:
        """Nothing."""
        return []


def seats(plan: Parent) -> Child:
    """A plan as it stands."""
    return _child([(leg, number) for number, legs in enumerate(plan.routes) for leg in legs], plan.keys)


def _child(placed: list[tuple[int, int]], keys: Ints) -> Child:
    """From (leg, route) and the keys by leg."""
    legs, numbers = np.array(placed, np.int64).reshape(-1, 2).T
    return Child(legs.copy(), numbers.copy(), keys[legs])


def parent_of(state: State, cost: int) -> Parent:
    """What a settled state of this cost holds."""
    count = len(state.rows) - 2 * (len(state.seen) - 1)
    return Parent(cost, tuple(routes_in(state)), state.rows[:count, c.KEY].copy())


class Crossing:
    """Crosses plans of one problem. `types` names the type of each route: those of one type are interchangeable."""

    share = 0.0125

    def __init__(self, facts: Facts, types: list[int], chance: np.random.Generator) -> None:
        count = len(facts.legs) - 2 * len(facts.routes)
        self.near, self.types, self.chance = facts.near, types, chance
        self.first_leg = facts.tasks[:, c.FIRST_LEG]
        self.task_of = facts.legs[:count, c.TASK].tolist()
        self.size = (facts.tasks[:, c.LAST_LEG] - facts.tasks[:, c.FIRST_LEG]).tolist()
        self.frozen = set(np.flatnonzero(facts.tasks[:, c.FROZEN] == 1).tolist())
        self.partners: dict[int, set[int]] = {
            int(task): set(facts.bonds[facts.tasks[task, c.BONDS] : facts.tasks[task, c.BONDS_END], 1].tolist())
            for task in np.flatnonzero(facts.tasks[:, c.BONDS] < facts.tasks[:, c.BONDS_END])
        }

    def crossed(self, one: Parent, two: Parent) -> Child | None:
        """A child that has some routes from `two` and the others from `one`; None if there is nothing to exchange."""
        group = self._group(two)
        wanted = self._whole(two, group)
        if not wanted:
            return None
        given = self._counterparts(one, wanted, len(group))
        if self.chance.random() < 0.5:  # what stays where it is in `one` is not taken from `two`
            kept = {self.task_of[leg] for number, legs in enumerate(one.routes) if number not in given for leg in legs}
            wanted = self._closed(wanted - kept)
        homeless = {self.task_of[leg] for number in given for leg in one.routes[number]} | wanted
        placed = self._kept(one, given, homeless)
        free = self._free(one, given)
        keys = one.keys.copy()
        for number in group:
            legs = tuple(leg for leg in two.routes[number] if self.task_of[leg] in wanted)
            numbers = free.get(self.types[number])
            if not legs or not numbers:
                continue
            placed.append((numbers.pop(), legs))
            keys[list(legs)] = two.keys[list(legs)]
        return self._complete(placed, keys)

    def _complete(self, placed: list[Placed], keys: Ints) -> Child:
        """The child without tasks some of whose legs found no route."""
        present = self._present(legs for _, legs in placed)
        return _child(
            [
                (leg, number)
                for number, legs in placed
                for leg in legs
                if present[self.task_of[leg]] == self.size[self.task_of[leg]]
            ],
            keys,
        )

    def _present(self, routes: Iterable[tuple[int, ...]]) -> Counter[int]:
        """How many legs of each task these routes hold."""
        return Counter(self.task_of[leg] for legs in routes for leg in legs)

    def _group(self, two: Parent) -> list[int]:
        """Routes that pass near one leg, at most half of those in use, none of them pinned."""
        route_of = {self.task_of[leg]: number for number, legs in enumerate(two.routes) for leg in legs}
        in_use = sum(1 for legs in two.routes if legs)
        most = int(self.chance.integers(1, max(2, in_use // 2 + 1)))
        seed = int(self.first_leg[self.chance.integers(len(self.first_leg))])
        group: dict[int, None] = {}
        for leg in self.near[seed].tolist():
            if leg < 0 or len(group) >= most:
                break
            number = route_of.get(self.task_of[leg])
            if number is not None and not self._is_pinned(two.routes[number]):
                group[number] = None
        return list(group)

    def _whole(self, two: Parent, group: list[int]) -> set[int]:
        """Tasks that only these routes serve."""
        present = self._present(two.routes[number] for number in group)
        return self._closed({task for task, legs in present.items() if legs == self.size[task]})

    def _closed(self, tasks: set[int]) -> set[int]:
        """Without tasks that are bound to others not among them."""
        while self.partners:
            loose = {task for task in tasks if not self.partners.get(task, set()) <= tasks}
            if not loose:
                break
            tasks = tasks - loose
        return tasks

    def _counterparts(self, one: Parent, wanted: set[int], most: int) -> set[int]:
        """The routes of `one` that serve most of the wanted tasks, none of them pinned."""
        overlap = []
        for number, legs in enumerate(one.routes):
            common = sum(1 for leg in legs if self.task_of[leg] in wanted)
            if common and not self._is_pinned(legs):
                overlap.append((-common, number))
        return {number for _, number in sorted(overlap)[:most]}

    def _is_pinned(self, legs: tuple[int, ...]) -> bool:
        return not self.frozen.isdisjoint(self.task_of[leg] for leg in legs)

    def _kept(self, one: Parent, given: set[int], homeless: set[int]) -> list[Placed]:
        return [
            (number, tuple(leg for leg in legs if self.task_of[leg] not in homeless))
            for number, legs in enumerate(one.routes)
            if number not in given and legs
        ]

    def _free(self, one: Parent, given: set[int]) -> dict[int, list[int]]:
        """Routes of each type that the child may use, those given up first."""
        free: dict[int, list[int]] = {}
        for number, legs in enumerate(one.routes):
            if number in given:
                free.setdefault(self.types[number], []).append(number)
            elif not legs:
                free.setdefault(self.types[number], []).insert(0, number)
        return free
