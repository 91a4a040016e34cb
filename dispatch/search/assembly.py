"""Edge assembly: a child is one plan in which ways that only it goes are exchanged for ways that only another plan
goes, along one cycle of both in turn (Nagata & Bräysy 2009, doi:10.1002/net.20333; with time windows Nagata, Bräysy &
Dullaert 2010, doi:10.1016/j.cor.2009.06.022). Rings that no route begins, and stops that come too late or find no room,
are left out of it, to be inserted.

Where routes are few and long, exchanging whole ones is coarse. Only for plain days whose routes are all alike: there a
plan is nothing but its ways, and each way may be on any route.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from dispatch.search import columns as c
from dispatch.search.crossing import Child, Crosses, Crossing, Parent
from dispatch.search.facts import PLAIN, Facts
from dispatch.search.state import KEY_BITS

DEPOT = -1  # where all routes begin and end
TRIES = 8  # cycles of which the one that leaves out least is taken
MOST_LOOSE = 0.2  # of the tasks, times a draw from 0 to 1: a cycle that leaves out no more is taken at once

Way = tuple[int, int]  # from one leg, or the depot, to the next
Cycle = list[tuple[Way, Way]]  # a way of the one plan, and one of the other that ends where it does
Routes = list[list[int]]


def crossing_of(facts: Facts, types: list[int], chance: np.random.Generator) -> Crosses:
    """How plans of this problem are crossed best."""
    sizes = facts.tasks[:, c.LAST_LEG] - facts.tasks[:, c.FIRST_LEG]
    alike = len(facts.types) == 2 and not facts.aboard.any()
    if facts.flags[PLAIN] and alike and (sizes == 1).all() and not facts.tasks[:, c.FROZEN].any():
        return Assembly(facts, chance)
    return Crossing(facts, types, chance)


class Assembly:
    """Crosses plans of a plain problem whose routes are all alike."""

    share = 0.005  # of the budget, to let a child settle: it differs from a parent by a few ways

    def __init__(self, facts: Facts, chance: np.random.Generator) -> None:
        self.chance = chance
        count, routes = len(facts.legs) - 2 * len(facts.routes), facts.routes[0]
        self.windows = facts.legs[:count, [c.OPEN, c.CLOSE, c.SERVICE]].tolist()
        self.demand = np.abs(facts.demand).tolist()
        self.room, self.duty = facts.room[0].tolist(), routes[[c.OPENS, c.CLOSES]].tolist()
        self.clock = facts.clock[routes[c.MODE]]
        self.stands = facts.stands[:count].tolist()
        self.begins, self.ends = int(facts.stands[count, 1]), int(facts.stands[count + len(facts.routes), 0])
        self.tasks = len(facts.tasks)

    def crossed(self, one: Parent, two: Parent) -> Child | None:
        """A child close to `one`; None if the two go the same ways."""
        found = cycles(one.routes, two.routes, self.chance)
        if not found:
            return None
        best: Routes = []
        for _ in range(TRIES):
            cycle = found[self.chance.integers(len(found))]
            best = max(best, [self._fitting(legs) for legs in exchanged(one.routes, cycle)], key=_stops)
            if self.tasks - _stops(best) <= MOST_LOOSE * self.tasks * self.chance.random():
                break
        used = [number for number, legs in enumerate(one.routes) if legs]
        numbers = used + [number for number, legs in enumerate(one.routes) if not legs]
        placed = [(leg, number) for number, legs in zip(numbers, best, strict=False) for leg in legs]
        legs, routes = np.array(placed, np.int64).reshape(-1, 2).T
        return Child(legs.copy(), routes.copy(), np.arange(1, len(legs) + 1) << KEY_BITS)

    def _fitting(self, legs: list[int]) -> list[int]:
        """The route without stops that come too late, find no room, or keep it from its end in time."""
        ready, place, free, kept = self.duty[0], self.begins, list(self.room), []
        for leg in legs:
            opens, closes, service = self.windows[leg]
            reached, leaves = self.stands[leg]
            start = max(ready + int(self.clock[place, reached]), opens)
            left = [room - load for room, load in zip(free, self.demand[leg], strict=True)]
            home = start + service + int(self.clock[leaves, self.ends])
            if start <= closes and home <= self.duty[1] and min(left, default=0) >= 0:
                kept.append(leg)
                ready, place, free = start + service, leaves, left
        return kept


def _stops(routes: Routes) -> int:
    return sum(map(len, routes))


def cycles(one: Iterable[tuple[int, ...]], two: Iterable[tuple[int, ...]], chance: np.random.Generator) -> list[Cycle]:
    """The ways that only one of two plans of the same legs goes, as cycles; which are strung together at the depot is
    left to chance. A plan with fewer routes goes from the depot to the depot as often as it lacks one."""
    ours, theirs = _ways(one), _ways(two)
    common = set(ours) & set(theirs)
    onward: dict[int, list[int]] = {}
    backward: dict[int, list[int]] = {}
    for before, after in ours:
        if (before, after) not in common:
            onward.setdefault(before, []).append(after)
    for before, after in theirs:
        if (before, after) not in common:
            backward.setdefault(after, []).append(before)
    idle = len(onward.get(DEPOT, ())) - sum(1 for way in theirs if way[0] == DEPOT and way not in common)
    lacking = backward if idle > 0 else onward
    if idle:
        lacking.setdefault(DEPOT, []).extend([DEPOT] * abs(idle))
    for at_depot in (onward.get(DEPOT, []), backward.get(DEPOT, [])):
        chance.shuffle(at_depot)
    return [cycle for begin in chance.permutation(list(onward)) for cycle in _strung(int(begin), onward, backward)]


def _ways(routes: Iterable[tuple[int, ...]]) -> list[Way]:
    return [way for legs in routes if legs for way in zip((DEPOT, *legs), (*legs, DEPOT), strict=True)]


def _strung(begin: int, onward: dict[int, list[int]], backward: dict[int, list[int]]) -> list[Cycle]:
    """The cycles met by going on from a leg, a way of the one forwards and one of the other backwards, until none is
    left there. They are taken out of both tables."""
    found: list[Cycle] = []
    trail: Cycle = []
    at, here = {begin: 0}, begin
    while onward.get(here):
        after = onward[here].pop()
        before = backward[after].pop()
        trail.append(((here, after), (before, after)))
        here = before
        if here in at:  # a cycle is closed; what led to it goes on
            found.append(trail[at[here] :])
            trail = trail[: at[here]]
            at = {begin: 0} | {way[1][0]: number + 1 for number, way in enumerate(trail)}
        else:
            at[here] = len(trail)
    return found


def exchanged(routes: Iterable[tuple[int, ...]], cycle: Cycle) -> Routes:
    """A plan's routes with the ways of a cycle exchanged; rings that do not pass the depot are left out."""
    ways = _ways(routes)
    onward = {before: after for before, after in ways if before != DEPOT}
    first = [after for before, after in ways if before == DEPOT]
    for (before, after), _ in cycle:
        if before != DEPOT:
            del onward[before]
        elif after != DEPOT:
            first.remove(after)
    for _, (before, after) in cycle:
        if before != DEPOT:
            onward[before] = after
        elif after != DEPOT:
            first.append(after)
    found: Routes = []
    for leg in first:
        legs = []
        while leg != DEPOT:
            legs.append(leg)
            leg = onward[leg]  # noqa: PLW2901 - it goes along the route
        found.append(legs)
    return found
