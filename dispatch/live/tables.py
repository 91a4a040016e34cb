"""The compiled tables of a live plan: those of the search with spare rows, so that a task is added in place.

Nothing is compiled or copied for a proposal: its legs, windows, bonds and task take the next free rows, and a proposal
that nobody commits to leaves them free again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dispatch.errors import TaskRefused
from dispatch.live.ability import Ability
from dispatch.live.ground import Ground, NoRoom
from dispatch.live.kernels.handle import FIRST, MIRRORED, MOST_CREW, ROUNDED, SHUT, new_live
from dispatch.live.refusals import refuse_what_is_wrong
from dispatch.places import Place
from dispatch.problem import Problem
from dispatch.search import columns as c
from dispatch.search.facts import Facts
from dispatch.search.state import State, new_state
from dispatch.search.tables import bond_rows, leg_rows, route_rows, task_rows
from dispatch.tasks import Delivery, Task, Visit
from dispatch.timing.forward import stop_preference
from dispatch.timing.network import Network
from dispatch.travel import Table

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Spare:
    """Rows kept free for what the day brings."""

    tasks: int = 128
    places: int = 128

    @property
    def legs(self) -> int:
        """Two for each task, and a crew's worth."""
        return 2 * self.tasks + MOST_CREW


@dataclass(slots=True)
class Used:
    """How many rows are taken."""

    legs: int
    tasks: int
    windows: int
    bonds: int


@dataclass(slots=True)
class Added:
    """A task in spare rows, and what is needed to take it out again."""

    number: int
    before: Used
    bonds: list[tuple[int, int, int]]  # (task, its first bond, its last) before it was bound to the new one


class Tables:
    """Facts, state and live arrays of one problem, and where each task's rows are."""

    def __init__(self, problem: Problem, spare: Spare) -> None:
        self.problem = problem
        carried = {name for shift in problem.shifts for name in shift.capacity}
        self.network = Network(problem, {mode: Table([], []) for mode in problem.travel}, dimensions=carried)
        self.ground = Ground(problem, spare=spare.places)
        self.tasks: dict[str, Task] = dict(problem.tasks)
        self.number = dict(self.network.tasks)
        self.ids = [bundle.task.id for bundle in self.network.bundles]
        self.elders: dict[str, list[str]] = {}
        for visit in problem.visits:
            if visit.elder is not None:
                self.elders.setdefault(visit.elder, []).append(visit.id)
        self.ability = Ability(problem)
        self.facts, self.used = self._facts(spare)
        self.state = _roomy(new_state(self.facts))
        starts = self.state.rows[self.sentinels : self.sentinels + len(problem.shifts)]
        starts[:, c.SLACK] = 0  # promised starts are kept: a route is not begun later to save overtime
        self.live = new_live(
            self.facts.legs, self.facts.windows, self.ground.setup,
            routes=len(problem.shifts), crew=len(self.state.choice),
        )  # fmt: skip
        self.live.counters[[MIRRORED, ROUNDED]] = self.ground.is_mirrored, self.ground.rounded
        self.handles: tuple[Any, Any, Any] = (self.facts.handle(), self.state.handle(), self.live.handle())

    @property
    def sentinels(self) -> int:
        """The first row that is no leg."""
        return len(self.facts.legs) - 2 * len(self.facts.routes)

    def _facts(self, spare: Spare) -> tuple[Facts, Used]:
        network, shifts = self.network, self.problem.shifts
        count = sum(len(bundle.nodes) for bundle in network.bundles)
        legs, windows = leg_rows(network, {}, np.arange(len(self.problem.places)))
        modes, classes, starts, ends = zip(*map(self.ground.of_shift, shifts), strict=True) if shifts else ([],) * 4
        order = list(range(len(shifts)))
        routes, breaks = route_rows(
            network, order, modes=list(modes), classes=list(classes), places=list(zip(starts, ends, strict=True))
        )
        routes[:, c.TYPE] = order
        tasks, bonds = bond_rows(network, task_rows(network))
        used = Used(count, len(tasks), len(windows), len(bonds))
        sentinels = np.zeros((2 * len(shifts), c.LEG_WIDTH), np.int64)
        sentinels[:, c.TASK] = -1
        sentinels[: len(shifts), c.PLACE] = sentinels[: len(shifts), c.LEAVES] = routes[:, c.BEGINS]
        sentinels[len(shifts) :, c.PLACE] = sentinels[len(shifts) :, c.LEAVES] = routes[:, c.ENDS]
        capacity, dimensions = count + spare.legs, len(network.dimensions)
        allowed = np.zeros((capacity, len(shifts)), np.uint8)
        for leg in range(count):
            allowed[leg, network.nodes[leg].allowed] = 1
        demand = np.zeros((capacity, dimensions), np.int64)
        for leg in range(count):
            demand[leg] = network.nodes[leg].load
        idle = np.zeros((spare.tasks + 1, c.TASK_WIDTH), np.int64)
        idle[:, c.FIRST_LEG] = idle[:, c.LAST_LEG] = capacity - 1  # a leg that is never in a route
        nobody = np.full((1, 1), -1, np.int32)
        rows = np.vstack([_padded(legs, capacity), sentinels])
        clock, price = self.ground.clock.reshape(-1), self.ground.price.reshape(-1)
        facts = Facts(
            flags=np.array([0, 1, 1, 1, 1, 1], np.int64),  # a task that comes up may be anything
            weights=_weights(network),
            legs=rows,
            demand=demand,
            routes=routes,
            room=np.array(network.capacities, np.int64).reshape(len(shifts), dimensions),
            tasks=np.vstack([tasks, idle]),
            windows=_padded(windows, len(windows) + 8 * spare.legs),
            breaks=breaks,
            bonds=_padded(bonds, 2 * len(bonds) + 64 * spare.tasks),
            clock=self.ground.clock,
            price=self.ground.price,
            clock_out=clock,
            clock_in=clock,  # unread, as are neighbours: the live kernels look for places by themselves
            price_out=price,
            price_in=price,
            stands=np.ascontiguousarray(rows[:, [c.PLACE, c.LEAVES]], np.int32),
            tabled=np.ascontiguousarray(routes[:, [c.MODE, c.CLASS]] * self.ground.clock[0].size),
            allowed=allowed,
            liking=_liking(network, count, capacity),
            types=np.arange(len(shifts) + 1),
            before=nobody,
            after=nobody,
            near=nobody.astype(np.int64),
            aboard=np.array(network.initial, np.int64).reshape(len(shifts), dimensions),
        )
        return facts, used

    def legs_of(self, task: int) -> range:
        """The legs of a task."""
        return range(int(self.facts.tasks[task, c.FIRST_LEG]), int(self.facts.tasks[task, c.LAST_LEG]))

    def has_begun(self, task: int) -> bool:
        """Whether a leg of a task has."""
        return any(self.live.begun[leg] for leg in self.legs_of(task))

    def add(self, task: Task, places: dict[str, Place]) -> Added:
        """Put a new task into spare rows. Raises TaskRefused, NoRoom."""
        refuse_what_is_wrong(task, self.tasks, self.network.dimensions)
        rows = self._placed(task, places)
        network = self.network.with_only(task, tuple(self.ground.placed[name] for name in rows))
        legs, windows = leg_rows(network, {}, np.array(list(rows.values()), np.int64))
        before, used, facts = Used(*self._used()), self.used, self.facts
        first, count, number = used.legs, len(legs), used.tasks
        fits = first + count < self.sentinels - 1 and number < len(facts.tasks) - 1
        if not fits or used.windows + len(windows) > len(facts.windows) or count > MOST_CREW:
            raise NoRoom
        legs[:, [c.FIRST_WINDOW, c.LAST_WINDOW]] += used.windows
        legs[:, c.TASK] = number
        legs[:, c.PARTNER] += np.where(legs[:, c.PARTNER] >= 0, first, 0)
        row = task_rows(network)[0]
        row[[c.FIRST_LEG, c.LAST_LEG]] += first
        facts.legs[first : first + count], facts.tasks[number] = legs, row
        facts.stands[first : first + count] = legs[:, [c.PLACE, c.LEAVES]]
        for table in (facts.windows, self.live.windows):
            table[used.windows : used.windows + len(windows)] = windows
        self.live.legs[first : first + count, [FIRST, SHUT]] = legs[:, [c.FIRST_WINDOW, c.CLOSE]]
        self.live.promise[first : first + count], self.live.begun[first : first + count] = -1, False
        facts.allowed[first : first + count] = 0
        facts.liking[first : first + count] = 0
        for leg, node in enumerate(network.nodes, start=first):
            facts.allowed[leg] = self.ability.of(task, node.skills)
            facts.demand[leg] = node.load
            if node.kind != "pickup":
                facts.liking[leg] = self.ability.bonus(task)
        self.used = Used(first + count, number + 1, used.windows + len(windows), used.bonds)
        self.tasks[task.id], self.number[task.id] = task, number
        self.ids.append(task.id)
        return Added(number, before, self._bind(task, number))

    def _placed(self, task: Task, places: dict[str, Place]) -> dict[str, int]:
        names = [task.pickup.place, task.dropoff.place] if isinstance(task, Delivery) else [task.place]
        if isinstance(task, Visit) and task.end is not None:
            names.append(task.end)
        found = {}
        for name in names:
            if name in places:
                found[name] = self.ground.add(places[name])
            elif name in self.ground.row_of:
                found[name] = self.ground.row_of[name]
            else:
                raise TaskRefused(task.id, f"place {name!r} is unknown: give it along")
        return found

    def _used(self) -> tuple[int, int, int, int]:
        return (self.used.legs, self.used.tasks, self.used.windows, self.used.bonds)

    def _bind(self, task: Task, number: int) -> list[tuple[int, int, int]]:
        """Keep a new visit and its elder's other visits apart; what their bonds were."""
        if isinstance(task, Delivery) or task.elder is None:
            return []
        mates = [self.number[name] for name in self.elders.get(task.elder, ())]
        rows = self.facts.tasks
        before = [(mate, int(rows[mate, c.BONDS]), int(rows[mate, c.BONDS_END])) for mate in mates]
        for mate, first, last in before:
            kept = self.facts.bonds[first:last].copy()
            self._bonds(mate, np.vstack([kept, [[c.ELDER, number, 0, 0]]]))
        self._bonds(number, np.array([[c.ELDER, mate, 0, 0] for mate in mates], np.int64).reshape(-1, 4))
        self.elders.setdefault(task.elder, []).append(task.id)
        return before

    def _bonds(self, task: int, rows: Ints) -> None:
        first, last = self.used.bonds, self.used.bonds + len(rows)
        if last > len(self.facts.bonds):
            raise NoRoom
        self.facts.bonds[first:last] = rows
        self.facts.tasks[task, c.BONDS], self.facts.tasks[task, c.BONDS_END] = first, last
        self.used.bonds = last

    def forget(self, name: str) -> None:
        """A task is no more; its rows stay idle until the tables are made anew."""
        task = self.tasks.pop(name)
        del self.number[name]
        if isinstance(task, Visit) and task.elder is not None:
            self.elders[task.elder].remove(name)

    def copy_names(self) -> tuple[Any, ...]:
        """What `restore_names` puts back: which task is where."""
        elders = {elder: list(names) for elder, names in self.elders.items()}
        return dict(self.tasks), dict(self.number), list(self.ids), elders, self._used()

    def restore_names(self, kept: tuple[Any, ...]) -> None:
        """Be as when the copy was made, but for the rows themselves."""
        self.tasks.clear()  # others read this very table
        self.tasks.update(kept[0])
        self.number, self.ids = dict(kept[1]), list(kept[2])
        self.elders = {elder: list(names) for elder, names in kept[3].items()}
        self.used = Used(*kept[4])

    def take_back(self, added: Added) -> None:
        """Free the rows of the task added last."""
        name = self.ids.pop()
        task = self.tasks.pop(name)
        del self.number[name]
        if isinstance(task, Visit) and task.elder is not None:
            self.elders[task.elder].remove(name)
        for mate, first, last in added.bonds:
            self.facts.tasks[mate, c.BONDS], self.facts.tasks[mate, c.BONDS_END] = first, last
        idle = self.facts.tasks[added.number]
        idle[:] = 0
        idle[c.FIRST_LEG] = idle[c.LAST_LEG] = self.sentinels - 1
        self.used = added.before


def _padded(table: Ints, size: int) -> Ints:
    wide = np.zeros((size, table.shape[1]), np.int64)
    wide[: len(table)] = table
    return wide


def _roomy(state: State) -> State:
    """With room for any crew that may come up."""
    crew = max(MOST_CREW, len(state.choice))
    return state._replace(choice=np.zeros(crew, np.int64), out=np.zeros((crew, c.STATE_WIDTH), np.int64))


def _weights(network: Network) -> Ints:
    objective = network.problem.objective
    moved = objective.moved_second if network.published else 0
    return np.array([objective.max_late_second, objective.unfair_second, moved], np.int64)


def _liking(network: Network, count: int, capacity: int) -> Ints:
    liking = np.zeros((capacity, len(network.shifts)), np.int64)
    for leg in range(count):
        node = network.nodes[leg]
        if node.bonus or node.strange or leg in network.published:
            liking[leg] = [stop_preference(network, shift, leg) for shift in range(len(network.shifts))]
    return liking
