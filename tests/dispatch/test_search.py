"""The compiled search by itself: what it keeps step by step is what one would work out afresh."""

from __future__ import annotations

import shutil
import time
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch import solve
from dispatch.exact.partition import Column, choose
from dispatch.live.kernels.compiled import FOLDERS
from dispatch.places import Dense
from dispatch.problem import Problem
from dispatch.recombine import recombine
from dispatch.search import columns as c
from dispatch.search.cache import SOURCES, sources_digest
from dispatch.search.engine import Search
from dispatch.search.facts import DIRECTLY, compiled
from dispatch.search.state import TOTAL, new_state
from dispatch.shifts import Break
from dispatch.timing.network import Network
from dispatch.timing.schedule import Schedule
from tests.dispatch.builders import meal, minutes, problem, shift, visit
from tests.dispatch.city import district, spiced


def searched(found: Problem, *, seed: int = 1, iterations: int = 150) -> Search:
    """A search that has run for some rounds."""
    search = Search(Network(found), seed=seed)
    search.construct()
    search.run(clock=time.monotonic, until=time.monotonic() + 600, iterations=iterations)
    return search


@given(st.integers(0, 10_000), st.integers(3, 25), st.integers(1, 6))
@settings(max_examples=30, deadline=None)
def test_exact_timing_finds_the_starts_that_the_search_promises(seed: int, tasks: int, shifts: int) -> None:
    search = searched(spiced(seed, tasks=tasks, shifts=shifts), seed=seed, iterations=80)
    schedule = Schedule(search.network)
    schedule.bounds.update(search.starts())
    assert schedule.settle(dict(enumerate(search.sequences())))
    assert len(schedule.unserved()) == search.unserved()


def test_who_comes_home_pays_no_setup_there() -> None:
    to_and_fro = problem(shift(window=minutes(0, 12)), visit(), setup={"p0": 60})  # ten minutes a minute away
    assert searched(to_and_fro, iterations=1).unserved() == 0


@pytest.mark.parametrize(("closes", "unserved"), [(30, 0), (29, 1)])
def test_breaks_before_a_route_are_taken_one_after_another(closes: int, unserved: int) -> None:
    tea, coffee = Break("tea", minutes(0, 5), 30 * 60), Break("coffee", minutes(10, closes), 10 * 60)  # from 0:30 on
    found = problem(shift(breaks=(tea, coffee)), visit(windows=(minutes(41, 41),)))
    assert searched(found, iterations=1).unserved() == unserved


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_was_kept_step_by_step_is_what_a_fresh_seating_gives(seed: int) -> None:
    search = searched(district(seed, tasks=40, shifts=9), seed=seed)
    network, rows = search.network, search.best.rows
    schedule = Schedule(network)
    schedule.bounds.update(search.starts())
    assert schedule.settle(dict(enumerate(search.sequences())))
    fresh = Search(network, seed=0)
    fresh.construct(schedule)
    legs = len(fresh.facts.legs) - 2 * len(fresh.facts.routes)
    on_route = rows[:legs, c.ROUTE] >= 0
    for column in (c.SUCC, c.PRED, c.START, c.DEP, c.LATEST, c.COST, c.BREAKS, c.WAIT):
        assert (fresh.best.rows[:legs][on_route, column] == rows[:legs][on_route, column]).all(), column
    assert (fresh.best.loads[:legs][on_route] == search.best.loads[:legs][on_route]).all()
    assert fresh.best.counters[TOTAL] == search.best.counters[TOTAL]


def test_rejected_rounds_leave_no_trace() -> None:
    search = searched(district(4, tasks=30, shifts=8), iterations=600)
    search.run(clock=time.monotonic, until=time.monotonic() + 600, iterations=1)  # from the best, and only it is kept
    before, cost = search.best.rows.copy(), search.cost()
    for _ in range(20):
        search.run(clock=time.monotonic, until=time.monotonic() + 600, iterations=5)
        if search.cost() == cost:
            assert (search.best.rows == before).all()


def plain(seed: int) -> tuple[Problem, list[str]]:
    """Five visits on a line with windows, for two carers."""
    chance = np.random.default_rng(seed)
    visits = [
        visit(
            f"v{k}", f"p{chance.integers(1, 10)}", windows=(minutes(start := int(chance.integers(0, 60)), start + 90),)
        )
        for k in range(5)
    ]
    return problem(shift("a"), shift("b"), *visits), [one.id for one in visits]


def cheapest(found: Problem, names: list[str]) -> int:
    """The least cost of serving all, by trying every order and every cut; -1 if all cannot be served."""
    network = Network(found)
    best = -1
    for order in permutations(names):
        for cut in range(len(order) + 1):
            trial = Schedule(network)
            numbers = [network.node_of["visit", name, 0] for name in order]
            if trial.settle({0: numbers[:cut], 1: numbers[cut:]}) and (best < 0 or trial.cost() < best):
                best = trial.cost()
    return best


@pytest.mark.parametrize("seed", range(6))
def test_small_days_are_solved_to_the_optimum_of_brute_force(seed: int) -> None:
    found, names = plain(seed)
    optimum = cheapest(found, names)
    plan = solve(found, seed=seed, time_limit_seconds=60, iterations=300)
    assert plan.cost["total"] == optimum


def by_way_of(found: Problem, middle: int) -> Problem:
    """The same, but ways between other places take ten times as long as by this one."""
    table = found.travel["bike"]
    assert isinstance(table, Dense)
    seconds = tuple(
        tuple(way * (1 if middle in (one, two) else 10) for two, way in enumerate(row))
        for one, row in enumerate(table.seconds)
    )
    return replace(found, travel={"bike": Dense(seconds, table.metres)})


@pytest.mark.parametrize("seed", range(4))
def test_days_on_which_a_stop_shortens_the_ways_are_solved_to_the_optimum_too(seed: int) -> None:
    found, names = plain(seed)
    found = by_way_of(found, 5)
    best, search = cheapest(found, names), searched(found, iterations=600)
    assert (search.cost() if search.unserved() == 0 else -1) == best


def test_rounds_are_cut_short_only_where_no_stop_shortens_the_ways() -> None:
    visits = [visit(f"v{k}", f"p{k}") for k in range(1, 8)]
    day, home = problem(*visits), visit("home", "p4", end="p1")
    flags = [compiled(Network(one)).facts.flags for one in (day, by_way_of(day, 4), problem(*visits, home))]
    assert [int(one[DIRECTLY]) for one in flags] == [1, 0, 0]


def test_a_pickup_waits_at_the_kitchen_rather_than_at_the_door() -> None:
    # three doors 2, 3, 4 minutes away open at 60; the first box rides 2 minutes, the third 2 + 1 + 1 + 1 + 1 = 6 of
    # which none may be spent waiting: with 7 minutes allowed, all leave the kitchen together and only once
    boxes = [meal(f"d{k}", "p1", f"p{2 + k}", due=(minutes(60, 90),), max_ride_seconds=420) for k in range(3)]
    search = searched(problem(shift(), *boxes))
    assert search.unserved() == 0
    assert search.cost() == 8 * 60  # p0 to p4 and back


def test_the_cheapest_partition_is_chosen_and_a_dear_task_is_not_left_out() -> None:
    columns = [
        Column(0, frozenset({1, 2}), 10, chosen=True),
        Column(0, frozenset({3}), 9, chosen=True),
        Column(0, frozenset({1, 3}), 8),
        Column(0, frozenset({2}), 7),
    ]
    penalties = {1: 1000, 2: 1000, 3: 1000}
    assert choose(columns, penalties, {0: 2}, seconds=5, seed=1) == [2, 3]  # 15 instead of 19
    assert choose(columns, penalties, {0: 1}, seconds=5, seed=1) in ([0], [2])  # one shift: two of three tasks


def test_recombining_never_makes_a_search_dearer_nor_invalid() -> None:
    search = searched(district(6, tasks=40, shifts=10), iterations=400)
    cost = search.cost()
    recombine(search, seconds=5, seed=1, counted=True)
    assert search.cost() <= cost
    schedule = Schedule(search.network)
    schedule.bounds.update(search.starts())
    assert schedule.settle(dict(enumerate(search.sequences())))


def test_an_empty_day_and_a_day_without_shifts_are_searched_without_fuss() -> None:
    assert searched(problem(shift())).cost() == 0
    nobody = Problem(**{**vars(problem(visit())), "shifts": ()})
    assert solve(nobody, seed=1, time_limit_seconds=1).unassigned[0].reasons[0].code == "no_shift"


def test_any_change_in_any_kernel_source_asks_for_fresh_code(tmp_path: Path) -> None:
    folder = tmp_path / "search"
    shutil.copytree(SOURCES, folder, ignore=shutil.ignore_patterns("__pycache__"))
    digests = {sources_digest(folder)}
    for path in sorted(folder.glob("*.py")):
        path.write_text(path.read_text(encoding="utf-8") + "\n# changed\n", encoding="utf-8")
        digests.add(sources_digest(folder))
    assert len(digests) == 1 + len(list(folder.glob("*.py")))
    assert sources_digest(SOURCES) in digests  # the copy, before it was changed


def test_a_change_in_the_search_asks_for_fresh_live_kernels_too(tmp_path: Path) -> None:
    live, search = FOLDERS
    assert search == SOURCES
    for name, folder in (("live", live), ("search", search)):
        shutil.copytree(folder, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    before = sources_digest(tmp_path / "live", tmp_path / "search")
    assert before == sources_digest(*FOLDERS)
    (tmp_path / "search" / "settling.py").write_text("# changed\n", encoding="utf-8")
    assert sources_digest(tmp_path / "live", tmp_path / "search") != before


def test_a_fresh_state_owes_every_penalty() -> None:
    search = Search(Network(problem(visit("x", priority=3), visit("y", priority=4))), seed=0)
    assert new_state(search.facts).counters[TOTAL] == 7 * 100_000
