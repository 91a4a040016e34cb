"""From an instance to a problem, through a short solve, to a solution that the set's own judge accepts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dispatch import dump_problem, read_problem, solve
from dispatch.benchmarks.families import FAMILIES
from dispatch.benchmarks.instances.lilim import read_lilim
from dispatch.benchmarks.instances.mankowska import read_mankowska
from dispatch.benchmarks.instances.vrptw import read_vrptw
from dispatch.benchmarks.judges.vrptw import tenths
from dispatch.benchmarks.models.earliest import earliest_starts
from dispatch.benchmarks.models.lilim import lilim_problem
from dispatch.benchmarks.models.mankowska import mankowska_problem
from dispatch.benchmarks.models.plane import ticks_for
from dispatch.benchmarks.models.vrptw import vrptw_problem
from dispatch.travel import tables
from tests.dispatch.benchmark_texts import LILIM, MANKOWSKA, VRPTW

DATA = Path(__file__).parent / "data"
TINY = {"vrptw": (VRPTW, 14.8), "lilim": (LILIM, 14.242641), "mankowska": (MANKOWSKA, 6.0)}
NAMES = {"vrptw": "C101", "lilim": "lc101", "mankowska": "InstanzCPLEX_HCSRP_10_1"}


@pytest.mark.parametrize("family", list(FAMILIES))
def test_a_tiny_instance_is_solved_to_its_optimum_and_judged_feasible(tmp_path: Path, family: str) -> None:
    text, optimum = TINY[family]
    (tmp_path / "tiny.txt").write_text(text)
    kind = FAMILIES[family]
    instance = kind.read(tmp_path / "tiny.txt")
    plan = solve(kind.problem(instance), seed=1, time_limit_seconds=60, iterations=20)
    score = kind.judge(instance, kind.text(instance, plan), "solution")
    assert score.faults == ()
    assert score.cost == pytest.approx(optimum, abs=1e-6)


@pytest.mark.parametrize("family", list(FAMILIES))
def test_a_classic_instance_is_stated_solved_and_judged_feasible(family: str) -> None:
    kind = FAMILIES[family]
    instance = kind.read(DATA / f"{NAMES[family]}.txt")
    plan = solve(kind.problem(instance), seed=1, time_limit_seconds=120, iterations=1)
    score = kind.judge(instance, kind.text(instance, plan), "solution")
    assert score.faults == ()
    assert score.cost > 0


@pytest.mark.parametrize("family", list(FAMILIES))
def test_the_problem_of_an_instance_is_a_valid_document(family: str) -> None:
    kind = FAMILIES[family]
    problem = kind.problem(kind.read(DATA / f"{NAMES[family]}.txt"))
    assert read_problem(dump_problem(problem)) == problem


def test_the_engine_and_the_judge_agree_on_every_leg() -> None:
    instance = read_vrptw(DATA / "C101.txt")
    table = tables(vrptw_problem(instance))["car"]
    nodes = range(len(instance.xy))
    assert np.asarray(table.seconds).tolist() == [[tenths(instance, i, j) for j in nodes] for i in nodes]


def test_a_vehicle_cannot_come_back_to_the_depot_for_more() -> None:
    problem = vrptw_problem(read_vrptw(DATA / "C101.txt"))
    assert {delivery.pickup.windows for delivery in problem.deliveries} == {((0, 0),)}


def test_a_vehicle_costs_more_than_all_routes_of_the_best_known_solution() -> None:
    problem = lilim_problem(read_lilim(DATA / "lc101.txt"))
    assert problem.objective.shift_used > 828.94 * problem.ticks_per_unit


def test_patients_at_one_spot_share_a_place(tmp_path: Path) -> None:
    path = tmp_path / "same.txt"
    path.write_text(MANKOWSKA.replace("5 0 4 5\n3 4 0 3", "5 0 0 5\n5 0 0 5").replace("0 5 3 0", "0 5 5 0"))
    problem = mankowska_problem(read_mankowska(path))
    assert [visit.place for visit in problem.visits] == ["1", "1"]
    assert [place.id for place in problem.places] == ["0", "1"]


def test_starts_are_the_earliest_in_full_precision(tmp_path: Path) -> None:
    """There at 5, done at 15, there at 19, the window opens at 20; the second service 2 minutes after the first."""
    path = tmp_path / "tiny.txt"
    path.write_text(MANKOWSKA)
    legs = [[(0, 0), (1, 0)], [(1, 1)]]
    assert earliest_starts(read_mankowska(path), legs) == {(0, 0): 5.0, (1, 0): 20.0, (1, 1): 22.0}


def test_a_patient_whom_the_plan_leaves_out_is_a_fault_and_no_crash(tmp_path: Path) -> None:
    path = tmp_path / "tiny.txt"
    path.write_text(MANKOWSKA)
    kind = FAMILIES["mankowska"]
    instance = kind.read(path)
    problem = kind.problem(instance)
    apart = replace(problem, visits=(problem.visits[0], replace(problem.visits[1], excluded=frozenset({"0", "1"}))))
    plan = solve(apart, seed=1, time_limit_seconds=60, iterations=1)
    assert [entry.id for entry in plan.unassigned] == ["1"]
    score = kind.judge(instance, kind.text(instance, plan), "solution")
    assert score.faults[0] == "service 0 is given 0 times to patient 1"


def test_a_first_service_waits_for_a_second_that_cannot_follow_soon_enough(tmp_path: Path) -> None:
    """The second caregiver is there at 31 only (a window from 18 for patient 0, ten minutes, four of way): the first
    service may start at most five minutes before."""
    path = tmp_path / "tiny.txt"
    path.write_text(MANKOWSKA.replace("0 0 20 0\nl", "0 17 20 0\nl"))
    legs = [[(1, 0)], [(0, 0), (1, 1)]]
    assert earliest_starts(read_mankowska(path), legs) == {(0, 0): 17.0, (1, 1): 31.0, (1, 0): 26.0}


@pytest.mark.parametrize(("longest", "ticks"), [(1_000, 10_000), (10_000, 10_000), (10_001, 1_000), (10**9, 1)])
def test_ticks_are_as_fine_as_the_horizon_allows(longest: float, ticks: int) -> None:
    assert ticks_for(longest) == ticks
