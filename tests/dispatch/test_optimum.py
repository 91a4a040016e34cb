"""Small days against an enumerator that knows nothing of the engine: both engines reach the optimum, and a rule lifted
never makes it worse.
"""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from dispatch import Problem, check, solve
from dispatch.places import Dense
from dispatch.solving import solve_by_routing
from dispatch.tasks import Member, Visit
from tests.dispatch.builders import MINUTE, minutes, problem, shift, visit

SKILLS = ("bath", "medical")


def small(seed: int, visits: int) -> Problem:
    """Single visits with one or two windows, soft ends, skills, exclusions, preferences, priorities, and setup
    at the door, for two shifts of different hours and bases."""
    chance = random.Random(seed)

    def asked(number: int) -> Visit:
        begin = chance.randrange(0, 70)
        windows = [minutes(begin, begin + chance.choice((5, 20, 60)))]
        if chance.random() < 0.3:
            windows.append(minutes(begin + 90, begin + 100))
        needs = frozenset({chance.choice(SKILLS)} if chance.random() < 0.4 else ())
        return visit(
            f"v{number}",
            f"p{chance.randrange(1, 10)}",
            windows=tuple(windows),
            crew=(Member(chance.choice((5, 10, 20)) * MINUTE, needs),),
            priority=chance.choice((10, 50, 90)),
            late_second=chance.choice((None, None, 2)),
            excluded=frozenset({"c-a"} if chance.random() < 0.15 else ()),
            preferred={"c-b": 300} if chance.random() < 0.3 else {},
        )

    return problem(
        shift("a", skills=frozenset({"bath"}), window=minutes(0, chance.choice((60, 120, 200)))),
        shift("b", start="p9", end=chance.choice(("p9", None)), skills=frozenset(SKILLS), window=minutes(20, 150)),
        *(asked(number) for number in range(visits)),
        setup={"p4": 120, "p5": 60},
    )


def optimum(day: Problem) -> int:
    """The least cost of a day of single visits, by trying every order of every choice on every shift. With nothing
    charged for waiting, starting as early as one can is best."""
    travel = day.travel["bike"]
    assert isinstance(travel, Dense)
    best = [10**15]

    def way(one: str, two: str) -> int:
        return travel.seconds[day.place_index[one]][day.place_index[two]]

    def go(rank: int, place: str, now: int, first: bool, left: tuple[Visit, ...], spent: int) -> None:
        if spent >= best[0]:
            return
        if rank == len(day.shifts):
            best[0] = min(best[0], spent + sum(100_000 * one.priority for one in left))
            return
        held = day.shifts[rank]
        home = 0 if held.end is None or first else way(place, held.end)
        if now + home <= held.window[1]:
            after = day.shifts[rank + 1] if rank + 1 < len(day.shifts) else held
            go(rank + 1, after.start, after.window[0], True, left, spent + home)
        for index, one in enumerate(left):
            if held.caregiver in one.excluded or not one.crew[0].skills <= held.skills:
                continue
            stays = not first and place == one.place
            setup = 0 if stays else day.places[day.place_index[one.place]].setup_seconds
            ready = now + way(place, one.place) + setup
            starts = [max(ready, begin) for begin, finish in one.windows if ready <= finish]
            late = max(0, ready - one.windows[-1][1])
            if not starts and one.late_second is None:
                continue
            start = min(starts, default=ready)
            if start > held.window[1]:
                continue
            dislike = max(one.preferred.values(), default=0) - one.preferred.get(held.caregiver, 0)
            price = way(place, one.place) + dislike + (late * (one.late_second or 0) if not starts else 0)
            rest = (*left[:index], *left[index + 1 :])
            go(rank, one.place, start + one.crew[0].service_seconds, False, rest, spent + price)

    begin = day.shifts[0]
    go(0, begin.start, begin.window[0], True, day.visits, 0)
    return best[0]


@pytest.mark.parametrize("seed", range(12))
def test_the_search_reaches_the_optimum_of_up_to_seven_visits(seed: int) -> None:
    day = small(seed, 4 + seed % 4)
    plan = solve(day, seed=seed, time_limit_seconds=60, iterations=400)
    assert check(day, plan) == []
    assert plan.cost["total"] == optimum(day)


@pytest.mark.parametrize("seed", range(8))
def test_the_routing_engine_reaches_the_optimum_of_up_to_seven_visits(seed: int) -> None:
    day = small(seed, 4 + seed % 4)
    plan = solve_by_routing(day, seed=seed, time_limit_seconds=1.0)
    assert check(day, plan) == []
    assert plan.cost["total"] == optimum(day)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("lifted", ["windows", "skills", "exclusions", "hours"])
def test_a_rule_lifted_never_makes_the_optimum_worse(seed: int, lifted: str) -> None:
    day = small(seed, 6)
    free = replace(day, visits=tuple(_without(one, lifted) for one in day.visits))
    if lifted == "hours":
        free = replace(day, shifts=tuple(replace(held, window=(0, 10**6)) for held in day.shifts))
    costs = [solve(one, seed=seed, time_limit_seconds=60, iterations=400).cost["total"] for one in (day, free)]
    assert costs[1] <= costs[0]


def _without(one: Visit, lifted: str) -> Visit:
    if lifted == "windows":
        return replace(one, windows=((0, one.windows[-1][1]),))
    if lifted == "skills":
        return replace(one, crew=(replace(one.crew[0], skills=frozenset()),))
    return replace(one, excluded=frozenset()) if lifted == "exclusions" else one
