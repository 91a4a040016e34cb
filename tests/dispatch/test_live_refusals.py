"""What a live plan refuses in words, and then nothing has changed: stale proposals, tasks that make no sense."""

from __future__ import annotations

import pytest

from dispatch import ChangeRefused, LivePlan, PlanUnfit, StaleProposal, TaskRefused
from dispatch.live.published import with_task
from tests.dispatch.builders import MINUTE, meal, minutes, visit
from tests.dispatch.live_days import nine_to_ten


def test_a_proposal_for_an_earlier_version_is_refused_and_changes_nothing() -> None:
    live, _ = nine_to_ten()
    one, two = live.propose(visit("a", "p4")), live.propose(visit("b", "p5"))
    plan = live.commit(one[0])
    with pytest.raises(StaleProposal, match="version 0 of the plan, which is now at 1"):
        live.commit(two[0])
    assert live.plan is plan
    live.commit(live.propose(visit("b", "p5"))[0])


def test_a_proposal_is_refused_when_she_has_left_for_another_stop_meanwhile() -> None:
    live, plan = nine_to_ten()
    best = live.propose(visit("new", "p4", windows=(minutes(30, 50),)))[0]
    with pytest.raises(StaleProposal):
        live.commit(best, now=58 * MINUTE)
    assert live.plan is plan


def test_what_has_begun_since_cannot_be_undone() -> None:
    live, _ = nine_to_ten()
    plan = live.commit(live.propose(visit("new", "p4", windows=(minutes(30, 50),)))[0])
    with pytest.raises(ChangeRefused, match="visit new on s1 has begun"):
        live.undo(now=32 * MINUTE)
    assert live.plan is plan
    with pytest.raises(ChangeRefused, match="nothing to undo"):
        LivePlan(live.problem, plan).undo()


@pytest.mark.parametrize(
    ("task", "words"),
    [
        (visit("early"), "already"),
        (visit("new", "nowhere"), "'nowhere' is unknown"),
        (visit("new", windows=()), "windows"),
        (visit("new", windows=((50, 20),)), "windows"),
        (visit("new", crew=9), "crew"),
        (visit("new", priority=0), "priority"),
        (visit("new", stagger=(5, 1)), "stagger"),
        (meal("new", load={"pallets": 1}), "pallets"),
    ],
)
def test_a_task_that_makes_no_sense_is_refused_in_words(task: object, words: str) -> None:
    live, plan = nine_to_ten()
    with pytest.raises(TaskRefused, match=words):
        live.propose(task)  # type: ignore[arg-type]  # a visit or a meal
    assert live.plan is plan


def test_a_plan_that_breaks_a_rule_is_not_kept_warm() -> None:
    live, plan = nine_to_ten()
    with pytest.raises(PlanUnfit, match="missing_task"):
        LivePlan(with_task(live.problem, visit("new"), ()), plan)
