"""Shifts that are overfull from the start, and heads of routes that several rules claim: plans stay valid, and every
proposal can be committed."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dispatch import ChangeRefused, LivePlan, check, solve
from dispatch.problem import Problem
from dispatch.shifts import Aboard
from dispatch.tasks import Pin, StopRef
from dispatch.timing.network import Network
from dispatch.timing.room import with_room
from tests.dispatch.builders import meal, problem, served, shift, visit
from tests.dispatch.city import HOUR, spiced
from tests.dispatch.live_days import newcomer

SEEDS = st.integers(0, 10_000)


def overfull(seed: int) -> Problem:
    """Hardly any room and up to fifteen boxes aboard the first shift; little overtime, little work."""
    chance, found = random.Random(seed), spiced(seed, tasks=12, shifts=3)
    aboard = tuple(
        Aboard(box.id, 10 * HOUR + chance.randrange(HOUR)) for box in found.deliveries[: chance.randint(1, 3)]
    )
    boxes = tuple(
        replace(
            box, load={"boxes": chance.choice((1, 2, 5))}, direct=False,
            max_ride_seconds=chance.choice((None, 5400, 9000)),
        )
        for box in found.deliveries
    )  # fmt: skip
    roster = tuple(
        replace(
            one, window=(10 * HOUR, 19 * HOUR), aboard=() if number else aboard,
            capacity={"boxes": chance.choice((1, 2, 3, 6))}, overtime_after_seconds=chance.choice((2, 3, 4)) * HOUR,
            max_overtime_seconds=chance.choice((0, 600, HOUR)),
            max_work_seconds=chance.choice((None, 4 * HOUR, 5 * HOUR)),
        )
        for number, one in enumerate(found.shifts)
    )  # fmt: skip
    return replace(found, deliveries=boxes, shifts=roster)


def every_proposal_is_committed(found: Problem, seed: int, now: int) -> None:
    """New tasks and unassigned ones, in all ways that are proposed."""
    plan = solve(found, seed=seed, time_limit_seconds=5, iterations=3)
    live = LivePlan(found, plan, now=now)
    tasks = [*(newcomer(found, seed + more) for more in range(3)), *(entry.id for entry in plan.unassigned)]
    for task in tasks:
        for way in live.propose(task, k=25):
            live.commit(replace(way, version=live.version))
            try:
                live.undo()
            except ChangeRefused:  # it begins at this very moment
                live = LivePlan(found, plan, now=now)
                live.propose(task, k=25)


@pytest.mark.parametrize("seed", [14, 22, 173])
def test_every_proposal_for_an_overfull_day_can_be_committed(seed: int) -> None:
    every_proposal_is_committed(overfull(seed), seed, 11 * HOUR)


@given(SEEDS, st.sampled_from((0, 11, 13)))
@settings(max_examples=6, deadline=None)
def test_so_can_it_be_on_any_such_day(seed: int, hour: int) -> None:
    every_proposal_is_committed(overfull(seed), seed, hour * HOUR)


def test_what_is_fetched_has_room_only_behind_what_is_brought_away() -> None:
    """Six boxes aboard where two have room: the two at p3 can be fetched once the six are brought away."""
    found = problem(
        shift("s1", capacity={"boxes": 2}, aboard=(Aboard("six", 0),)),
        meal("six", "p1", "p2", load={"boxes": 6}), meal("two", "p3", "p4", load={"boxes": 2}),
    )  # fmt: skip
    network = Network(found)
    six, fetch, bring = (
        network.node_of[key] for key in (("dropoff", "six", 0), ("pickup", "two", 0), ("dropoff", "two", 0))
    )
    assert with_room(network, 0, [six, fetch, bring]) == [six, fetch, bring]
    assert with_room(network, 0, [fetch, six, bring]) == [six]
    assert with_room(network, 0, [fetch, bring]) == []


def test_an_elder_aboard_is_brought_before_what_is_pinned_to_the_head() -> None:
    """She rides directly, so nothing comes before her; the pinned visit then has no place at the head."""
    found = problem(
        shift("s1", aboard=(Aboard("elder", 0),)), visit("v", "p1"), meal("elder", "p1", "p5", direct=True),
        pins=(Pin("s1", StopRef("visit", "v"), "prefix"),),
    )  # fmt: skip
    assert served(solve(found, seed=0, time_limit_seconds=5, iterations=10)) in ({"elder"}, {"v"})


def claimed(seed: int) -> Problem:
    """Direct rides, and pins of all kinds of stops to heads of routes."""
    chance, found = random.Random(seed), spiced(seed, tasks=8, shifts=2)
    boxes = tuple(replace(box, direct=chance.random() < 0.5) for box in found.deliveries)
    aboard = {entry.delivery for one in found.shifts for entry in one.aboard}
    stops = [StopRef("visit", one.id) for one in found.visits[:2]]
    stops += [
        StopRef(kind, box.id)
        for box in boxes[:3]
        for kind in ("pickup", "dropoff")
        if kind == "dropoff" or box.id not in aboard
    ]
    pins = [
        Pin(found.shifts[0 if stop.id in aboard else chance.randrange(2)].id, stop, "prefix")
        for stop in stops
        if chance.random() < 0.5
    ]
    chance.shuffle(pins)
    return replace(found, deliveries=boxes, pins=tuple(pins))


@given(SEEDS)
@example(seed=4)
@example(seed=50)
@example(seed=188)
@settings(max_examples=20, deadline=None)
def test_heads_of_routes_that_pins_and_direct_rides_claim_stay_valid(seed: int) -> None:
    found = claimed(seed)
    assert check(found, solve(found, seed=seed, time_limit_seconds=5, iterations=5)) == []
