"""A search that is stopped from outside hands out what it has. Real processes, real signals; each waits for a line of
progress, never for a time."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from dispatch import check, dump_problem, parse_plan
from dispatch.document import to_json
from dispatch.progress import Lines, Stream
from dispatch.solve import solve
from dispatch.stopping import Stopping
from tests.dispatch.city import district

ROOT = Path(__file__).parents[2]
DAY = district(3, tasks=30, shifts=8)


@pytest.mark.parametrize(
    ("number", "options", "line"),
    [
        (signal.SIGINT, ("--workers", "2"), "unserved"),
        (signal.SIGTERM, (), "unserved"),
        (signal.SIGINT, ("--engine", "routing"), "constructed"),
    ],
    ids=["interrupt-workers", "terminate", "interrupt-routing"],
)
def test_a_stopped_search_writes_its_best_plan_checked_and_exits_0(
    tmp_path: Path, number: signal.Signals, options: tuple[str, ...], line: str
) -> None:
    day, plan = tmp_path / "day.json", tmp_path / "plan.json"
    day.write_text(to_json(dump_problem(DAY)))
    command = [sys.executable, "-m", "dispatch", "solve", str(day), "-o", str(plan), "--seconds", "3000"]
    command += ["--progress=json", *options]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr is not None
        for told in running.stderr:
            if line in json.loads(told) or line in json.loads(told).get("note", ""):
                break
        running.send_signal(number)
        rest = [json.loads(told) for told in running.stderr]  # to the end
    assert running.returncode == 0
    found = parse_plan(plan.read_bytes())
    assert check(DAY, found) == []
    assert found.seconds < 3000
    (figures,) = [told for told in rest if "unserved" in told][-1:]
    assert (figures["cost"], figures["unserved"]) == (found.cost["total"], len(found.unassigned))
    assert any(f"stopped by {number.name}" in told.get("note", "") for told in rest)


def test_the_first_signal_is_noted_and_the_second_aborts() -> None:
    before = signal.getsignal(signal.SIGINT)
    with Stopping() as stopping:
        assert not stopping.asked()
        os.kill(os.getpid(), signal.SIGINT)
        assert stopping.asked()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGTERM)
    assert signal.getsignal(signal.SIGINT) is before


def test_a_search_that_is_to_stop_at_once_gives_a_checked_plan_all_the_same() -> None:
    heard: list[tuple[float, int, int]] = []
    plan = solve(DAY, seed=1, time_limit_seconds=3000, stop=lambda: True, told=lambda *told: heard.append(told))
    assert check(DAY, plan) == []
    assert plan.iterations == 0
    assert heard == []


def test_a_search_tells_its_best_so_far_and_stops_when_asked() -> None:
    heard: list[tuple[float, int, int]] = []
    plan = solve(
        DAY, seed=1, time_limit_seconds=3000, stop=lambda: len(heard) == 3, told=lambda *told: heard.append(told)
    )
    assert len(heard) == 3
    costs = [cost for _, cost, _ in heard]
    assert costs == sorted(costs, reverse=True)
    assert plan.cost["total"] <= costs[-1]


def test_lines_are_seconds_cost_unserved_and_come_when_there_is_news() -> None:
    now = [0.0]
    out = io.StringIO()
    stream = Stream(out, Lines.TEXT, lambda: now[0])
    for second, cost in ((0.0, 90), (0.1, 80), (0.3, 80), (0.5, 80), (1.4, 80)):
        now[0] = second
        stream.figures(second, cost, 2)
    assert out.getvalue() == "0.00 90 2\n0.30 80 2\n1.40 80 2\n"


def test_as_json_every_line_is_an_object() -> None:
    out = io.StringIO()
    stream = Stream(out, Lines.JSON)
    stream.note("构造", 0.5)
    stream.figures(1.0, 7, 0)
    assert [json.loads(line) for line in out.getvalue().splitlines()] == [
        {"seconds": 0.5, "note": "构造"},
        {"seconds": 1.0, "cost": 7, "unserved": 0},
    ]
