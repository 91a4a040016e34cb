"""`python -m dispatch bench` as a process: its lines, files and exit codes."""

from __future__ import annotations

import csv
import errno
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dispatch.benchmarks.bench import result_of
from dispatch.benchmarks.families import FAMILIES
from dispatch.benchmarks.judges.score import BestKnown
from dispatch.benchmarks.processes import Cores, Ending, Job, TooFewCores, core_groups, run_all
from dispatch.benchmarks.report import Standing, instance_line, summary_lines
from dispatch.benchmarks.trial import Result, cpu_clock
from dispatch.cli import app
from dispatch.plan import Plan
from tests.dispatch.benchmark_texts import LILIM, VRPTW

ROOT = Path(__file__).parents[2]


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "dispatch", "bench", *map(str, arguments)]


def python(code: str, _cores: Cores) -> list[str]:
    return [sys.executable, "-c", code]


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    folder = tmp_path / "tiny"
    folder.mkdir()
    (folder / "R2.txt").write_text(VRPTW)
    (folder / "R10.txt").write_text(VRPTW)
    (folder / "best_known.csv").write_text("instance,vehicles,best_known\nR2,,14.8\n")
    return folder


def test_a_bench_prints_lines_and_leaves_solutions_and_results(tiny: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    found = CliRunner().invoke(
        app, command("vrptw", tiny, "--seconds", 30, "--iterations", 3, "--seeds", 2, "--out", out)[3:]
    )
    assert (found.exit_code, found.stderr) == (0, "")
    lines = found.stdout.splitlines()
    assert re.match(r"R2 +2 +14\.8 +14\.8 +14\.8 +\+0\.00 +\+0\.00 +2 ", lines[1])
    assert re.match(r"R10 +2 +14\.8 +14\.8 +- +- +- +2 ", lines[2])
    assert any(re.match(r"other +2 +\+0\.00 .* 1 of 2 +0$", line) for line in lines[4:])
    kind = FAMILIES["vrptw"]
    for name in ("R2", "R10"):
        text = (out / f"{name}.sol").read_text()
        assert kind.judge(kind.read(tiny / f"{name}.txt"), text, name).faults == ()
    rows = list(csv.DictReader((out / "results.csv").read_text().splitlines()))
    assert [(row["instance"], row["seed"], row["feasible"]) for row in rows] == [
        (name, seed, "True") for name in ("R2", "R10") for seed in ("1", "2")
    ]
    assert sorted(path.name for path in out.iterdir()) == ["R10.sol", "R2.sol", "results.csv"]


def refused(*arguments: object) -> str:
    """What the command says on stderr when it refuses, in this process, as nothing is run."""
    found = CliRunner().invoke(app, ["bench", *map(str, arguments)])
    assert (found.exit_code, found.stdout) == (2, "")
    return found.stderr


def test_a_bad_file_stops_a_bench_before_it_begins(tiny: Path, tmp_path: Path) -> None:
    (tiny / "R3.txt").write_text(LILIM)
    assert refused("vrptw", tiny, "--seconds", 1, "--out", tmp_path / "out").startswith("R3.txt:2: expected 'VEHICLE'")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--only", "C*"), "holds no .txt file that matches 'C*'"),
        (("--jobs", "4000"), "4000 cores are needed"),
        (("--best-known", "known.csv"), "known.csv:1: expected the columns"),
        (("--seconds", "0"), "--seconds"),
    ],
)
def test_what_cannot_be_run_is_refused(tiny: Path, tmp_path: Path, options: tuple[str, str], words: str) -> None:
    (tiny / "known.csv").write_text("instance\n")
    name, value = options
    asked = str(tiny / value) if name == "--best-known" else value
    assert words in refused("vrptw", tiny, "--seconds", 1, "--out", tmp_path / "out", name, asked)


def test_an_interrupted_bench_says_so_and_leaves_no_drafts(tiny: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    arguments = command("vrptw", tiny, "--seconds", 3600, "--iterations", 2_000_000_000, "--out", out)
    with subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as bench:
        assert bench.stdout is not None
        assert bench.stdout.readline().startswith("instance")
        bench.send_signal(signal.SIGINT)
        output, complaint = bench.communicate(timeout=120)
    assert bench.returncode == 130
    assert "interrupted: the results of 0 of 2 trials" in complaint
    assert "at or below best known" in output
    assert not out.exists() or {path.name for path in out.iterdir()} <= {"results.csv"}


def test_ctrl_c_keeps_what_is_done_and_ends_what_runs(tmp_path: Path) -> None:
    """One process waits until the other, which would sleep for an hour, has named itself; then comes the signal."""
    named = tmp_path / "pid"
    draft = tmp_path / "draft"  # renamed when it is whole
    sleep = (
        "import os, pathlib, time\n"
        f"pathlib.Path({str(draft)!r}).write_text(str(os.getpid()))\n"
        f"os.replace({str(draft)!r}, {str(named)!r})\n"
        "time.sleep(3600)"
    )
    wait = f"import pathlib, time\nwhile not pathlib.Path({str(named)!r}).exists(): time.sleep(0.01)\nprint('done')"
    jobs = [Job(name, partial(python, code), 600.0) for name, code in (("quick", wait), ("slow", sleep))]
    done: list[tuple[str, str]] = []

    def interrupt(what: str, ending: Ending) -> None:
        done.append((what, ending.output.strip()))
        signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        run_all(jobs, [(), ()], interrupt)
    assert done == [("quick", "done")]
    with pytest.raises(ProcessLookupError):
        os.kill(int(named.read_text()), 0)


def test_cores_are_shared_out_without_overlap() -> None:
    assert [len(group) for group in core_groups(1, 1)] == [1]
    with pytest.raises(TooFewCores, match="cores are needed"):
        core_groups(5000, 2)


def test_a_process_that_does_not_answer_is_ended() -> None:
    endings: list[Ending] = []
    sleeper = Job("x", partial(python, "import time; time.sleep(3600)"), 0.2)
    run_all([sleeper], [()], lambda _what, ending: endings.append(ending))
    assert endings == [Ending(None, "", "gave no answer within 0 s")]


def test_a_result_that_cannot_be_kept_ends_the_bench_with_its_own_error() -> None:
    def full(_what: str, _ending: Ending) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        run_all([Job("x", partial(python, ""), 600.0)], [()], full)


def test_the_last_words_of_a_crashed_trial_are_its_result() -> None:
    found = result_of("R1", 3, Ending(1, "", "Traceback\nMemoryError: too big\n"))
    assert (found.seed, found.feasible, found.error) == (3, False, "MemoryError: too big")
    assert result_of("R1", 3, Ending(-9, "", "")).error == "ended with -9"


def test_a_solver_with_a_clock_is_limited_by_cpu_time() -> None:
    def clocked(clock: Callable[[], float]) -> Plan:
        raise AssertionError(clock)

    def unclocked() -> Plan:
        raise AssertionError

    assert cpu_clock(clocked) == {"clock": time.process_time}
    assert cpu_clock(unclocked) == {}


def test_fewer_vehicles_rank_before_less_distance() -> None:
    results = (Result("lc1", 1, cost=90.0, vehicles=11), Result("lc1", 2, cost=100.0, vehicles=10))
    standing = Standing("lc1", results, BestKnown(98.0, 10), vehicles_first=True)
    assert standing.best is results[1]
    assert standing.gaps() == [pytest.approx(100 * (100 / 98 - 1))]  # the other seed has a vehicle more


def test_an_infeasible_solution_is_never_the_best() -> None:
    results = (Result("R101", 1, cost=90.0, faults=("customer 3 is served 0 times", "x")), Result("R101", 2, error="e"))
    standing = Standing("R101", results, None, vehicles_first=False)
    assert standing.best is None
    assert instance_line(standing, 1).endswith("FAILED: customer 3 is served 0 times (and 1 more)")
    assert summary_lines([standing])[0].split() == ["R1", "100", "1", "-", "-", "-", "0", "of", "1", "2"]
