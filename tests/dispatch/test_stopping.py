"""A search that is stopped from outside hands out what it has. Real signals, each sent at a line of progress, never
after a time."""

from __future__ import annotations

import io
import json
import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dispatch import Plan, check, dump_problem, parallel, parse_plan
from dispatch.cli import app
from dispatch.document import to_json
from dispatch.parallel import solve_in_parallel
from dispatch.processes import Processes
from dispatch.progress import Lines, Stream
from dispatch.solving import solve
from dispatch.stopping import Stopping
from tests.dispatch.city import district

ROOT = Path(__file__).parents[2]
DAY = district(3, tasks=30, shifts=8)


class _Terminal(io.StringIO):
    """Takes the stream of progress. At the first line with a word in it comes a signal, as a terminal or a supervisor
    sends it: to this process and to all that it has started."""

    def __init__(self, word: str, number: signal.Signals) -> None:
        super().__init__()
        self.word, self.number = word, number
        self.sent = False

    def write(self, line: str) -> int:
        if not self.sent and self.word in line:
            self.sent = True
            for process in (*multiprocessing.active_children(), multiprocessing.current_process()):
                assert process.pid is not None
                os.kill(process.pid, self.number)
        return super().write(line)


def judged(written: Path, lines: list[str], number: signal.Signals) -> Plan:
    """The plan that a stopped search wrote: valid, told of in the last figures, and said to be stopped."""
    found = parse_plan(written.read_bytes())
    assert check(DAY, found) == []
    assert found.seconds < 3000
    told = [json.loads(line) for line in lines]
    figures = [line for line in told if "unserved" in line][-1]
    assert (figures["cost"], figures["unserved"]) == (found.cost["total"], len(found.unassigned))
    assert any(f"stopped by {number.name}" in line.get("note", "") for line in told)
    return found


def asked(folder: Path, *options: str) -> list[str]:
    """The words of a command that plans the day for nearly an hour."""
    (folder / "day.json").write_text(to_json(dump_problem(DAY)))
    names = [str(folder / "day.json"), "-o", str(folder / "plan.json")]
    return ["solve", *names, "--seconds", "3000", "--progress=json", *options]


@pytest.mark.parametrize(
    ("number", "options", "word"),
    [
        (signal.SIGTERM, (), '"unserved"'),
        (signal.SIGINT, ("--engine", "routing"), "constructed"),
        (signal.SIGINT, ("--pieces", "10", "--iterations", "20"), "piece 1 of"),
        (signal.SIGINT, ("--workers", "2"), '"unserved"'),
        (signal.SIGTERM, ("--workers", "2", "--pieces", "5", "--iterations", "20"), "piece 1 of"),
    ],
    ids=["terminate", "interrupt-routing", "interrupt-pieces", "interrupt-workers", "terminate-pieces-of-workers"],
)
def test_a_stopped_search_writes_its_best_plan_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals, options: tuple[str, ...], word: str
) -> None:
    terminal = _Terminal(word, number)
    monkeypatch.setattr(sys, "stderr", terminal)
    app(asked(tmp_path, *options), standalone_mode=False)
    judged(tmp_path / "plan.json", terminal.getvalue().splitlines(), number)


def test_ctrl_c_ends_the_command_with_exit_code_0(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "dispatch", *asked(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr is not None
        for told in running.stderr:
            if "unserved" in json.loads(told):
                break
        running.send_signal(signal.SIGINT)
        rest = list(running.stderr)  # to the end
    assert running.returncode == 0
    judged(tmp_path / "plan.json", rest, signal.SIGINT)


def test_killed_processes_leave_the_search_to_this_one(monkeypatch: pytest.MonkeyPatch) -> None:
    class Doomed(Processes):
        """Killed before they have found anything."""

        def __init__(self, workers: int, begin: Callable[..., None], *given: object) -> None:
            super().__init__(workers, begin, *given)
            self.children[0].kill()

    monkeypatch.setattr(parallel, "Processes", Doomed)
    notes: list[str] = []
    plan = solve_in_parallel(
        DAY, seed=1, time_limit_seconds=3000, iterations=20, workers=2, progress=lambda text, _at: notes.append(text)
    )
    assert check(DAY, plan) == []
    assert plan.iterations == 20
    assert notes[0] == "a process was killed: searching on in this one"


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
