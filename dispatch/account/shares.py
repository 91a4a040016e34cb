"""A plan's cost by term and by stop. Every part of the cost is somebody's, so the shares add up to the plan's cost.

`own` is what the stop causes by itself: the way to it, waiting, lateness, preferences, being moved. `shared` is its
part of what its route costs as a whole (the way home, the shift's use, overtime, unfairness), divided by the time
that the stops take: the way there, setup, waiting and service.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from dispatch.cost import cost_of, dislike, lateness, overtime_seconds, unfair_by_shift
from dispatch.objective import MANDATORY_UNSERVED, priced
from dispatch.plan import Plan, Route, Stop
from dispatch.problem import Problem

Terms = Mapping[str, int]
Published = Mapping[tuple[str, str, int], tuple[str, int]]  # (shift, start) of the baseline's stops


@dataclass(frozen=True, slots=True)
class Share:
    """What one stop costs, by term; a task left out has the kind `unassigned` and no shift."""

    shift: str
    kind: str
    id: str
    member: int
    own: Terms
    shared: Terms

    @property
    def key(self) -> tuple[str, str, int]:
        """How plans name the stop."""
        return (self.kind, self.id, self.member)

    @property
    def total(self) -> int:
        """All terms together."""
        return sum(self.own.values()) + sum(self.shared.values())


@dataclass(frozen=True, slots=True)
class Breakdown:
    """A plan's cost by term (`total` among them) and the shares it consists of, in the order of the routes."""

    terms: Terms
    shares: tuple[Share, ...]

    def of(self, key: tuple[str, str, int]) -> Share:
        """The share of one stop. Raises KeyError if the plan has no such stop."""
        for share in self.shares:
            if share.key == key:
                return share
        raise KeyError(key)

    def by_term(self) -> dict[str, int]:
        """The shares' sum by term: equal to `terms`."""
        found: Counter[str] = Counter()
        for share in self.shares:
            found.update(share.own)
            found.update(share.shared)
        return dict(found)


def cost_by_stop(problem: Problem, plan: Plan) -> Breakdown:
    """The whole cost of a valid plan, divided among its stops and the tasks left out."""
    left = [entry.id for entry in plan.unassigned]
    unfair = unfair_by_shift(problem, plan.routes)
    published = problem.baseline.starts() if problem.baseline else {}
    shares = [share for route in plan.routes for share in _route(problem, route, unfair[route.shift], published)]
    shares = _latest(problem, plan, shares)
    return Breakdown(cost_of(problem, plan.routes, left), (*shares, *(_missing(problem, task) for task in left)))


def divided(total: int, weights: Sequence[int]) -> list[int]:
    """Whole parts of a total in proportion to the weights (alike if all are 0) that add up to it exactly."""
    sums = list(accumulate(weights)) if sum(weights) else list(range(1, len(weights) + 1))
    bounds = [0, *(total * reached // sums[-1] for reached in sums)]
    return [later - earlier for earlier, later in pairwise(bounds)]


def _route(problem: Problem, route: Route, unfair_seconds: int, published: Published) -> list[Share]:
    served = [stop for stop in route.stops[1:-1] if stop.kind != "break"]
    ways = _ways(route)
    waits = [stop.wait for stop in served]
    seconds = _parts(problem, route, "travel_second", [seconds for seconds, _ in ways])
    metres = _parts(problem, route, "travel_metre", [metres for _, metres in ways])
    waiting = _parts(problem, route, "wait_second", waits)
    whole = {
        "travel_second": seconds.pop(),  # the way home
        "travel_metre": metres.pop(),
        "shift_used": _parts(problem, route, "shift_used", [1])[0],
        "overtime_second": _parts(problem, route, "overtime_second", [overtime_seconds(problem, route)])[0],
        "unfair_second": problem.objective.unfair_second * unfair_seconds,
    }
    taken = [way[0] + stop.departure - stop.arrival for way, stop in zip(ways, served, strict=False)]
    parts = {term: divided(amount, taken) for term, amount in whole.items()}
    shares = []
    for rank, stop in enumerate(served):
        own = {"travel_second": seconds[rank], "travel_metre": metres[rank], "wait_second": waiting[rank]}
        own |= _of_stop(problem, route.shift, stop, published)
        shared = {term: split[rank] for term, split in parts.items()}
        shares.append(Share(route.shift, stop.kind, stop.id, stop.member, _nonzero(own), _nonzero(shared)))
    return shares


def _ways(route: Route) -> list[tuple[int, int]]:
    """Seconds and metres of the way to each served stop, a break in between carrying it or not, and of the way home."""
    found, seconds, metres = [], 0, 0
    for stop in route.stops[1:]:
        seconds, metres = seconds + stop.travel_seconds, metres + stop.travel_metres
        if stop.kind != "break":
            found.append((seconds, metres))
            seconds = metres = 0
    return found


def _parts(problem: Problem, route: Route, term: str, amounts: Iterable[int]) -> list[int]:
    """The price of each amount, so rounded that they add up to the price of all: a route is priced as a whole."""
    weight = getattr(problem.objective, term)
    factor = problem.shift_of[route.shift].cost.get(term, 1)
    prices = [0, *(priced(weight, factor, reached) for reached in accumulate(amounts))]
    return [later - earlier for earlier, later in pairwise(prices)]


def _of_stop(problem: Problem, shift: str, stop: Stop, published: Published) -> dict[str, int]:
    weights = problem.objective
    seconds, weight = lateness(problem, stop) or (0, 0)
    before, start = published.get(stop.key, (shift, stop.start))
    return {
        "late_second": weights.late_second * seconds * weight,
        "unpreferred": weights.unpreferred * dislike(problem, shift, stop),
        "moved_stop": weights.moved_stop * (before != shift),
        "moved_second": weights.moved_second * abs(stop.start - start),
    }


def _latest(problem: Problem, plan: Plan, shares: list[Share]) -> list[Share]:
    """The price of the latest stop goes to that stop; to the first of several."""
    late = [
        (found[0], route.shift, stop.key)
        for route in plan.routes
        for stop in route.stops
        if (found := lateness(problem, stop))
    ]
    most = max((seconds for seconds, _, _ in late), default=0)
    if not most or not problem.objective.max_late_second:
        return shares
    key = next(key for seconds, _, key in late if seconds == most)
    price = {"max_late_second": problem.objective.max_late_second * most}
    return [
        Share(share.shift, *share.key, {**share.own, **price}, share.shared) if share.key == key else share
        for share in shares
    ]


def _missing(problem: Problem, task: str) -> Share:
    if task in problem.binding:
        return Share("", "unassigned", task, 0, {"mandatory_unserved": MANDATORY_UNSERVED}, {})
    return Share("", "unassigned", task, 0, {"unserved": problem.objective.unserved * problem.tasks[task].priority}, {})


def _nonzero(terms: Mapping[str, int]) -> dict[str, int]:
    return {term: amount for term, amount in terms.items() if amount}
