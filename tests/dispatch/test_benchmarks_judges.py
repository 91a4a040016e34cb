"""The judges of benchmark solutions, on instances worked out by hand and on solutions spoilt one way each."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dispatch.benchmarks.families import FAMILIES
from dispatch.benchmarks.judges.score import BestKnown, Score, gap_percent
from tests.dispatch.benchmark_texts import LILIM, MANKOWSKA, VRPTW

TEXTS = {"vrptw": VRPTW, "lilim": LILIM, "mankowska": MANKOWSKA}


def judged(tmp_path: Path, family: str, solution: str) -> Score:
    path = tmp_path / "tiny.txt"
    path.write_text(TEXTS[family])
    return FAMILIES[family].judge(FAMILIES[family].read(path), solution, "solution")


def care(*routes: str) -> str:
    return '{"routes": [' + ", ".join(f"[{route}]" for route in routes) + "]}"


def test_a_route_costs_its_legs_cut_off_after_the_first_decimal(tmp_path: Path) -> None:
    """5.0 + 4.0 + 3.0, and 1.4 + 1.4 for the square root of two there and back."""
    assert judged(tmp_path, "vrptw", "Route #1: 1 2\nRoute #2: 3\nCost 14.8\n") == Score(14.8, 2)


@pytest.mark.parametrize(
    ("solution", "fault"),
    [
        ("Route #1: 1 2", "customer 3 is served 0 times"),
        ("Route #1: 1 2\nRoute #2: 3 3", "customer 3 is served 2 times"),
        ("Route #1: 1 2\nRoute #2: 3 4", "node 4 is no customer"),
        ("Route #1: 1 2\nRoute #2: 0 3", "node 0 is no customer"),
        ("Route #1: 2 1\nRoute #2: 3", "route 1 reaches node 1 late"),  # waits for 12, is there at 12 + 1 + 4 > 10
        ("Route #1: 3 1 2", "route 1 carries 6, a vehicle holds 5"),
        ("Route #1: 1\nRoute #2: 2\nRoute #3: 3", "3 vehicles are used, 2 exist"),
        ("Route #1: 1 2\nRoute #2: 3\nCost 14.7", "the file states a cost of 14.7, it is 14.8"),
    ],
)
def test_spoilt_routes_are_found_out(tmp_path: Path, solution: str, fault: str) -> None:
    assert fault in judged(tmp_path, "vrptw", solution).faults


def test_an_empty_route_uses_no_vehicle(tmp_path: Path) -> None:
    assert judged(tmp_path, "vrptw", "Route #1: 1 2\nRoute #2:\nRoute #3: 3") == Score(14.8, 2)


@pytest.mark.parametrize(
    ("solution", "cost", "vehicles"),
    [
        ("Route #1: 1 2\nRoute #2: 3 4\n", 5 + 4 + 3 + 2 + 1 + 1, 2),
        ("Route #1: 3 4 1 2\n", 2 + 1 + 18**0.5 + 4 + 3, 1),  # there at 3 + 4.243 < 10
    ],
)
def test_pairs_cost_straight_lines_in_full_precision(tmp_path: Path, solution: str, cost: float, vehicles: int) -> None:
    found = judged(tmp_path, "lilim", solution)
    assert (found.vehicles, found.faults) == (vehicles, ())
    assert found.cost == pytest.approx(cost, abs=1e-12)


@pytest.mark.parametrize(
    ("solution", "fault"),
    [
        ("Route #1: 2 1\nRoute #2: 3 4", "route 1 delivers 2 before it picks up 1"),
        ("Route #1: 1 4\nRoute #2: 3 2", "route 1 serves only one of 1 and 2"),
        ("Route #1: 1 3 2 4", "route 1 carries 4 after node 3, a vehicle holds 3"),
        ("Route #1: 1 2", "node 3 is served 0 times"),
        ("Route #1: 1 2\nRoute #2: 3 4 5", "there is no node 5 to serve"),
        ("Route #1: 1 2\nRoute #2: 3\nRoute #3: 4", "3 vehicles are used, 2 exist"),
        ("Route #1: 3 4 1 2\nCost 14.2", "the file states a cost of 14.2, it is 14.2426"),
    ],
)
def test_spoilt_pairs_are_found_out(tmp_path: Path, solution: str, fault: str) -> None:
    assert fault in judged(tmp_path, "lilim", solution).faults


def test_a_pickup_after_its_due_date_is_late(tmp_path: Path) -> None:
    path = tmp_path / "late.txt"
    path.write_text(LILIM.replace("1 3 4 2 0 10", "1 3 4 2 0 4"))
    instance = FAMILIES["lilim"].read(path)
    found = FAMILIES["lilim"].judge(instance, "Route #1: 1 2\nRoute #2: 3 4", "solution")
    assert found.faults == ("route 1 reaches node 1 late",)


def test_home_care_costs_a_third_of_way_and_total_and_greatest_tardiness(tmp_path: Path) -> None:
    """The first caregiver drives 5 + 4 + 3, the second 3 + 3; nobody is late: 18 / 3."""
    on_time = care("[0, 0, 5], [1, 0, 20]", "[1, 1, 22]")
    assert judged(tmp_path, "mankowska", on_time) == Score(6.0, 2)
    late = care("[0, 0, 5], [1, 0, 33]", "[1, 1, 35]")  # 3 and 5 minutes after 30
    found = judged(tmp_path, "mankowska", late)
    assert found.faults == ()
    assert found.cost == pytest.approx((18 + 8 + 5) / 3)


@pytest.mark.parametrize(
    ("solution", "fault"),
    [
        (care("[0, 0, 5]", "[1, 1, 22]"), "service 0 is given 0 times to patient 1"),
        (care("[0, 0, 5], [1, 0, 20]", "[1, 1, 22], [1, 1, 40]"), "service 1 is given 2 times to patient 1"),
        (care("[0, 0, 5], [1, 0, 20]", "[0, 1, 1], [1, 1, 22]"), "patient 0 does not need service 1"),
        (care("[0, 0, 4.9], [1, 0, 20]", "[1, 1, 22]"), "caregiver 0, patient 0: starts at 4.9, arrives at 5"),
        (care("[0, 0, 5], [1, 0, 19]", "[1, 1, 22]"), "caregiver 0, patient 1: starts at 19, before 20"),
        (care("[0, 0, 5], [1, 0, 20]", "[1, 1, 21]"), "patient 1: 1 minutes between the services, not 2 to 5"),
        (care("[0, 0, 5], [1, 0, 20]", "[1, 1, 26]"), "patient 1: 6 minutes between the services, not 2 to 5"),
        (care("[0, 0, 5], [1, 1, 22]", "[1, 0, 20]"), "caregiver 0, patient 1: does not give service 1"),
        (care("[0, 0, 5]", "[1, 0, 20], [1, 1, 24]"), "patient 1: caregiver 1 gives both services"),
        (care("[0, 0, 5], [1, 0, 20]"), "1 routes for 2 caregivers"),
        (care("[-1, 0, 5]", ""), "patient -1 does not need service 0"),
    ],
)
def test_spoilt_home_care_is_found_out(tmp_path: Path, solution: str, fault: str) -> None:
    assert fault in judged(tmp_path, "mankowska", solution).faults


def test_a_gap_is_relative_to_the_best_known_cost() -> None:
    assert gap_percent(Score(102.0, 1), BestKnown(100.0)) == pytest.approx(2.0)
    assert gap_percent(replace(Score(102.0, 1), cost=99.0), BestKnown(100.0)) == pytest.approx(-1.0)
