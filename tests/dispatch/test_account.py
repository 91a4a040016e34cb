"""What a plan costs stop by stop, why a stop is where it is, and how plans differ. Numbers are worked out by hand."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from dispatch import (
    UnknownStop,
    check,
    cost_by_stop,
    difference,
    dump_plan,
    dump_problem,
    improve,
    solve,
    why,
)
from dispatch.account.shares import divided
from dispatch.account.words import difference_in_words, why_in_words
from dispatch.cli import app
from dispatch.document import to_json
from dispatch.objective import Objective
from dispatch.tasks import Member, Pin, Relation, StopRef
from tests.dispatch.builders import HOUR, MINUTE, arranged, lunch, meal, minutes, planned, problem, shift, visit
from tests.dispatch.city import spiced


def test_the_way_there_is_a_stops_own_and_the_way_home_is_shared_by_time_taken() -> None:
    found = problem(visit("x", "p2"), visit("y", "p3", crew=(Member(22 * MINUTE),)))
    shares = cost_by_stop(found, arranged(found, ["x", "y"]))
    # x: 2 minutes of way and 10 of service, y: 1 and 22; the way home of 3 minutes falls 12 : 23
    assert shares.of(("visit", "x", 0)).own == {"travel_second": 120}
    assert shares.of(("visit", "y", 0)).own == {"travel_second": 60}
    assert shares.of(("visit", "x", 0)).shared == {"travel_second": 180 * 12 // 35}
    assert shares.of(("visit", "y", 0)).shared == {"travel_second": 180 - 180 * 12 // 35}


def test_overtime_and_the_use_of_the_shift_are_shared_and_waiting_is_a_stops_own() -> None:
    found = problem(
        shift(overtime_after_seconds=30 * MINUTE),
        visit("x", windows=(minutes(1, 1),)),
        visit("y", windows=(minutes(31, 31),)),
        objective=Objective(wait_second=3, shift_used=7),
    )
    shares = cost_by_stop(found, arranged(found, ["x", "y"]))
    # 42 minutes of work, 12 too many; x takes 1 + 10 of them, y 20 waiting and 10 of service
    assert shares.of(("visit", "y", 0)).own == {"wait_second": 3 * 20 * MINUTE}
    assert shares.of(("visit", "x", 0)).shared["overtime_second"] == 2 * 12 * MINUTE * 11 // 41
    assert [share.shared["shift_used"] for share in shares.shares] == [1, 6]  # 7 × 11 / 41, and the rest


def test_a_break_that_carries_the_way_charges_it_to_the_stop_after() -> None:
    one = visit("one", "p1", windows=(minutes(100, 100),))
    two = visit("two", "p10", windows=(minutes(149, 149),))
    found = problem(shift(breaks=(lunch(119, 119),)), one, two)
    assert cost_by_stop(found, planned(found)).of(("visit", "two", 0)).own == {"travel_second": 9 * MINUTE}


def test_the_greatest_lateness_is_charged_to_the_latest_stop_alone() -> None:
    soft = (visit("x", windows=(minutes(0, 1),), late_second=1), visit("y", windows=(minutes(0, 5),), late_second=1))
    found = problem(*soft, objective=Objective(max_late_second=5))
    shares = cost_by_stop(found, arranged(found, ["x", "y"]))
    assert shares.of(("visit", "y", 0)).own["max_late_second"] == 5 * 6 * MINUTE
    assert "max_late_second" not in shares.of(("visit", "x", 0)).own


def test_what_is_left_out_has_its_share_too() -> None:
    found = problem(visit("far", "p10", windows=(minutes(0, 1),), priority=3), visit("must", crew=2, mandatory=True))
    shares = cost_by_stop(found, planned(found))
    assert shares.of(("unassigned", "far", 0)).own == {"unserved": 300_000}
    assert shares.of(("unassigned", "must", 0)).own == {"mandatory_unserved": 10**12}


@given(st.integers(0, 10_000), st.integers(3, 14), st.integers(1, 4))
@settings(max_examples=25, deadline=None)
def test_the_shares_add_up_to_the_plan_by_term(seed: int, tasks: int, shifts: int) -> None:
    found = spiced(seed, tasks=tasks, shifts=shifts)
    weights = replace(found.objective, travel_metre=1, shift_used=101, max_late_second=3, unfair_second=1)
    first = solve(found, seed=seed, time_limit_seconds=5, iterations=3)
    found = replace(found, objective=weights, baseline=first)
    plan = improve(found, first, seed=seed + 1, time_limit_seconds=5, iterations=5)
    shares = cost_by_stop(found, plan)
    sums = shares.by_term()
    assert {term: sums.get(term, 0) for term in plan.cost if term != "total"} == {
        term: amount for term, amount in plan.cost.items() if term != "total"
    }
    assert sum(share.total for share in shares.shares) == plan.cost["total"]


@given(st.integers(0, 10**9), st.lists(st.integers(0, 10**6), min_size=1, max_size=20))
def test_parts_of_a_total_add_up_to_it(total: int, weights: list[int]) -> None:
    parts = divided(total, weights)
    assert sum(parts) == total
    assert len(parts) == len(weights)
    assert all(part >= 0 for part in parts)


def test_why_names_what_a_stop_saves_and_what_another_caregiver_would_cost_more() -> None:
    found = problem(shift("a"), shift("b", start="p9", end="p9"), visit("x", "p2"), visit("y", "p4"))
    answer = why(found, arranged(found, ["x", "y"]), ("visit", "y", 0))
    assert answer.shift == "a"
    assert answer.saves == 4 * MINUTE  # to p4 and back instead of to p2 and back
    assert answer.penalty == 50 * 100_000
    (other,) = answer.others
    assert (other.shift, other.caregiver, other.start) == ("b", "c-b", 5 * MINUTE)
    assert other.more == (10 - 4) * MINUTE  # from p9 and back
    assert answer.otherwise is not None
    assert answer.otherwise.more == 0  # y before x: p0 p4 p2 p0 is as long
    assert answer.otherwise.start == 4 * MINUTE


def test_why_counts_what_keeps_the_others_out() -> None:
    bath = frozenset({"bath"})
    found = problem(
        shift("able", skills=bath), shift("unskilled"), shift("barred", skills=bath),
        shift("night", skills=bath, window=minutes(400, 500)), shift("busy", skills=bath),
        shift("helps", skills=bath),
        visit("x", windows=(minutes(60, 60),), crew=(Member(600, bath), Member(600)), excluded=frozenset({"c-barred"})),
        visit("y", windows=(minutes(60, 60),)),
    )  # fmt: skip
    plan = arranged(found, ["x"], [], [], [], ["y"], ["x"])
    answer = why(found, plan, ("visit", "x", 0))
    assert answer.excluded == {"skill": 1, "excluded": 1, "no_shift": 1, "busy": 1, "crew": 1}
    assert answer.others == ()
    assert answer.otherwise is None


def test_why_names_pins_loads_and_relations() -> None:
    apart = problem(
        shift("a"), shift("b"), visit("x"), visit("y"), relations=(Relation("different_caregiver", ("x", "y")),)
    )
    assert why(apart, arranged(apart, ["x"], ["y"]), ("visit", "x", 0)).excluded == {"relation": 1}
    held = problem(shift("a"), shift("b"), visit("x"), pins=(Pin("a", StopRef("visit", "x"), "caregiver"),))
    assert why(held, planned(held), ("visit", "x", 0)).excluded == {"pin": 1}
    box = problem(shift("a"), shift("small", capacity={}), meal("d"))
    assert why(box, planned(box), ("dropoff", "d", 0)).excluded == {"capacity": 1}


def test_why_times_the_other_ways_exactly() -> None:
    # by b she would start at 1 and wait till 120, or be 70 minutes on overtime: exactly timed, she leaves later
    found = problem(
        shift("a"), shift("b", overtime_after_seconds=HOUR),
        visit("x", windows=(minutes(0, 119),)), visit("late", windows=(minutes(120, 120),)),
        objective=Objective(wait_second=1),
    )  # fmt: skip
    answer = why(found, arranged(found, ["x"], ["late"]), ("visit", "x", 0))
    assert answer.others[0].more == -2 * MINUTE  # a's way to p1 and back falls away, nothing is waited for
    assert answer.others[0].start == 110 * MINUTE


def test_why_a_delivery_moves_with_both_its_ends() -> None:
    found = problem(shift("a"), shift("b", start="p9", end="p9"), meal("d", "p1", "p3"))
    answer = why(found, planned(found), ("pickup", "d", 0))
    assert [(other.shift, other.more) for other in answer.others] == [("b", (16 - 6) * MINUTE)]


def test_asking_for_a_stop_that_is_not_there_is_refused() -> None:
    found = problem(visit("x"))
    with pytest.raises(UnknownStop, match="nobody"):
        why(found, planned(found), ("visit", "nobody", 0))


@given(st.integers(0, 10_000), st.integers(3, 10), st.integers(2, 4))
@settings(max_examples=8, deadline=None)
def test_why_answers_for_every_stop_of_any_day_and_speaks_both_languages(seed: int, tasks: int, shifts: int) -> None:
    found = spiced(seed, tasks=tasks, shifts=shifts)
    plan = solve(found, seed=seed, time_limit_seconds=5, iterations=5)
    for key in list(plan.starts())[:4]:
        answer = why(found, plan, key, seconds=60.0)
        bars = sum(answer.excluded.values())
        assert bars + len(answer.others) == shifts - 1
        for language in ("zh", "en"):
            assert answer.caregiver in why_in_words(answer, language)[0]


def test_a_plan_does_not_differ_from_itself() -> None:
    found = problem(shift("a"), shift("b"), visit("x", crew=2), meal("d"))
    plan = planned(found)
    assert difference(found, plan, plan).empty
    assert difference_in_words(difference(found, plan, plan), "zh") == ["两份方案相同。"]


def test_a_difference_names_who_when_whom_and_how_much() -> None:
    found = problem(
        shift("a"), shift("b"), shift("c"),
        visit("x", "p2"), visit("y", "p4"), visit("both", "p1", crew=2), visit("new", "p5"), visit("old", "p5"),
    )  # fmt: skip
    before = arranged(found, ["x", "y", "both"], ["both"], ["old"])
    after = arranged(found, ["y", "both"], ["x"], ["both", "new"])
    told = difference(found, before, after)
    assert (told.served, told.dropped) == (("new",), ("old",))
    assert [(change.id, change.member, change.shifts) for change in told.moved] == [
        ("both", 1, ("b", "c")),
        ("x", 0, ("a", "b")),
    ]
    assert [(change.id, change.seconds) for change in told.retimed] == [
        ("both", -(25 + 2 - 17) * MINUTE),  # 2 + 10 + 2 + 10 + 3 before, 4 + 10 + 3 after
        ("y", -10 * MINUTE),  # at 14, then at 4
    ]
    assert [(crew.id, crew.before, crew.after) for crew in told.crews] == [("both", ("c-a", "c-b"), ("c-a", "c-c"))]
    assert told.routes["a"]["service_seconds"] == (30 * MINUTE, 20 * MINUTE)
    # before 4 + 4 + 1 + 1 + 5 + 5, after 4 + 4 + 2 + 2 + 5 + 5 minutes of way
    assert told.cost["travel_second"] == (20 * MINUTE, 22 * MINUTE)


@given(st.integers(0, 10_000), st.integers(3, 14), st.integers(2, 4))
@settings(max_examples=15, deadline=None)
def test_a_difference_mirrored_is_that_of_the_plans_swapped(seed: int, tasks: int, shifts: int) -> None:
    found = spiced(seed, tasks=tasks, shifts=shifts)
    one, two = (solve(found, seed=seed + k, time_limit_seconds=5, iterations=2 + 30 * k) for k in (0, 1))
    assert check(found, one) == check(found, two) == []
    told = difference(found, one, two)
    assert told.mirrored() == difference(found, two, one)
    assert told.cost == {
        term: (one.cost[term], two.cost[term]) for term in one.cost if one.cost[term] != two.cost[term]
    }
    assert difference_in_words(told, "en")
    assert len(difference_in_words(told, "zh")) == len(difference_in_words(told, "en"))


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """A problem and two plans of it, as files."""
    found = problem(shift("a"), shift("b", start="p9", end="p9"), visit("x", "p2"), visit("visit:y", "p4"))
    plans = (arranged(found, ["x", "visit:y"]), arranged(found, ["x"], ["visit:y"]))
    documents = (dump_problem(found), *map(dump_plan, plans))
    paths = [tmp_path / name for name in ("problem.json", "a.json", "b.json")]
    for path, document in zip(paths, documents, strict=True):
        path.write_text(to_json(document), encoding="utf-8")
    return list(map(str, paths))


def said(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, arguments)
    return done.exit_code, done.output


def test_why_and_diff_speak_at_the_terminal(files: list[str]) -> None:
    code, text = said("why", *files[:2], "visit:x")
    assert (code, text.splitlines()[0]) == (0, "c-a (shift a) starts x at 00:02, there since 00:02.")
    assert "不做可省" in said("why", *files[:2], "visit:y", "--language", "zh")[1]  # an id that looks like a kind
    assert json.loads(said("why", *files[:2], "x", "--json")[1])["saves"] == 0
    code, text = said("diff", *files)
    assert (code, text.splitlines()[0]) == (0, "visit visit:y moves from a to b, 00:14 → 00:05")
    assert json.loads(said("diff", files[0], files[2], files[1], "--json")[1])["cost"]["travel_second"] == [840, 480]


def test_why_asked_for_what_is_not_there_exits_2_and_says_so(files: list[str]) -> None:
    code, text = said("why", *files[:2], "visit:nobody")
    assert code == 2
    assert "no visit 'nobody' (member 0)" in text
