"""Documents at the terminal: a problem or plan is read, or the program leaves with exit code 2 and says where."""

from __future__ import annotations

import errno
import os
import shutil
import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from dispatch.check import check
from dispatch.document import parse_plan, parse_problem
from dispatch.errors import DocumentInvalid
from dispatch.plan import Plan
from dispatch.problem import Problem

ProblemFile = Annotated[Path, typer.Argument(help="A liuzhu/problem@1 document; - reads stdin.")]
PlanFile = Annotated[Path, typer.Argument(help="A liuzhu/plan@1 document; - reads stdin.")]


LEAST_SECONDS, MOST_SECONDS = 0.1, 86_400.0


def _of_a_day(seconds: float) -> float:
    if not LEAST_SECONDS <= seconds <= MOST_SECONDS:  # nan is neither
        raise typer.BadParameter(
            f"a number of seconds from {LEAST_SECONDS:g} to {MOST_SECONDS:g} is needed, not {seconds:g}"
        )
    return seconds


def limit(text: str) -> Any:
    """An option that takes seconds, up to a day."""
    return typer.Option(callback=_of_a_day, help=f"{text} {LEAST_SECONDS:g} to {MOST_SECONDS:g}.", metavar="<seconds>")


def bad(lines: list[str]) -> NoReturn:
    """Leave with exit code 2: the input is at fault."""
    for line in lines:
        typer.echo(line, err=True)
    raise SystemExit(2)


def _text(path: Path) -> bytes:
    if str(path) == "-":
        text = sys.stdin.buffer.read()
        if not text:
            bad(["-: nothing is left on stdin, which gives one document"])
        return text
    try:
        return path.read_bytes()
    except OSError as error:
        bad([f"{path}: {error.strerror}"])


def read_problem_file(path: Path) -> Problem:
    """The problem in a file, or exit code 2 with every fault."""
    try:
        return parse_problem(_text(path))
    except DocumentInvalid as error:
        bad([f"{path}{fault}" for fault in error.faults])


def read_plan_file(path: Path) -> Plan:
    """The plan in a file, or exit code 2 with every fault."""
    try:
        return parse_plan(_text(path))
    except DocumentInvalid as error:
        bad([f"{path}{fault}" for fault in error.faults])


def read_valid(problem: Problem, path: Path) -> Plan:
    """The plan in a file, if it keeps every rule of the problem; otherwise exit code 1 with what it breaks."""
    plan = read_plan_file(path)
    broken = check(problem, plan)
    if broken:
        for violation in broken:
            typer.echo(f"{path}: {violation}", err=True)
        raise SystemExit(1)
    return plan


def refuse_unwritable(path: Path | None, problem: Path) -> None:
    """Leave with exit code 2 if a file cannot be written, or is the problem itself, before anything is searched."""
    if path is None:
        return
    if path.is_dir():
        bad([f"{path}: {os.strerror(errno.EISDIR)}"])
    if not path.parent.is_dir():
        bad([f"{path}: {os.strerror(errno.ENOENT)}"])
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        bad([f"{path}: {os.strerror(errno.EACCES)}"])
    if path.exists() and problem.exists() and path.samefile(problem):
        bad([f"{path}: the plan would take the place of its problem"])


def write(text: str, path: Path | None) -> None:
    """Into the file, or to stdout where none is named."""
    if path is None:
        typer.echo(text, nl=False)
        return
    try:
        _replace(path, text)
    except OSError as error:
        bad([f"{path}: {error.strerror}"])


def _replace(path: Path, text: str) -> None:
    """Write a file whole or not at all: beside it, then renamed. What is no file, or stands where none can be made, is
    written to as it is."""
    target = path.resolve()
    if (path.exists() and (not path.is_file() or _is_stream(path))) or not os.access(target.parent, os.W_OK):
        path.write_text(text, encoding="utf-8")
        return
    beside = target.with_name(f".dispatch-{os.getpid()}")
    try:
        with beside.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            shutil.copymode(target, beside)
        beside.replace(target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def _is_stream(path: Path) -> bool:
    """Whether a path is where stdout or stderr goes, as /dev/stdout is."""
    streams = []
    for number in (1, 2):
        with suppress(OSError):  # closed
            streams.append(os.fstat(number))
    return any(os.path.samestat(path.stat(), stream) for stream in streams)
