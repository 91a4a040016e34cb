"""The race against the peers, without the peers: who runs when, how their answers are judged, what the table says."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from bench.peers.arrays import write_arrays
from bench.peers.environment import versions
from bench.peers.race import Entry, Heat, Race, entry_of, judged
from bench.routing import table_of
from dispatch.benchmarks.errors import BadInstance
from dispatch.benchmarks.judges.score import BestKnown
from dispatch.benchmarks.processes import Ending
from dispatch.benchmarks.trial import Result
from tests.dispatch.benchmark_texts import LILIM, VRPTW

SOLVERS = ["liuzhu", "pyvrp", "vroom"]


@pytest.fixture
def entries(tmp_path: Path) -> list[Entry]:
    for name, text in (("R101", VRPTW), ("LC1_2_1", LILIM)):
        (tmp_path / f"{name}.txt").write_text(text)
    known = {"R101": BestKnown(14.8), "LC1_2_1": BestKnown(14.242641, 1)}
    return [entry_of(tmp_path / f"{name}.txt", known) for name in ("R101", "LC1_2_1")]


def race(entries: list[Entry], seeds: int) -> Race:
    return Race(entries, SOLVERS, 1.0, seeds, lambda _heat, _result: None)


def test_the_format_of_an_instance_is_told_by_its_lines(entries: list[Entry], tmp_path: Path) -> None:
    assert [entry.family for entry in entries] == ["vrptw", "lilim"]
    (tmp_path / "bad.txt").write_text(VRPTW.replace("1 3 4 4", "1 3 4 x"))
    with pytest.raises(BadInstance, match=r"bad\.txt:10"):
        entry_of(tmp_path / "bad.txt", {})


def test_every_solver_meets_every_instance_and_goes_first_in_turn(entries: list[Entry]) -> None:
    heats = race(entries, seeds=3).heats()
    assert len({(heat.entry.path, heat.seed, heat.solver) for heat in heats}) == len(heats) == 18
    firsts = [heats[number].solver for number in range(0, 18, 3)]
    assert {firsts.count(solver) for solver in SOLVERS} == {2}


def test_a_peer_is_given_what_our_engine_is_given(entries: list[Entry], tmp_path: Path) -> None:
    """Tenths for VRPTW: 5.0 to node 1. Ten thousandths, rounded up, for pairs: √18 from node 1 to node 4."""
    write_arrays("vrptw", entries[0].instance, tmp_path / "r.npz")
    arrays = dict(np.load(tmp_path / "r.npz"))
    assert (int(arrays["matrix"][0, 1]), int(arrays["due"][1]), int(arrays["service"][1])) == (50, 100, 20)
    assert (len(arrays["pairs"]), int(arrays["fixed"])) == (0, 0)
    write_arrays("lilim", entries[1].instance, tmp_path / "l.npz")
    arrays = dict(np.load(tmp_path / "l.npz"))
    assert int(arrays["matrix"][1, 4]) == 42427
    assert arrays["pairs"].tolist() == [[1, 2], [3, 4]]
    assert int(arrays["fixed"]) == 100_000_000


def answer(routes: list[list[int]]) -> Ending:
    said = {"routes": routes, "cpu_seconds": 1.0, "wall_seconds": 2.0, "iterations": 3}
    return Ending(0, json.dumps(said) + "\n", "")


def test_a_peers_routes_are_judged_from_the_original_values(entries: list[Entry]) -> None:
    heat = Heat(entries[0], 1, "pyvrp")
    found = judged(heat, answer([[1, 2], [3]]))
    assert (found.cost, found.vehicles, found.feasible, found.cpu_seconds) == (14.8, 2, True, 1.0)
    assert judged(heat, answer([[1, 2]])).faults == ("customer 3 is served 0 times",)


def test_a_peer_that_crashes_is_a_failed_result(entries: list[Entry]) -> None:
    found = judged(Heat(entries[0], 1, "vroom"), Ending(1, "no JSON", "RuntimeError: lost\n"))
    assert found.error == "RuntimeError: lost"


def test_the_table_shows_gap_spread_time_vehicles_and_failures(entries: list[Entry]) -> None:
    """14.8 and 15.096 are +0.00 and +2.00 %; one vehicle more than known has no gap in distance."""
    found = race(entries, seeds=2)
    found.results["liuzhu", "R101"] = [
        Result("R101", 1, 14.8, 2, cpu_seconds=1.0), Result("R101", 2, 15.096, 2, cpu_seconds=2.0),
    ]  # fmt: skip
    found.results["pyvrp", "R101"] = [Result("R101", 1, error="lost")]
    found.results["vroom", "LC1_2_1"] = [Result("LC1_2_1", 1, 16.0, 2, cpu_seconds=0.5)]
    assert table_of(found)[2:] == [
        "| LC1 200 | 1 | - | - | +1 vehicles, 0.5 s |",
        "| R1 100 | 1 | +1.00 % (+0.00 to +2.00), 1.5 s | 1 failed | - |",
    ]


def test_the_peers_are_pinned_to_a_version() -> None:
    assert set(versions()) == {"pyvrp", "pyvroom"}
    assert all(versions().values())
