"""Several processes on the pieces of a day: the same plan as one, and a killed one takes no plan with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import count

import pytest

from dispatch.pieces import hands as hands_module
from dispatch.pieces.cut import cut
from dispatch.pieces.hands import Hands, ManyHands, OwnHands
from dispatch.pieces.piece import piece_problem
from dispatch.pieces.planner import Planner
from dispatch.pieces.work import Answer, Task
from dispatch.plan import Route
from dispatch.refine import Clock
from tests.dispatch.city import district

DAY = district(3, tasks=60, shifts=16)
TASKS = [
    Task(number, piece_problem(DAY, piece), None, number, 600.0, 1.0, 20) for number, piece in enumerate(cut(DAY, 20))
]


@pytest.fixture(scope="module")
def two() -> Iterator[ManyHands]:
    with ManyHands(2) as hands:
        yield hands


def routes(hands: Hands, workers: int) -> dict[str, Route]:
    """Those of the day by counted rounds."""
    clock = Clock(600)
    planner = Planner(
        DAY, clock, hands, size=20, seed=1, iterations=20, until=clock.deadline, workers=workers,
        tell=lambda _text, _seconds: None, stop=lambda: False,
    )  # fmt: skip
    planner.solve_pieces()
    planner.open_borders()
    return dict(planner.routes)


def test_the_same_seed_and_iterations_give_the_same_plan_whatever_the_workers(two: ManyHands) -> None:
    assert routes(two, 2) == routes(OwnHands(), 1)


def test_what_a_killed_process_was_working_on_is_tried_again(two: ManyHands) -> None:
    assert two.processes is not None
    before = list(two.processes.children)

    def given() -> Iterator[Task]:
        for task in TASKS:
            if task.number == 2:  # one piece is done then, another under way
                before[0].kill()
                before[1].kill()
            yield task

    found = {answer.number: answer.plan for answer in two.answers(given(), lambda: False)}
    assert found == {answer.number: answer.plan for answer in OwnHands().answers(TASKS, lambda: False)}
    assert None not in found.values()
    assert set(before).isdisjoint(two.processes.children)


def test_a_piece_that_kills_its_process_again_is_answered_with_that(
    two: ManyHands, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process is killed whenever the parent asks whether to stop, which it does while it waits."""

    def start(hands: ManyHands) -> None:
        started.append(hands)  # no new ones: two deaths are what is to be seen

    def stop() -> bool:
        assert two.processes is not None
        for child in two.processes.children:
            child.kill()
        return False

    started: list[ManyHands] = []
    monkeypatch.setattr(ManyHands, "_start", start)
    (answer,) = two.answers(TASKS[:1], stop)
    assert answer == Answer(0, None, fault="the process that worked on it was killed")
    assert started == [two, two]


def test_a_wish_to_stop_ends_what_a_process_is_searching() -> None:
    looks = count()
    endless = replace(TASKS[0], seconds=3000.0, iterations=None)
    with ManyHands(1) as hands:
        (answer,) = hands.answers([endless], lambda: next(looks) > 2)
    assert answer.fault == ""


def test_where_no_process_starts_this_one_does_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stillborn:
        def __init__(self, *_given: object) -> None:
            """Killed before they began."""

        def ready(self) -> bool:
            return False

        def kill(self) -> None:
            """They are dead already."""

    monkeypatch.setattr(hands_module, "Processes", Stillborn)
    with ManyHands(2) as hands:
        assert [answer.plan is None for answer in hands.answers(TASKS, lambda: False)] == [False] * len(TASKS)
