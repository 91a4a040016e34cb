"""Each indicator once, its figure worked out by hand. A step on the line takes one minute."""

from __future__ import annotations

from dispatch import indicators
from dispatch.indicators import gini_permille
from dispatch.plan import Plan, Route, Stop
from dispatch.tasks import Member
from tests.dispatch.builders import HOUR, MINUTE, arranged, meal, minutes, planned, problem, shift, visit


def test_what_is_served_is_counted_by_priority() -> None:
    found = problem(visit("x", priority=80), visit("far", "p10", windows=(minutes(0, 1),), priority=20))
    assert indicators(found, planned(found))["served_by_priority"] == {
        "80": {"asked": 1, "served": 1},
        "20": {"asked": 1, "served": 0},
    }


def test_the_share_of_travel_is_of_all_work() -> None:
    found = problem(visit("x", "p2", crew=(Member(20 * MINUTE),)))
    assert indicators(found, planned(found))["travel_permille_of_work"] == 166  # 4 of 24 minutes


def test_waiting_is_summed() -> None:
    found = problem(visit("x", windows=(minutes(1, 1),)), visit("y", windows=(minutes(31, 31),)))
    assert indicators(found, planned(found))["wait_seconds"] == 20 * MINUTE  # over at 11, on at 31


def test_lateness_is_counted_summed_and_its_worst_named() -> None:
    soft = (visit("x", windows=(minutes(0, 1),), late_second=1), visit("y", windows=(minutes(0, 5),), late_second=1))
    found = problem(*soft, visit("z", windows=(minutes(0, 5),), late_second=1))
    told = indicators(found, arranged(found, ["x", "y", "z"]))["late"]  # at 1, 11 and 21
    assert told == {"count": 2, "seconds": 22 * MINUTE, "longest_seconds": 16 * MINUTE}


def test_overtime_is_what_lies_beyond_the_agreed_work() -> None:
    found = problem(shift(overtime_after_seconds=HOUR), visit(crew=(Member(HOUR),)))
    assert indicators(found, planned(found))["overtime_seconds"] == 2 * MINUTE  # a minute each way


def test_continuity_counts_the_stops_to_which_a_preferred_caregiver_comes() -> None:
    liked = {"c-a": 5}
    found = problem(
        shift("a"), shift("b"), visit("x", preferred=liked), visit("y", preferred=liked, crew=2), visit("z"),
        meal("d", preferred=liked), meal("e"),
    )  # fmt: skip
    told = indicators(found, arranged(found, ["x", "y"], ["y", "d", "d", "z", "e", "e"]))["continuity"]
    assert told == {"asked": 4, "kept": 2, "kept_permille": 500}  # x and one of y's two; not the other, not d


def test_meals_have_their_time_in_the_box_as_mean_worst_and_spread() -> None:
    found = problem(meal("near", "p1", "p3"), meal("far", "p1", "p10"), meal("over", "p0", "p10"))
    plan = arranged(found, ["over", "near", "far", "near", "far", "over"])
    told = indicators(found, plan)["rides"]
    # over leaves p0 at 1; at p1 near leaves at 3, far at 4; near is at p3 at 6, far at p10 at 14, over at 15
    assert (told["count"], told["longest_seconds"], told["mean_seconds"]) == (3, 14 * MINUTE, 9 * MINUTE)
    assert told["by_seconds"] == {"600": 2, "1200": 1, "1800": 0, "2400": 0, "3600": 0, "over": 0}


def test_a_promise_is_kept_up_to_a_quarter_of_an_hour() -> None:
    def published(name: str, minute: int) -> Stop:
        return Stop("visit", name, minute * MINUTE, minute * MINUTE, minute * MINUTE)

    names = {"x": 16, "y": 27, "gone": 5, "left": 5}  # x is at 1, y at 11, so a minute too early
    baseline = Plan("feasible", (Route("s1", tuple(published(name, at) for name, at in names.items())),))
    found = problem(visit("x"), visit("y"), visit("left", "p10", windows=(minutes(0, 1),)), baseline=baseline)
    told = indicators(found, arranged(found, ["x", "y"]))["promises"]
    assert told == {
        "promised": 3,
        "kept": 1,
        "kept_permille": 333,
    }  # gone is asked for no more


def test_fairness_is_the_gini_of_work_and_the_widest_difference() -> None:
    found = problem(shift("a"), shift("b"), visit("x", "p2", crew=(Member(1200),)))
    assert indicators(found, planned(found))["fairness"] == {
        "gini_permille": 500,
        "max_minus_min_seconds": 24 * MINUTE,
    }


def test_the_gini_of_like_shares_is_zero_and_of_one_owner_is_nearly_one() -> None:
    assert gini_permille([5, 5, 5, 5]) == 0
    assert gini_permille([0, 0, 0, 8]) == 750  # (n − 1) / n
