"""One search from a schedule or from nothing: construct, anneal in stretches, hand back sequences.

Temperatures follow the share of the limit that is used up, be it time or iterations; with iterations alone a seed
reproduces. They scale with what a stop costs on average, so no instance needs figures of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from dispatch.search import columns as c
from dispatch.search.anneal import anneal, whole_cost
from dispatch.search.assembly import crossing_of
from dispatch.search.budget import Budget
from dispatch.search.chance import seeded
from dispatch.search.crossing import Alone, Child, Crosses, Ints, Mates, Parent, parent_of, seats
from dispatch.search.facts import PLAIN, compiled
from dispatch.search.fleet import spare_a_route
from dispatch.search.linking import rekey
from dispatch.search.pool import Pool, PooledRoute
from dispatch.search.population import CHILD_HEAT, MEMBER_SHARE, Population, is_worth_while
from dispatch.search.ruin import LONG_STRINGS, MANY_TASKS, STRINGS
from dispatch.search.seating import fill, seat, seated, sequences, starts
from dispatch.search.state import IN_USE, KEY_BITS, MOST_IN_USE, UNSERVED, WAYS, copy_state, new_state
from dispatch.timing.network import Network
from dispatch.timing.schedule import Schedule

# Share of rounds that walk by small moves, first and last temperature in average costs of a stop: of days whose tasks
# small moves can take, of days of deliveries only, of plain routing. Found on Mankowska's instances, on generated city
# days, on Li & Lim's and on Homberger's of 200.
WALKED, CARRIED, PLAINLY = (0.5, 4.0, 0.05), (0.0, 0.5, 0.02), (0.0, 1.0, 0.05)
SAVING_SHARE = 0.25  # of the budget, at most, to save routes where they are dear
TRYING_SHARE = 0.05  # of the budget, at most, for one of them, before it is tried from nothing: luck differs much
SAVING_HEAT = 0.5  # the temperature meanwhile
SAVED_HOT = 2.0  # least first temperature of a search that has to do with as few routes from nothing
SAVED_SHARE = 0.5  # of the budget, at most, until a population ends where routes were saved: its best then settles
TALK_SHARE = 0.1  # of the budget, from one talk with the mates to the next
TALK_FROM = 0.5  # of the budget, before the first: sooner, all would only cool down to the same plan
PACING_SHARE = 0.005  # of the budget, to learn how many rounds it is where time is what is limited
PACING_SECONDS = 1.0  # at most: who plans for an hour wants a word of progress before

Told = Callable[[float, int, int], None]  # (share of the limit used up, cost, unserved)


def knows_its_pace(budget: Budget) -> bool:
    """Whether it is known how many rounds a budget is."""
    return budget.rounds is not None or budget.share >= PACING_SHARE or budget.spent_seconds >= PACING_SECONDS


class Search:
    """Searches on one network. `best` is what was found; call `construct` before `run`."""

    def __init__(self, network: Network, *, seed: int) -> None:
        self.network = network
        self.compiled = compiled(network)
        self.facts = self.compiled.facts
        self.best = new_state(self.facts)
        self._facts, self._best = self.facts.handle(), self.best.handle()
        self.state, self.found = new_state(self.facts), new_state(self.facts)
        self._state, self._found = self.state.handle(), self.found.handle()
        self.start, self.blank = new_state(self.facts), new_state(self.facts)
        self._start, self._blank = self.start.handle(), self.blank.handle()
        self.pool = Pool(self.facts)
        self.chance, self.draw = seeded(seed), np.random.default_rng(seed)
        self.iterations = 0
        self.small, self.hot, self.cold = self._schedule()

    def _schedule(self) -> tuple[float, float, float]:
        """Share of walks, first and last temperature, by how many of the tasks small moves can take."""
        if self.facts.flags[PLAIN]:
            return PLAINLY
        kinds = self.facts.legs[self.facts.tasks[:, c.FIRST_LEG], c.KIND]
        share = float((kinds == c.VISIT).mean()) if len(kinds) else 0.0
        small, hot, cold = (share * one + (1 - share) * other for one, other in zip(WALKED, CARRIED, strict=True))
        return small, hot, cold

    def _is_mixed(self) -> bool:
        """Whether there are visits and deliveries: such days settle too slowly for a population."""
        return 0.0 < self.small < WALKED[0]

    def construct(self, schedule: Schedule | None = None) -> None:
        """Start from a schedule, and insert what it leaves out."""
        if schedule is not None and not seated(self.compiled, self._facts, schedule, self._state):
            self.state = new_state(self.facts)
            self._state = self.state.handle()
        copy_state(self._state, self._start)
        fill(self._facts, self._state, self._order(), self.chance)
        copy_state(self._state, self._best)

    def _order(self) -> np.ndarray:
        """Tasks by what leaving them out costs, crews before others, the tightest first."""
        tasks, legs = self.facts.tasks, self.facts.legs
        first = tasks[:, c.FIRST_LEG]
        last = tasks[:, c.LAST_LEG] - 1
        slack = np.minimum(legs[last, c.CLOSE], legs[last, c.SOFT]) - legs[last, c.OPEN]
        crew = np.where(legs[first, c.KIND] == c.VISIT, tasks[:, c.LAST_LEG] - first, 1)
        return np.lexsort((slack, -crew, -tasks[:, c.PENALTY]))

    def run(
        self,
        *,
        clock: Callable[[], float],
        until: float,
        iterations: int | None = None,
        told: Told | None = None,
        cooled: float = 0.0,
        stop: Callable[[], bool] | None = None,
        mates: Mates | None = None,
    ) -> None:
        """Anneal from the best until the clock says `until`, or for a number of iterations, or until `stop`, which is
        asked after every stretch. `cooled` (0 to 1) is the share of the cooling left out at its hot end. Where a route
        costs more than all its ways, routes are saved first. `mates` are other searches to learn from."""
        if len(self.facts.tasks) == 0 or len(self.facts.routes) == 0:
            return
        budget = Budget(clock, until, iterations, stop)
        self._go_on_from_the_best()
        if self._routes_are_dear():
            self._save_routes(budget)
        hear = told or (lambda _share, _cost, _unserved: None)
        mates = mates or Alone()
        if cooled == 0.0 and not self._is_mixed():
            self._evolve(budget, hear, mates)
            self._go_on_from_the_best()
        heat = self.hot * (self.cold / self.hot) ** cooled
        self._cool(budget, 1.0, heat, hear, mates)

    def _go_on_from_the_best(self) -> None:
        copy_state(self._best, self._state)
        copy_state(self._best, self._found)

    def _evolve(self, budget: Budget, told: Told, mates: Mates) -> None:
        """Where the budget lets many searches settle: grow a population, and cross its members as long as it lasts."""
        while budget.is_left() and not knows_its_pace(budget):
            self._anneal(budget, self._unit() * self.hot, self._unit() * self.hot)
        if not is_worth_while(budget, len(self.facts.tasks)):
            return
        population, crossing = Population(), crossing_of(self.facts, self.pool.types, self.draw)
        hot, until = self.hot, 1.0
        if self._routes_are_dear():
            hot, until = max(self.hot, SAVED_HOT), SAVED_SHARE
        while budget.is_left() and budget.share < until:
            grown = not (population.is_full() and self._crossed(crossing, population))
            if grown and len(population.members) > 0:
                self._restart()
            share, heat = (MEMBER_SHARE, hot) if grown else (crossing.share, CHILD_HEAT)
            copy_state(self._state, self._found)
            self._cool(budget, min(1.0, budget.share + share), heat, told)
            plan = self._plan_found()
            mates.tell(plan)
            for one in (plan, *mates.heard()):
                population.take_in(one)

    def _plan_found(self) -> Parent:
        return parent_of(self.found, int(whole_cost(self._facts, self._found)))

    def _restart(self) -> None:
        """Begin anew, from what was there at first, the rest in a random order."""
        copy_state(self._start, self._state)
        fill(self._facts, self._state, self.draw.permutation(len(self.facts.tasks)), self.chance)

    def _crossed(self, crossing: Crosses, population: Population) -> bool:
        """Make the state a child of two members, with what they leave out inserted; False if they cannot be crossed."""
        child = crossing.crossed(*population.two(self.draw))
        if child is None or not self._seated(child):
            return False
        fill(self._facts, self._state, self._order(), self.chance)
        return True

    def _seated(self, child: Child) -> bool:
        """Make the state what is to be seated; False, and the state is of no use, if it does not fit."""
        copy_state(self._blank, self._state)
        return bool(seat(self._facts, self._state, child.legs, child.numbers, child.keys))

    def _cool(self, budget: Budget, until: float, heat: float, told: Told, mates: Mates | None = None) -> None:
        """Anneal from this temperature to the last one, until a share of the budget is used up. From time to time
        go on from a cheaper plan of one of the mates."""
        unit, began = self._unit(), budget.share
        talks = max(began, TALK_FROM)

        def heat_at(share: float) -> float:
            return float(unit * heat * (self.cold / heat) ** min(1.0, (share - began) / max(1e-9, until - began)))

        while budget.is_left() and budget.share < until:
            self._anneal(budget, heat_at(budget.share), heat_at(budget.share_after(budget.next())))
            told(budget.share, self.cost(), self.unserved())
            if mates is not None and budget.share >= talks:
                talks = budget.share + TALK_SHARE
                self._talk(mates)

    def _talk(self, mates: Mates) -> None:
        """Tell of what was found, and go on from what the mates found if that is cheaper."""
        plan = self._plan_found()
        mates.tell(plan)
        better = min(mates.heard(), key=lambda one: one.cost, default=plan)
        if better.cost < plan.cost:
            if not self._seated(seats(better)):
                copy_state(self._found, self._state)
            copy_state(self._state, self._found)

    def _anneal(self, budget: Budget, heat: float, then: float) -> None:
        """A stretch from one temperature to another. What is found is the best if it is cheaper."""
        rounds = budget.next()
        setting = LONG_STRINGS if len(self.facts.tasks) > MANY_TASKS else STRINGS
        self._rekey()
        anneal(self._facts, self._state, self._found, rounds, heat, then, self.small, setting, self.chance)
        if whole_cost(self._facts, self._found) < self.cost():
            copy_state(self._found, self._best)
        self.pool.add(self.state)
        self.iterations += rounds
        budget.spend(rounds)

    def _routes_are_dear(self) -> bool:
        """Whether using a route costs more than the ways of a mean one, so that one less is worth any detour."""
        in_use, used = int(self.best.counters[IN_USE]), self._used()
        return in_use > 1 and used > int(self.best.counters[WAYS]) - used

    def _save_routes(self, budget: Budget) -> None:
        """Spare one route after another, from a state that serves all, as long as this part of the budget lasts. From
        then on no more are used than need be."""
        unit, began = self._unit(), budget.share
        while budget.is_left() and budget.share < SAVING_SHARE:
            if self.state.counters[UNSERVED] == self.unserved():
                copy_state(self._best, self._state)
                if not spare_a_route(self._facts, self._state):
                    break
                began = budget.share
            elif budget.share > began + TRYING_SHARE:
                self._restart()
                began = budget.share
            self._anneal(budget, unit * SAVING_HEAT, unit * SAVING_HEAT)
        self.state.counters[MOST_IN_USE] = self._most_routes()
        copy_state(self._best, self._state)

    def _most_routes(self) -> int:
        """As many as the best has, if one more could only be dearer."""
        used = self.facts.routes[:, c.USED]
        enough = self.unserved() == 0 and used.min() == used.max()
        return int(self.best.counters[IN_USE]) if enough else len(used)

    def replace(self, routes: Sequence[PooledRoute], kept: set[int]) -> bool:
        """Make these routes, and the kept ones of the best, the best if that is cheaper; tasks on none are inserted."""
        free: dict[int, list[int]] = {}
        for number, type_ in enumerate(self.pool.types):
            if number not in kept:
                free.setdefault(type_, []).append(number)
        placed = [(number, route.legs) for number, route, _ in self.pool.routes_of(self.best) if number in kept]
        placed += [(free[route.type_].pop(0), route.legs) for route in routes]
        legs = np.array([leg for _, legs in placed for leg in legs], np.int64)
        numbers = np.array([number for number, legs in placed for _ in legs], np.int64)
        keys = self._keys(legs, numbers, kept)
        if not self._seated(Child(legs, numbers, keys)):
            return False
        self._rekey()
        fill(self._facts, self._state, self._order(), self.chance)
        if whole_cost(self._facts, self._state) >= self.cost():
            return False
        copy_state(self._state, self._best)
        return True

    def _keys(self, legs: Ints, numbers: Ints, kept: set[int]) -> Ints:
        """Keys as they were on kept routes, and simply rising on the others, whose stops wait for nobody."""
        old = self.best.rows[legs, c.KEY]
        rising = (np.arange(len(legs), dtype=np.int64) + 1) << KEY_BITS
        return np.where(np.isin(numbers, list(kept)), old, rising)

    def _rekey(self) -> None:
        if not self.facts.flags[PLAIN]:
            count = len(self.facts.legs) - 2 * len(self.facts.routes)
            rekey(self._facts, self._state, np.argsort(self.state.rows[:count, c.KEY], kind="stable"))

    def _unit(self) -> float:
        """What the way to a stop costs on average."""
        count = len(self.facts.legs) - 2 * len(self.facts.routes)
        stops = int((self.best.rows[:count, c.ROUTE] >= 0).sum())
        return max(1.0, float(self.best.counters[WAYS] - self._used()) / max(1, stops))

    def _used(self) -> int:
        """What the use of the best's routes costs."""
        starts = len(self.facts.legs) - 2 * len(self.facts.routes)
        in_use = self.best.rows[starts : starts + len(self.facts.routes), c.COUNT] > 0
        return int(self.facts.routes[in_use, c.USED].sum())

    def cost(self) -> int:
        """Cost of the best."""
        return int(whole_cost(self._facts, self._best))

    def unserved(self) -> int:
        """How many tasks the best leaves out."""
        return int(self.best.counters[UNSERVED])

    def sequences(self) -> list[list[int]]:
        """The best's routes by shift, as sequences of the network's nodes."""
        return sequences(self.compiled, self.network, self.best)

    def starts(self) -> dict[int, int]:
        """When the best's stops start, by node."""
        return starts(self.compiled, self.best)
