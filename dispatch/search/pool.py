"""The pool: routes met during a search whose cost does not hang on other routes, for OR-Tools to choose from."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dispatch.search import columns as c
from dispatch.search.facts import Facts
from dispatch.search.state import State, routes_in

MOST_ROUTES = 20_000  # the pool starts afresh beyond


class PooledRoute(NamedTuple):
    """Legs in driving order on a route of a type."""

    type_: int
    legs: tuple[int, ...]


class Pool:
    """Routes with their costs. Routes on which a crew member, or a visit bound to others, stops are left out."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.costs: dict[PooledRoute, int] = {}
        tasks, legs = facts.tasks, facts.legs
        count = len(legs) - 2 * len(facts.routes)
        crews = (tasks[:, c.LAST_LEG] - tasks[:, c.FIRST_LEG] > 1) & (legs[tasks[:, c.FIRST_LEG], c.KIND] == c.VISIT)
        bound = crews | (tasks[:, c.BONDS] < tasks[:, c.BONDS_END]) | (tasks[:, c.FROZEN] == 1)
        self.bound = bound[legs[:count, c.TASK]] if count else np.zeros(0, bool)
        self.types = facts.routes[:, c.TYPE].tolist()

    def add(self, state: State) -> None:
        """Take in the routes of a state."""
        if len(self.costs) > MOST_ROUTES:
            self.costs.clear()
        for _, route, cost in self.routes_of(state):
            if not self.bound[list(route.legs)].any():
                self.costs[route] = cost

    def routes_of(self, state: State) -> list[tuple[int, PooledRoute, int]]:
        """(number, route, cost) of every route with stops."""
        ends = len(self.facts.legs) - len(self.facts.routes)
        costs = state.rows[:, c.COST].tolist()
        found = []
        for number, legs in enumerate(routes_in(state)):
            if legs:
                cost = costs[ends + number] + sum(costs[leg] for leg in legs)
                found.append((number, PooledRoute(self.types[number], legs), cost))
        return found
