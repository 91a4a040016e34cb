"""Benchmark files: what is read from them, and the line that is named when one is bad."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dispatch.benchmarks.best_known import beside, read_best_known
from dispatch.benchmarks.errors import BadInstance, BadSolution, BadTable
from dispatch.benchmarks.families import FAMILIES
from dispatch.benchmarks.instances.lilim import read_lilim
from dispatch.benchmarks.instances.mankowska import read_mankowska
from dispatch.benchmarks.instances.vrptw import read_vrptw
from dispatch.benchmarks.judges.score import BestKnown
from dispatch.benchmarks.names import class_of, natural
from dispatch.benchmarks.solutions import (
    Attendance,
    CareRoutes,
    NodeRoutes,
    read_care,
    read_nodes,
    write_care,
    write_nodes,
)
from tests.dispatch.benchmark_texts import LILIM, MANKOWSKA, VRPTW

DATA = Path(__file__).parent / "data"
TEXTS = {"vrptw": VRPTW, "lilim": LILIM, "mankowska": MANKOWSKA}


def test_a_solomon_file_gives_its_fleet_and_its_customers() -> None:
    found = read_vrptw(DATA / "C101.txt")
    assert (found.name, found.vehicles, found.capacity, len(found.customers)) == ("C101", 25, 200, 100)
    assert found.xy[1].tolist() == [45, 68]
    assert [int(column[1]) for column in (found.demand, found.ready, found.due, found.service)] == [10, 912, 967, 90]
    assert int(found.due[0]) == 1236


def test_a_li_and_lim_file_gives_every_pickup_its_delivery() -> None:
    found = read_lilim(DATA / "lc101.txt")
    assert (found.vehicles, found.capacity, len(found.pairs)) == (25, 200, 53)
    assert (3, 75) in found.pairs
    assert {node for pair in found.pairs for node in pair} == set(range(1, 107))


def test_a_mankowska_file_gives_needs_gaps_and_windows_without_the_office() -> None:
    found = read_mankowska(DATA / "InstanzCPLEX_HCSRP_10_1.txt")
    assert (len(found.patients), len(found.caregivers)) == (10, 3)
    assert found.needs[0] == (3,)
    assert found.needs[8] == (0, 3)
    assert found.gap[8].tolist() == [51, 102]
    assert found.window[0].tolist() == [345, 465]
    assert found.distance[0, 1] == found.distance[1, 0] == 38.470768
    assert found.gives.tolist()[0] == [True, True, True, False, False, False]


@pytest.mark.parametrize(
    ("family", "before", "after", "line", "words"),
    [
        ("vrptw", "CUSTOMER", "CLIENT", 7, "expected 'CUSTOMER'"),
        ("vrptw", "2 5", "2", 5, "expected 2 numbers"),
        ("vrptw", "2 5", "0 5", 5, "at least one vehicle"),
        ("vrptw", "1 3 4 4", "1 3 4 six", 10, "expected numbers"),
        ("vrptw", "1 3 4 4", "1 3 4 nan", 10, "at most 10000000"),
        ("vrptw", "1 3 4 4", "1 3 4 1e18", 10, "at most 10000000"),
        ("vrptw", "1 3 4 4", "1 3 4 4.5", 10, "whole numbers"),
        ("vrptw", "1 3 4 4", "1 3 4 6", 10, "demand of 6 does not fit"),
        ("vrptw", "1 3 4 4", "7 3 4 4", 10, "expected node 1, found node 7"),
        ("vrptw", "0 10 2", "11 10 2", 10, "ready 11, due 10"),
        ("lilim", "1 3 4 2 0 10 2 0 2", "1 3 4 2 0 10 2 0 4", 3, "do not name each other"),
        ("lilim", "1 3 4 2 0 10 2 0 2", "1 3 4 2 0 10 2 4 2", 3, "expected one other node"),
        ("lilim", "1 3 4 2 0 10 2 0 2", "1 3 4 2 0 10 2 0", 3, "expected 9 numbers"),
        ("lilim", "1 3 4 2 0 10 2 0 2", "1 3 4 9 0 10 2 0 2", 3, "demand of 9 does not fit"),
        ("mankowska", "nbVehi\n2", "nbVehi\n0", 4, "expected 1 to 10000"),
        ("mankowska", "0 5 3 0", "0 5 3", 22, "expected 4 numbers"),
        ("mankowska", "5 0 4 5", "5 0 -4 5", 23, "negative"),
        ("mankowska", "DS\n3", "DS\n2", 13, "DS does not name"),
        ("mankowska", "1 1\n1 0\n1 1\n1 1\n", "1 1\n1 2\n1 1\n1 1\n", 9, "expected 0 or 1"),
        ("mankowska", "0 0 2 0", "0 0 9 0", 38, "run from 9 to 5"),
        ("mankowska", "100 20 30 100", "100 20 10 100", 42, "run from 20 to 10"),
        ("mankowska", "a\n1 0\n1 1", "a\n1 0\n1 0", 16, "no caregivers can give patient 1"),
        ("mankowska", "100 20 30 100\n", "100 20 30 100\n1\n", 43, "expected the end"),
    ],
)
def test_a_bad_instance_is_named_by_file_and_line(
    tmp_path: Path, family: str, before: str, after: str, line: int, words: str
) -> None:
    path = tmp_path / "bad.txt"
    assert TEXTS[family].count(before) >= 1
    path.write_text(TEXTS[family].replace(before, after, 1))
    with pytest.raises(BadInstance) as caught:
        FAMILIES[family].read(path)
    assert str(caught.value).startswith(f"bad.txt:{line}: ")
    assert words in caught.value.detail


@pytest.mark.parametrize("family", list(FAMILIES))
def test_a_file_cut_short_anywhere_is_refused_or_read(tmp_path: Path, family: str) -> None:
    path = tmp_path / "cut.txt"
    words = TEXTS[family].splitlines(keepends=True)
    refused = 0
    for kept in range(len(words)):
        path.write_text("".join(words[:kept]))
        try:
            FAMILIES[family].read(path)
        except BadInstance:
            refused += 1
    assert refused > 3


@pytest.mark.parametrize("family", list(FAMILIES))
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_file_spoilt_anywhere_is_refused_or_read(tmp_path: Path, family: str, data: st.DataObject) -> None:
    text = TEXTS[family]
    begin = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(begin, min(len(text), begin + 12)))
    instead = data.draw(
        st.one_of(st.sampled_from(["", "\n", "-1", "0", "1e400", "nan", "9" * 30, "\t", "é"]), st.text(max_size=4))
    )
    path = tmp_path / "spoilt.txt"
    path.write_text(text[:begin] + instead + text[end:], encoding="utf-8", errors="surrogatepass")
    with suppress(BadInstance):
        instance = FAMILIES[family].read(path)
        assert FAMILIES[family].problem(instance).tasks


def test_a_missing_or_binary_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInstance, match=r"none\.txt: No such file"):
        read_vrptw(tmp_path / "none.txt")
    (tmp_path / "odd.txt").write_bytes(b"C101\n\xff\xfe")
    with pytest.raises(BadInstance, match=r"odd\.txt:2: is no plain ASCII text"):
        read_vrptw(tmp_path / "odd.txt")


def test_windows_line_ends_change_nothing(tmp_path: Path) -> None:
    path = tmp_path / "tiny.txt"
    path.write_bytes(VRPTW.replace("\n", "\r\n").encode())
    assert len(read_vrptw(path).customers) == 3


def test_routes_are_written_as_cvrplib_does_and_read_back() -> None:
    solution = NodeRoutes(((3, 7), (1,)), 12.5)
    assert write_nodes(solution) == "Route #1: 3 7\nRoute #2: 1\nCost 12.5\n"
    assert read_nodes(write_nodes(solution), "x.sol") == solution


def test_home_care_is_written_as_json_and_read_back() -> None:
    solution = CareRoutes(((Attendance(0, 3, 345.5),), ()))
    assert write_care(solution) == '{"routes": [\n  [[0, 3, 345.5]],\n  []\n]}\n'
    assert read_care(write_care(solution), "x.json") == solution


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("Route #1: 3 x\n", 1, "expected 'Route #1: 3 7'"),
        ("Route #1: 3\nRoute #3: 4\n", 2, "expected route 2, found route 3"),
        ("Route #1: 3\nCost 4\nRoute #2: 4\n", 3, "nothing may follow the cost"),
        ("Route #1: -3\n", 1, "expected 'Route #1: 3 7'"),
        ("Cost nan\n", 1, "expected 'Route #1: 3 7'"),
    ],
)
def test_bad_routes_are_named_by_their_line(text: str, line: int, words: str) -> None:
    with pytest.raises(BadSolution, match=words) as caught:
        read_nodes(text, "x.sol")
    assert caught.value.line == line


@pytest.mark.parametrize(
    "text",
    [
        "{", "[]", '{"routes": 3}', '{"routes": [3]}', '{"routes": [[[0, 1]]]}', '{"routes": [[[0, 1, NaN]]]}',
        '{"routes": [[[0.5, 1, 2]]]}', '{"routes": [[[true, 1, 2]]]}', "[" * 100_000,
    ],
)  # fmt: skip
def test_bad_home_care_is_refused(text: str) -> None:
    with pytest.raises(BadSolution):
        read_care(text, "x.json")


def test_best_known_values_are_found_by_name_in_capitals() -> None:
    assert beside(DATA) == DATA / "best_known.csv"
    found = read_best_known(DATA / "best_known.csv")
    assert found["C101"].cost == 827.3
    assert found["LC101"] == BestKnown(828.94, 10)
    assert found["INSTANZCPLEX_HCSRP_10_1"] == BestKnown(218.199)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("instance,cost\nR1,2\n", 1),
        ("instance,vehicles,best_known\nR1,,2\nR2,,two\n", 3),
        ("instance,vehicles,best_known\nR1,,0\n", 2),
        ("instance,vehicles,best_known\nR1,,nan\n", 2),
        ("instance,vehicles,best_known\nR1\n", 2),
    ],
)
def test_a_bad_table_of_best_known_values_is_named_by_its_line(tmp_path: Path, text: str, line: int) -> None:
    path = tmp_path / "known.csv"
    path.write_text(text)
    with pytest.raises(BadTable) as caught:
        read_best_known(path)
    assert caught.value.line == line


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("R101", "R1 100"), ("RC2_10_5", "RC2 1000"), ("C1_2_2", "C1 200"), ("lrc207", "LRC2 100"),
        ("LR1_2_1", "LR1 200"), ("InstanzVNS_HCSRP_300_9", "300 patients"), ("tiny", "other"),
    ],
)  # fmt: skip
def test_the_class_is_read_off_the_name(name: str, found: str) -> None:
    assert class_of(name) == found


def test_instances_sort_by_their_numbers() -> None:
    assert sorted(["R1_10_2", "C1_2_1", "R1_2_10", "R1_2_9"], key=natural) == ["C1_2_1", "R1_2_9", "R1_2_10", "R1_10_2"]
