"""Cutting a day: every task and shift is in one piece, what belongs together stays together, demand meets shifts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch import check, dump_problem, read_problem, solve
from dispatch.pieces import Piece, merge, piece_problem, piece_size
from dispatch.pieces.cut import balanced, cut
from dispatch.pieces.piece import runs
from dispatch.problem import Problem
from dispatch.tasks import Pin, Relation, StopRef
from tests.dispatch.builders import meal, problem, shift, visit
from tests.dispatch.city import district, spiced


@given(st.integers(0, 10_000), st.integers(3, 40), st.integers(1, 12), st.integers(1, 15))
@settings(max_examples=40, deadline=None)
def test_every_task_and_shift_is_in_one_piece_that_can_be_read_as_a_document(
    seed: int, tasks: int, shifts: int, size: int
) -> None:
    found = spiced(seed, tasks=tasks, shifts=shifts)
    pieces = cut(found, size)
    assert sorted(task for piece in pieces for task in piece.tasks) == sorted(found.tasks)
    assert sorted(name for piece in pieces for name in piece.shifts) == sorted(found.shift_of)
    for piece in pieces:
        part = piece_problem(found, piece)
        assert read_problem(dump_problem(part)) == part
        assert set(part.tasks) == piece.tasks


def test_pieces_are_no_larger_than_asked_where_nothing_ties() -> None:
    found = replace(district(1, tasks=120, shifts=30), visits=tuple(visit(f"v{n}", f"home{n}") for n in range(60)))
    sizes = [len(piece.tasks) for piece in cut(found, 30)]
    assert sum(sizes) == 132
    assert max(sizes) <= 30


def test_relations_crews_and_pins_are_never_cut() -> None:
    """Ties across the whole line: p1 and p10, p2 and p9; the pin on p10's visit brings the far shift along."""
    found = problem(
        *(visit(f"v{n}", f"p{n}") for n in range(1, 11)), shift("near"), shift("far", start="p10"),
        visit("two", "p5", crew=2),
        relations=(Relation("same_caregiver", ("v1", "v10")), Relation("sequence", ("v2", "v9"))),
        pins=(Pin("near", StopRef("visit", "v10"), "caregiver"),),
    )  # fmt: skip
    pieces = cut(found, 3)
    together = next(piece for piece in pieces if "v1" in piece.tasks)
    assert "v10" in together.tasks
    assert "near" in together.shifts
    assert any({"v2", "v9"} <= piece.tasks for piece in pieces)
    assert sum(len(piece_problem(found, piece).relations) for piece in pieces) == 2


def test_shifts_go_where_their_skills_are_asked_for() -> None:
    """Both nurses live in the west, half of the work is in the east: one of them goes there."""
    west = [visit(f"w{n}", "p1") for n in range(4)]
    east = [visit(f"e{n}", "p9") for n in range(4)]
    found = problem(*west, *east, shift("a", start="p1"), shift("b", start="p2"))
    assert sorted(len(piece.shifts) for piece in cut(found, 4)) == [1, 1]


def test_balance_weighs_need_against_the_way_from_home() -> None:
    """Three shifts of one need on the lower side, which asks for one and a half: the nearest to the border goes."""
    shares, depth = np.ones((3, 1)), np.array([-0.6, -0.5, -0.1])
    assert balanced(shares, np.array([1.5]), depth).tolist() == [True, True, False]


def test_of_a_cut_sequence_only_neighbours_stay_bound() -> None:
    whole = Relation("sequence", ("a", "b", "c", "d", "e"), (0, 60))
    assert [part.of for part in runs(whole, {"a", "b", "d", "e"})] == [("a", "b"), ("d", "e")]
    assert [part.of for part in runs(replace(whole, kind="different_caregiver"), {"a", "c"})] == [("a", "c")]


def test_a_piece_of_a_measured_day_has_the_rows_of_its_own_places() -> None:
    found = problem(visit("x", "p3"), visit("y", "p7"))
    part = piece_problem(found, Piece(frozenset({"y"}), frozenset({"s1"})))
    assert [place.id for place in part.places] == ["p0", "p7"]
    assert read_problem(dump_problem(part)).travel["bike"].seconds == ((0, 420), (420, 0))  # type: ignore[union-attr]


def test_merging_serves_every_task_once() -> None:
    found = district(4, tasks=16, shifts=6)
    plans = [solve(piece_problem(found, piece), seed=1, time_limit_seconds=30, iterations=5) for piece in cut(found, 8)]
    plan = merge(found, plans)
    assert check(found, plan) == []
    assert plan.cost["total"] == sum(each.cost["total"] for each in plans)
    with pytest.raises(ValueError, match="in two pieces"):
        merge(found, [*plans, plans[0]])


def sized(count: int) -> Problem:
    return problem(*(visit(f"v{n}") for n in range(count)))


def test_a_day_is_cut_above_two_thousand_tasks_above_four_hundred_if_woven_or_when_asked() -> None:
    assert piece_size(sized(2_000)) == 0
    woven = problem(*(visit(f"v{n}") for n in range(399)), visit("bath", crew=2))
    assert piece_size(woven) == 0
    assert piece_size(replace(woven, visits=(*woven.visits, visit("more")))) == 250
    assert 0 < piece_size(sized(2_001)) < 1_000
    assert piece_size(sized(50), 20) == 20
    assert piece_size(sized(2_001), 0) == 0
    assert piece_size(problem(meal()), 20) == 0
    with pytest.raises(ValueError, match="pieces"):
        piece_size(sized(5), -1)
