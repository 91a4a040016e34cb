"""The command line: what it writes, where it writes it, and its exit codes."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from typer.testing import CliRunner, Result

from dispatch import check, dump_plan, dump_problem, parse_plan, solve
from dispatch.cli import app
from dispatch.document import to_json
from tests.dispatch.builders import lunch, meal, minutes, problem, shift, visit

ROOT = Path(__file__).parents[2]


def run(*arguments: str, text: str | None = None) -> Result:
    """The command in this process; that it is one of its own elsewhere, a test says."""
    return CliRunner().invoke(app, arguments, text)


def begun(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own."""
    command = [sys.executable, "-m", "dispatch", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)


DAY = problem(
    shift("s1", breaks=(lunch(),)), shift("s2", start="p9"),
    visit("wash", "p3"), visit("bath", "p5", crew=2), meal("box"),
    visit("far", "p5", windows=(minutes(0, 1),)),
)  # fmt: skip


@pytest.fixture
def day(tmp_path: Path) -> Path:
    path = tmp_path / "day.json"
    path.write_text(to_json(dump_problem(DAY)))
    return path


def test_a_plan_is_improved_also_for_a_day_that_has_changed(day: Path) -> None:
    first, better = day.with_name("first.json"), day.with_name("better.json")
    yesterday = replace(DAY, visits=DAY.visits[:1], deliveries=())
    first.write_text(to_json(dump_plan(solve(yesterday, seed=1, time_limit_seconds=1, iterations=1))))
    improved = run("improve", str(day), str(first), "-o", str(better), "--seconds", "1", "--iterations", "20")
    assert improved.exit_code == 0
    assert "feasible: 3 of 4 served" in improved.stderr
    assert check(DAY, parse_plan(better.read_bytes())) == []
    assert run("improve", str(day), str(day), "-o", str(better)).exit_code == 2  # a problem is no plan


def test_a_feasible_problem_is_solved_checked_explained_and_drawn(day: Path) -> None:
    plan = day.with_name("plan.json")
    solved = begun("solve", str(day), "-o", str(plan), "--seconds", "1", "--iterations", "2", "--progress")
    assert (solved.returncode, solved.stdout) == (0, "")
    assert "feasible: 3 of 4 served" in solved.stderr
    found = parse_plan(plan.read_bytes())
    assert check(DAY, found) == []
    assert f"{found.seconds:.2f} {found.cost['total']} 1" in solved.stderr.splitlines()
    assert run("check", str(day), str(plan)).exit_code == 0
    explained = run("explain", str(day), str(plan))
    assert [entry["id"] for entry in json.loads(explained.stdout)] == ["far"]
    picture = day.with_name("plan.svg")
    assert run("show", str(plan), str(day), "-o", str(picture)).exit_code == 0
    assert ET.parse(picture).getroot().tag.endswith("svg")  # noqa: S314  # our own file


def test_an_infeasible_problem_exits_1_writes_its_plan_and_says_why() -> None:
    hard = replace(DAY, visits=tuple(replace(v, mandatory=True) for v in DAY.visits))
    solved = run("solve", "-", "--seconds", "1", "--iterations", "1", text=to_json(dump_problem(hard)))
    assert solved.exit_code == 1
    assert parse_plan(solved.stdout).status == "infeasible"
    assert "far: too far" in solved.stderr


def test_bad_input_exits_2_and_says_where(tmp_path: Path) -> None:
    document = dump_problem(DAY)
    document["visits"][0]["windows"] = [[9, 1]]
    solved = run("solve", "-", text=json.dumps(document))
    assert solved.exit_code == 2
    assert "/visits/0/windows/0: order" in solved.stderr
    assert run("solve", str(tmp_path / "none.json")).exit_code == 2
    assert run("solve", "-", "--seconds", "0", text="{}").exit_code == 2


def test_without_a_command_the_help_is_shown() -> None:
    done = begun()
    assert "Traceback" not in done.stderr
    assert "solve docs/examples/day.json" in done.stdout + done.stderr


def test_what_cannot_be_written_is_said_before_anything_is_searched(day: Path) -> None:
    plan = day.with_name("plan.json")
    run("solve", str(day), "-o", str(plan), "--seconds", "1", "--iterations", "1")
    for target in (day.parent, day.parent / "no" / "where.json", day):  # nor is a plan put over its problem
        for command in (["solve", str(day)], ["improve", str(day), str(plan)], ["bound", str(day), str(plan)]):
            done = run(*command, "-o", str(target), "--seconds", "300")
            assert (done.exit_code, done.stdout) == (2, "")
            assert done.stderr.startswith(f"{target}: ")
            assert len(done.stderr.splitlines()) == 1


def test_options_that_an_engine_takes_no_notice_of_are_refused(day: Path) -> None:
    for option, value in (("--workers", "2"), ("--pieces", "10"), ("--iterations", "5")):
        done = run("solve", str(day), "--engine", "routing", option, value)
        assert done.exit_code == 2
        assert option in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the device that is always full is Linux's")
def test_a_full_disk_behind_stdout_is_said_in_a_line(day: Path) -> None:
    plan = day.with_name("plan.json")
    run("solve", str(day), "-o", str(plan), "--seconds", "1", "--iterations", "1")
    command = [sys.executable, "-m", "dispatch", "diff", str(day), str(plan), str(plan)]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            command, cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False
        )
    assert (done.returncode, done.stderr) == (2, "stdout: No space left on device\n")


def test_stdin_gives_one_document() -> None:
    done = run("check", "-", "-", text=to_json(dump_problem(DAY)))
    assert done.exit_code == 2
    assert done.stderr == "-: nothing is left on stdin, which gives one document\n"


def test_a_plan_that_breaks_a_rule_exits_1_and_names_it(day: Path) -> None:
    plan = solve(DAY, seed=1, time_limit_seconds=1, iterations=1)
    path = day.with_name("plan.json")
    path.write_text(to_json(dump_plan(replace(plan, status="infeasible"))))
    judged = run("check", str(day), str(path))
    assert judged.exit_code == 1
    assert judged.stdout.startswith("status")
    assert run("show", str(path), str(day), "-o", str(day.with_name("x.svg"))).exit_code == 1


def test_ctrl_c_while_the_program_is_imported_is_a_line_and_130() -> None:
    command = [sys.executable, "-X", "importtime", "-m", "dispatch", "--help"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert any(line.rstrip().endswith(" numpy") for line in process.stderr)
        process.send_signal(signal.SIGINT)
        said = [line for line in process.stderr if not line.startswith("import time:")]
    assert (process.returncode, said) == (130, ["Aborted.\n"])


def test_a_file_is_replaced_whole_or_not_at_all(day: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = day.with_name("plan.json")
    plan.write_text("as it was")
    plan.chmod(0o640)

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        done = run("solve", str(day), "-o", str(plan), "--seconds", "1", "--iterations", "1")
    assert (done.exit_code, plan.read_text()) == (2, "as it was")
    assert "No space left" in done.stderr
    run("solve", str(day), "-o", str(plan), "--seconds", "1", "--iterations", "1")
    assert parse_plan(plan.read_text()).routes
    assert (plan.stat().st_mode & 0o777, {path.name for path in day.parent.iterdir()}) == (
        0o640,
        {day.name, "plan.json"},
    )


@pytest.mark.parametrize("seconds", ["nan", "inf", "-inf", "-1", "0", "86401"])
def test_a_limit_that_is_no_time_is_refused_in_words(day: Path, seconds: str) -> None:
    for command in (["solve", str(day)], ["improve", str(day), "plan"], ["bound", str(day), "plan"],
                    ["bench", "vrptw", str(day), "--out", "x"]):  # fmt: skip
        refused = run(*command, "--seconds", seconds)
        assert refused.exit_code == 2
        assert "from 0.1 to 86400" in refused.stderr
        assert f"not {float(seconds):g}" in " ".join(refused.stderr.replace("│", " ").split())
