"""Random days of everything that a live plan is asked for: its promises hold at every step."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dispatch import ChangeRefused, LivePlan, StaleProposal, check
from dispatch.errors import PlanUnfit
from tests.dispatch.city import HOUR
from tests.dispatch.live_days import day

Arrays = list[NDArray[Any]]


def state(live: LivePlan) -> Arrays:
    """What timing knows of the day's own tasks: rows and loads, windows and promises, breaks and what has begun."""
    tables = live._warm.tables  # that it is the same again cannot be seen from outside
    facts, warm = tables.facts, tables.live
    arrays = (tables.state.rows, tables.state.loads, facts.legs, facts.windows, facts.tasks, facts.bonds, facts.routes)
    more = (facts.breaks, facts.allowed, warm.promise, warm.begun, warm.closed, warm.bears, warm.rested, warm.tails)
    return [array.copy() for array in (*arrays, *more)]


def change(live: LivePlan, chance: random.Random) -> None:
    """One thing that may happen to a day under way. A removal is never refused."""
    what = chance.choice(("propose", "propose", "late", "remove", "remove_task"))
    shift = chance.choice(live.problem.shifts).id
    if what == "propose":
        for entry in live.plan.unassigned:
            ways = live.propose(entry.id)
            if ways:
                live.commit(ways[0])
                return
    elif what == "late":
        late = live.running_late(shift, chance.choice((60, 600, 1800)), now=live.now)
        live.accept(late, leave_out=True)
    elif what == "remove":
        live.remove(shift, now=live.now)
    else:
        live.remove_task(chance.choice(list(live.problem.tasks)), now=live.now)


def proposes_as_a_fresh_one(live: LivePlan) -> None:
    """Where nobody has dropped out, who may use what lies behind her: the costs of all ways are the same."""
    if live._warm.tables.live.closed.any():
        return
    try:
        fresh = LivePlan(live.problem, live.plan, now=live.now)
    except PlanUnfit:
        return
    for entry in live.plan.unassigned:
        assert [way.cost for way in live.propose(entry.id)] == [way.cost for way in fresh.propose(entry.id)]


@pytest.mark.parametrize("seed", [*range(12), 13, 16, 24])
def test_a_walk_through_a_day_keeps_what_a_live_plan_promises(seed: int) -> None:
    problem, plan = day(seed, tasks=12, spice=True)
    try:
        live, chance, now = LivePlan(problem, plan), random.Random(seed), 0
    except PlanUnfit:
        return
    for _ in range(12):
        now += chance.choice((0, 0, HOUR, 3 * HOUR))
        live.propose(replace(problem.visits[0], id="a look"), now=now)
        before, then = state(live), live.plan
        refused = None
        try:
            change(live, chance)
        except (ChangeRefused, StaleProposal) as error:
            refused = str(error)
        if refused is not None:
            assert any(word in refused for word in ("begun", "aboard", "delay"))
            assert live.plan == then
            assert all(map(np.array_equal, before, state(live)))
            continue
        assert check(live.problem, live.plan) == []
        if chance.random() < 0.4 and live.plan is not then:
            live.undo()
            assert live.plan == then
            assert all(map(np.array_equal, before, state(live)))
            proposes_as_a_fresh_one(live)
