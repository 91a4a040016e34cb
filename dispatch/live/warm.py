"""A plan kept warm: tables, state and breaks of one problem, and what each change of them means in routes and money."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import typeof
from numpy.typing import NDArray

from dispatch.cost import Account
from dispatch.live.kernels.bounds import find_bears, find_rested
from dispatch.live.kernels.handle import NOW, THOROUGH
from dispatch.live.kernels.promises import freeze, promise_all, settle_keys
from dispatch.live.kernels.searching import back, drop, go, insert_best, rest_anew, search_ways, whole
from dispatch.live.kernels.telling import WIDTH, tell_breaks
from dispatch.live.rests import Rests
from dispatch.live.seating import seat_plan
from dispatch.live.tables import Spare, Tables
from dispatch.live.writing import breaks_between, kept_order, write
from dispatch.plan import Plan, Route
from dispatch.problem import Problem
from dispatch.search import columns as c
from dispatch.search.state import STAMP, TOTAL

Ints = NDArray[np.int64]
Routes = dict[int, Route | None]  # by the number of the shift
Change = Callable[[], tuple[Problem, Routes, set[str]]]  # the problem then, the routes changed, who is not served


@dataclass(frozen=True, slots=True)
class Copy:
    """All that changes, as it was."""

    arrays: tuple[NDArray[Any], ...]
    rests: Any
    names: Any
    routes: dict[int, Route]


@dataclass(frozen=True, slots=True)
class Past:
    """What `undo` goes back to, and when it was left. `copy` None: the tables were made anew since."""

    problem: Problem
    plan: Plan
    now: int
    copy: Copy | None


class Warm:
    """One problem and plan in compiled form. Promises are starts of the plan; `routes` are those of the plan."""

    def __init__(self, problem: Problem, plan: Plan, spare: Spare) -> None:
        self.tables = Tables(problem, spare)
        self.rests = Rests(problem.shifts, self.tables.facts.routes, self.tables.facts.breaks)
        seat_plan(self.tables, self.rests, plan)
        self.number_of = {shift.id: number for number, shift in enumerate(problem.shifts)}
        self.routes: dict[int, Route] = {self.number_of[route.shift]: route for route in plan.routes}
        self.account = Account(problem, self.tables.tasks)
        objective = problem.objective
        self._levels = bool(objective.max_late_second or objective.unfair_second)
        waits = bool(objective.wait_second)
        moved = bool(objective.moved_second and problem.baseline is not None)
        self.tables.live.counters[THOROUGH] = self._levels or waits or moved
        # fractions of a cost are rounded way by way
        self.rough = any(set(shift.cost.values()) - {0, 1} for shift in problem.shifts)
        self._told = np.zeros((2 * len(self.tables.state.rows), WIDTH), np.int64)
        self.look_at(self.tables.state.rows)
        self.settle()
        self._load()

    def _load(self) -> None:
        """Load the kernels from the cache now: 50 ms that the first proposal would otherwise wait for."""
        handles, way = self.tables.handles, self.tables.live.best[0]
        for work, given in (
            (search_ways, (*handles, 0, 1)),
            (go, (*handles, 0, way, self._told)),
            (back, (*handles, 0)),
            (drop, (*handles, way)),
            (insert_best, (*handles, 0)),
        ):
            work.compile(tuple(map(typeof, given)))

    def settle(self, changed: Ints | None = None) -> None:
        """Make what the state holds the plan's promises, with fresh keys. `changed`: routes whose breaks are held
        anew."""
        facts, state, live = self.tables.handles
        promise_all(facts, state, live)
        if changed is not None and len(changed):
            rest_anew(facts, state, live, changed)
        settle_keys(facts, state, kept_order(self.tables))
        find_bears(facts, state, live)
        find_rested(facts, state, live)
        self._work, self._planned_level = self._ends.copy(), self._level()

    @property
    def now(self) -> int:
        """Up to when everything has begun."""
        return int(self.tables.live.counters[NOW])

    def look_at(self, rows: Ints) -> None:
        """Read each route's work from these rows."""
        self._ends = rows[len(rows) - len(self.tables.problem.shifts) :, c.WAIT]  # a view

    def freeze(self, now: int) -> None:
        """Fix what has begun by `now`."""
        freeze(*self.tables.handles, now)
        self.rests.freeze(now)

    def ways(self, number: int, keep: int) -> Ints:
        """The cheapest ways to serve a task, as rows for `go`."""
        count = search_ways(*self.tables.handles, number, keep)
        found: Ints = self.tables.live.best[:count].copy()
        return found

    def go(self, number: int, way: Ints) -> list[list[int]] | None:
        """Serve a task in a way; what that did, as `telling` has it. None, and nothing changed, if it does not fit."""
        count = go(*self.tables.handles, number, way, self._told)
        return None if count < 0 else self._told[:count].tolist()

    def is_open(self, pred: int) -> bool:
        """Whether something may still be put behind a leg or a route's start: its successor has not begun, and nobody
        has left for it."""
        rows, sentinels = self.tables.state.rows, self.tables.sentinels
        number = int(rows[pred, c.ROUTE])
        leg = int(self.tables.live.tails[number]) if number >= 0 else pred
        while leg != pred and leg < len(rows) - len(self.tables.problem.shifts):
            leg = int(rows[leg, c.SUCC])
            if leg >= sentinels:
                return False
        return number >= 0

    def serves(self, name: str) -> bool:
        """Whether a task is in the state's routes."""
        return int(self.tables.state.rows[self.tables.legs_of(self.tables.number[name])[0], c.ROUTE]) >= 0

    def total(self) -> int:
        """The state's cost, but for what looks at all routes together."""
        return int(self.tables.state.counters[TOTAL])

    def back(self, number: int) -> None:
        """Undo the last `go`, which served this task."""
        back(*self.tables.handles, number)

    def higher(self) -> int:
        """By how much the terms of the cost that look at all routes together are more than in the plan."""
        return self._level() - self._planned_level

    def _level(self) -> int:
        if not self._levels:
            return 0
        facts, state, _ = self.tables.handles
        return int(whole(facts, state)) - self.total()

    def more_overtime(self, number: int, work: int) -> int:
        """By how many seconds a shift's overtime is more than in the plan if it works that long."""
        after = int(self.tables.facts.routes[number, c.OVERTIME])
        return max(0, work - after) - max(0, int(self._work[number]) - after)

    def written(self, numbers: Iterable[int]) -> Routes:
        """These shifts' routes as the state has them."""
        return {number: write(self.tables, self.rests, number) for number in numbers}

    def breaks(self, number: int) -> dict[str, int]:
        """When a shift's breaks between two stops start, as the state has them."""
        count = tell_breaks(*self.tables.handles[:2], number, self._told)
        return breaks_between(self.rests, self._told[:count].tolist())

    def before(self, numbers: Iterable[int]) -> Routes:
        """The same as the plan has them."""
        return {number: self.routes.get(number) for number in numbers}

    def price_by(self, problem: Problem) -> None:
        """Price by another problem than before: its pins or tasks are others."""
        self.account = Account(problem, self.tables.tasks)

    def terms(self, before: Routes, after: Routes, *, priced: Account | None = None) -> dict[str, int]:
        """By how much each term of the cost that is a sum over routes grows. `priced`: by what the routes before were
        priced, if the problem has changed since."""
        found: dict[str, int] = {}
        for routes, account, sign in ((before, priced or self.account, -1), (after, self.account, 1)):
            for route in routes.values():
                for name, amount in account.of_route(route).items() if route is not None else ():
                    found[name] = found.get(name, 0) + sign * amount
        return found

    def accept(self, after: Mapping[int, Route | None]) -> None:
        """The state's routes are the plan's from now on."""
        for number, route in after.items():
            if route is None:
                self.routes.pop(number, None)
            else:
                self.routes[number] = route
            self.rests.hold(number, route)
        self.settle(np.array([number for number, route in after.items() if route is not None], np.int64))

    def copy(self) -> Copy:
        """What `restore` puts back."""
        arrays = tuple(array.copy() for array in self._arrays())
        return Copy(arrays, self.rests.kept(), self.tables.copy_names(), dict(self.routes))

    def restore(self, copy: Copy) -> None:
        """Be as when the copy was made."""
        self._put_back(self._arrays(), copy.arrays)
        self.rests.restore(copy.rests)
        self.tables.restore_names(copy.names)
        self.routes = dict(copy.routes)
        self._work, self._planned_level = self._ends.copy(), self._level()

    def _put_back(self, arrays: tuple[NDArray[Any], ...], kept: tuple[NDArray[Any], ...]) -> None:
        stamp = int(self.tables.state.counters[STAMP])
        for array, before in zip(arrays, kept, strict=True):
            array[:] = before
        self.tables.state.counters[STAMP] = stamp + 1  # rows bear stamps of what is undone: none may come again

    def quick_copy(self) -> tuple[NDArray[Any], ...]:
        """What inserting and taking out changes."""
        return tuple(array.copy() for array in self._quick())

    def quick_restore(self, kept: tuple[NDArray[Any], ...]) -> None:
        """Be as when the quick copy was made."""
        self._put_back(self._quick(), kept)
        self.freeze(int(self.tables.live.counters[NOW]))

    def _quick(self) -> tuple[NDArray[Any], ...]:
        facts, state, live = self.tables.facts, self.tables.state, self.tables.live
        return (
            state.rows, state.loads, state.counters, facts.legs, facts.windows, live.promise, live.begun, live.bears,
            live.rested,
        )  # fmt: skip

    def _arrays(self) -> tuple[NDArray[Any], ...]:
        facts, state, live = self.tables.facts, self.tables.state, self.tables.live
        return (
            state.rows, state.loads, state.counters, facts.legs, facts.windows, facts.tasks, facts.bonds, facts.routes,
            facts.breaks, facts.allowed, live.legs, live.windows, live.promise, live.begun, live.closed, live.bears,
            live.rested,
        )  # fmt: skip
