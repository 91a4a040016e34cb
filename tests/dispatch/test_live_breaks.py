"""Live plans of caregivers with several breaks: what the state says of them is what the plan says."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch import LivePlan, check
from dispatch.shifts import Break
from tests.dispatch.builders import MINUTE, arranged, minutes, problem, served, shift, start_of, visit
from tests.dispatch.city import HOUR
from tests.dispatch.live_days import restful


def rest(name: str, begin: int, end: int) -> Break:
    """Ten minutes that start between two minutes."""
    return Break(name, minutes(begin, end), 10 * MINUTE)


def test_a_setup_does_not_hide_in_the_wait_between_two_breaks() -> None:
    """From 0:15 she rests, is at p9 at 0:29, rests from 0:40 to 0:50, and only then sets up for ten minutes."""
    found = problem(
        shift("s1", breaks=(rest("one", 15, 16), rest("two", 40, 41))), shift("s2"),
        visit("a", "p5", windows=(minutes(5, 6),)), visit("b", "p9", windows=(minutes(50, 70),)),
        visit("z", "p9", windows=(minutes(120, 130),)), setup={"p9": 10 * MINUTE},
    )  # fmt: skip
    live = LivePlan(found, arranged(found, ["a", "one", "two", "z"], ["b"]))
    removal = live.remove("s2", now=0)
    assert removal.unserved == ()
    assert start_of(removal.plan, "b") == 60 * MINUTE
    assert start_of(removal.plan, "z") == 120 * MINUTE


def test_breaks_after_a_route_are_taken_in_an_order_that_fits() -> None:
    """Home at 0:12. The ten minutes that may start up to 0:24 come first: those up to 0:23 cannot begin before 0:22."""
    found = problem(
        shift("s1", breaks=(rest("one", 22, 23), rest("two", 0, 24))), visit("v", "p1", windows=(minutes(1, 2),))
    )
    live = LivePlan(found, arranged(found, ["v", "one", "two"]))
    assert [stop.id for stop in live.plan.routes[0].stops] == ["s1", "v", "s1"]
    assert served(live.remove("s1", now=0).plan) == set()


KNOWN = [  # a way through a break that is removed, a ride with a break on it, breaks that have begun, work that grows
    (2, False, 11), (7, True, 11), (9, True, 12), (17, False, 0), (57, True, 12), (80, False, 11),
]  # fmt: skip


@pytest.mark.parametrize(("seed", "spice", "hour"), KNOWN)
def test_breaks_in_a_row_refuse_no_drop_out_and_no_cancellation(seed: int, spice: bool, hour: int) -> None:
    everybody_and_everything(seed, spice, hour)


@given(st.integers(0, 10_000), st.booleans(), st.integers(10, 14))
@settings(max_examples=6, deadline=None)
def test_nor_do_they_on_any_day(seed: int, spice: bool, hour: int) -> None:
    everybody_and_everything(seed, spice, hour)


def everybody_and_everything(seed: int, spice: bool, hour: int) -> None:
    """Take out each shift and each open task of a day by itself."""
    found, plan = restful(seed, spice=spice)
    now = hour * HOUR
    live = LivePlan(found, plan, now=now)
    done = {key: where for key, where in plan.starts().items() if where[1] <= now}
    aboard = {entry.delivery for one in found.shifts for entry in one.aboard}
    begun = {key[1] for key in done} | aboard
    for name in [*(one.id for one in found.shifts), *(name for name in found.tasks if name not in begun)]:
        out = live.remove if name in found.shift_of else live.remove_task
        removal = out(name, now=now, rounds=2)
        assert check(live.problem, removal.plan) == []
        assert done.items() <= removal.plan.starts().items()
        live.undo()
    assert live.plan == plan
