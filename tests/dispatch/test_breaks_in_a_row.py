"""Breaks that follow one another on one way: the search times them as exact timing does, and leaves room for each."""

from __future__ import annotations

import random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.problem import Problem
from dispatch.search import columns as c
from dispatch.search.facts import compiled
from dispatch.search.seating import seat
from dispatch.search.state import KEY_BITS, new_state
from dispatch.shifts import Break
from dispatch.timing.forward import forward
from dispatch.timing.network import Network
from tests.dispatch.builders import MINUTE, minutes, problem, shift, visit


def rest(name: str, begin: int, end: int, length: int = 10) -> Break:
    """A break that starts between two minutes."""
    return Break(name, minutes(begin, end), length * MINUTE)


def timed(found: Problem) -> tuple[list[int], list[int]] | None:
    """When one shift starts its visits, served in the order of the document, and how many breaks are behind her by
    then; None if the search says that they do not fit."""
    tables = compiled(Network(found)).facts
    state, count = new_state(tables), len(found.visits)
    legs = np.arange(count)
    fits = seat(tables.handle(), state.handle(), legs, np.zeros(count, np.int64), legs << KEY_BITS)
    rows = state.rows[:count]
    return (rows[:, c.START].tolist(), rows[:, c.BREAKS].tolist()) if fits else None


def a_day_with_breaks_close_together(seed: int) -> Problem:
    """Two to four visits on the line, some with setup, and two or three breaks whose windows lie within two hours."""
    chance, clock, visits = random.Random(seed), 0, []
    for number in range(chance.randint(2, 4)):
        clock += chance.randrange(5, 45)
        window = minutes(clock, clock + chance.choice((5, 20, 60, 300)))
        visits.append(visit(f"v{number}", f"p{chance.randrange(1, 10)}", windows=(window,)))
    noon, rests = chance.randrange(0, 120), []
    for number in range(chance.randint(2, 3)):
        begin = noon + chance.randrange(0, 30)
        rests.append(rest(f"b{number}", begin, begin + chance.choice((0, 5, 15, 30, 60)), chance.choice((5, 10, 30))))
    setup = {f"p{place}": chance.choice((0, 0, 5, 10)) * MINUTE for place in range(1, 10)}
    return problem(shift(breaks=tuple(rests)), *visits, setup=setup)


@given(st.integers(0, 100_000))
@settings(max_examples=150, deadline=None)
def test_the_search_starts_no_stop_sooner_or_later_than_exact_timing_does(seed: int) -> None:
    found = a_day_with_breaks_close_together(seed)
    network, told = Network(found), timed(found)
    if told is None:
        return
    starts, taken = told
    rests, sequence, behind = network.breaks[0], list[int](), 0
    for leg, upto in enumerate(taken):
        sequence += [*rests[behind:upto], leg]
        behind = upto
    exact = forward(network, 0, [*sequence, *rests[behind:]], {})
    assert exact is not None
    found_starts = [exact.starts[sequence.index(leg)] for leg in range(len(starts))]
    if taken[0]:  # what lies before the route is taken in turn here, there in the best order
        assert all(one <= two for one, two in zip(found_starts, starts, strict=True))
    else:
        assert found_starts == starts


def test_setup_comes_behind_the_last_of_the_breaks() -> None:
    """Done at 0:15, she rests until 0:25, drives until 0:29, rests from 0:40 to 0:50 and sets up for ten minutes."""
    found = problem(
        shift(breaks=(rest("one", 15, 16), rest("two", 40, 41))),
        visit("a", "p5", windows=(minutes(5, 6),)), visit("b", "p9", windows=(minutes(50, 70),)),
        setup={"p9": 10 * MINUTE},
    )  # fmt: skip
    assert timed(found) == ([5 * MINUTE, 60 * MINUTE], [0, 2])


def test_the_way_may_come_before_the_first_break_of_two_or_behind_both() -> None:
    """From 0:15: rest until 0:25 and 0:35, then drive, as the second may not begin after 0:26. Arrival 0:39."""
    windows = (minutes(5, 6),), (minutes(20, 70),)
    stops = visit("a", "p5", windows=windows[0]), visit("b", "p9", windows=windows[1])
    behind_both = problem(shift(breaks=(rest("one", 15, 16), rest("two", 25, 26))), *stops)
    assert timed(behind_both) == ([5 * MINUTE, 39 * MINUTE], [0, 2])
    between = problem(shift(breaks=(rest("one", 15, 16), rest("two", 29, 30))), *stops)  # there by 0:29
    assert timed(between) == ([5 * MINUTE, 39 * MINUTE], [0, 2])


def test_a_break_is_taken_soon_enough_for_the_one_behind_it() -> None:
    """Both would be in time at 0:46, but after one another only if the first begins by 0:40: before b, that is."""
    found = problem(
        shift(breaks=(rest("one", 20, 50, 20), rest("two", 55, 60))),
        visit("a", "p5", windows=(minutes(5, 6),)), visit("b", "p5", windows=(minutes(36, 70),)),
    )  # fmt: skip
    assert timed(found) == ([5 * MINUTE, 40 * MINUTE], [0, 1])


def test_what_must_be_over_first_is_taken_first_whatever_opens_first() -> None:
    """The long break may begin from 0:15 to 1:40, the short one from 0:30 to 0:31 only: the long one comes second."""
    found = problem(
        shift(breaks=(rest("long", 15, 100, 30), rest("short", 30, 31))),
        visit("a", "p5", windows=(minutes(5, 6),)), visit("b", "p5", windows=(minutes(20, 90),)),
    )  # fmt: skip
    assert [one.id for one in found.shifts[0].breaks_in_turn] == ["short", "long"]
    assert timed(found) is not None
