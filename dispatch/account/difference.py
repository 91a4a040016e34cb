"""How one plan differs from another of the same problem: who comes, when, who is served, and what it costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from dispatch.cost import cost_of
from dispatch.indicators import indicators
from dispatch.plan import Plan
from dispatch.problem import Problem

Pair = tuple[int, int]  # (before, after)
Key = tuple[str, str, int]


@dataclass(frozen=True, slots=True)
class Change:
    """A stop served by both plans, by another shift or from another second on."""

    kind: str
    id: str
    member: int
    shifts: tuple[str, str]
    starts: Pair

    @property
    def seconds(self) -> int:
        """By how much it starts later (negative: earlier)."""
        return self.starts[1] - self.starts[0]


@dataclass(frozen=True, slots=True)
class Crew:
    """A crew visit whose caregivers are others than before, in the order of its members."""

    id: str
    before: tuple[str, ...]
    after: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """Only what differs; equal plans give an empty one. `moved` stops are on another shift, `retimed` on the same.
    `routes` (sums by shift), `cost` and `indicators` (nested names joined by dots) hold (before, after)."""

    moved: tuple[Change, ...]
    retimed: tuple[Change, ...]
    served: tuple[str, ...]
    dropped: tuple[str, ...]
    crews: tuple[Crew, ...]
    routes: Mapping[str, Mapping[str, Pair]]
    cost: Mapping[str, Pair]
    indicators: Mapping[str, Pair]

    @property
    def empty(self) -> bool:
        """Whether the plans are alike."""
        return not any(getattr(self, part.name) for part in fields(self))

    def mirrored(self) -> Difference:
        """The same seen from the other plan."""
        return Difference(
            moved=tuple(_turned(change) for change in self.moved),
            retimed=tuple(_turned(change) for change in self.retimed),
            served=self.dropped,
            dropped=self.served,
            crews=tuple(Crew(crew.id, crew.after, crew.before) for crew in self.crews),
            routes={shift: _swapped(sums) for shift, sums in self.routes.items()},
            cost=_swapped(self.cost),
            indicators=_swapped(self.indicators),
        )


def _turned(change: Change) -> Change:
    return replace(change, shifts=change.shifts[::-1], starts=change.starts[::-1])


def _swapped(pairs: Mapping[str, Pair]) -> dict[str, Pair]:
    return {name: (after, before) for name, (before, after) in pairs.items()}


def difference(problem: Problem, before: Plan, after: Plan) -> Difference:
    """What changes from one valid plan of the problem to another. Costs and indicators are worked out from the stops,
    whatever the plans state."""
    one, two = before.starts(), after.starts()
    both = [Change(*key, (one[key][0], two[key][0]), (one[key][1], two[key][1])) for key in sorted(one.keys() & two)]
    earlier, later = {key[1] for key in one}, {key[1] for key in two}
    return Difference(
        moved=tuple(change for change in both if change.shifts[0] != change.shifts[1]),
        retimed=tuple(change for change in both if change.shifts[0] == change.shifts[1] and change.seconds),
        served=tuple(sorted(later - earlier)),
        dropped=tuple(sorted(earlier - later)),
        crews=tuple(_crews(problem, one, two)),
        routes=_routes(before, after),
        cost=_pairs(_cost(problem, before), _cost(problem, after)),
        indicators=_pairs(_flat(indicators(problem, before)), _flat(indicators(problem, after))),
    )


def _crews(problem: Problem, one: Mapping[Key, tuple[str, int]], two: Mapping[Key, tuple[str, int]]) -> Iterator[Crew]:
    for visit in sorted(problem.visits, key=lambda visit: visit.id):
        keys = [("visit", visit.id, member) for member in range(len(visit.crew))]
        if len(keys) > 1 and all(key in one and key in two for key in keys):
            was, now = (tuple(problem.shift_of[plan[key][0]].caregiver for key in keys) for plan in (one, two))
            if was != now:
                yield Crew(visit.id, was, now)


def _cost(problem: Problem, plan: Plan) -> dict[str, int]:
    return cost_of(problem, plan.routes, [entry.id for entry in plan.unassigned])


def _routes(before: Plan, after: Plan) -> dict[str, dict[str, Pair]]:
    was, now = ({route.shift: dict(route.totals) for route in plan.routes} for plan in (before, after))
    found = {shift: _pairs(was.get(shift, {}), now.get(shift, {})) for shift in sorted({*was, *now})}
    return {shift: sums for shift, sums in found.items() if sums}


def _pairs(was: Mapping[str, int], now: Mapping[str, int]) -> dict[str, Pair]:
    names = dict.fromkeys([*was, *now])
    pairs = {name: (was.get(name, 0), now.get(name, 0)) for name in names}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _flat(value: Mapping[str, Any], prefix: str = "") -> dict[str, int]:
    found: dict[str, int] = {}
    for name, entry in value.items():
        if isinstance(entry, Mapping):
            found |= _flat(entry, f"{prefix}{name}.")
        elif isinstance(entry, int):
            found[f"{prefix}{name}"] = entry
    return found
