"""What a simulation tells: its progress, its figures, and a divergence as Python that can be pasted."""

import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tests.timebank.simulation.course import Course, Divergence
from tests.timebank.simulation.steps import Step

LINE_EVERY_SECONDS = 10.0


class Figures:
    """Counts of a course."""

    def __init__(self, course: Course, seconds: float) -> None:
        comparison = course.comparison
        state = comparison.oracle.state
        self.steps = len(course.steps)
        self.seconds = round(seconds, 1)
        self.entries = len(state.entries)
        self.holds = len(state.holds)
        self.accounts = len(state.accounts)
        self.cycles = len(state.cycles)
        self.closed_periods = len(state.periods)
        self.roots = len(comparison.roots)
        self.reversals = len(state.reversed)
        self.crashes = {str(moment): count for moment, count in sorted(comparison.crashes.items())}
        self.refusals = dict(comparison.codes.most_common())

    def line(self) -> str:
        """In one line."""
        speed = self.steps / self.seconds if self.seconds else 0
        refused = sum(self.refusals.values())
        return (
            f"{self.steps} steps, {speed:.0f}/s, {self.entries} entries, {self.holds} holds, {self.cycles} cycles, "
            f"{sum(self.crashes.values())} crashes, {refused} refusals of {len(self.refusals)} kinds"
        )

    def document(self) -> dict[str, Any]:
        """For JSON."""
        return dict(vars(self))


class Teller:
    """Shows how far a course is: a bar on a terminal, else a line now and then."""

    def __init__(self, seed: int, count: int) -> None:
        self.seed, self.count = seed, count
        self.began = self.told = time.monotonic()
        self.bar: Progress | None = None

    @contextmanager
    def showing(self) -> Iterator[None]:
        """While it runs."""
        console = Console(stderr=True)
        if not console.is_terminal:
            yield
            return
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=console) as self.bar:
            self.bar.add_task(f"seed {self.seed}", total=self.count)
            yield

    def tell(self, course: Course) -> None:
        """After a step."""
        now = time.monotonic()
        if self.bar is not None:
            task = self.bar.task_ids[0]
            self.bar.update(task, completed=len(course.steps))
            if now - self.told >= 1:
                self.told = now
                self.bar.update(task, description=f"seed {self.seed}: {Figures(course, now - self.began).line()}")
        elif now - self.told >= LINE_EVERY_SECONDS:
            self.told = now
            sys.stderr.write(f"seed {self.seed}: {Figures(course, now - self.began).line()}\n")
            sys.stderr.flush()


def refusals(codes: Counter[str] | dict[str, int]) -> str:
    """Refusals by code."""
    return ", ".join(f"{code} {count}" for code, count in codes.items())


def told(divergence: Divergence, name: str = "it") -> str:
    """A divergence in words."""
    return (
        f"{name} diverges at step {divergence.number}: {divergence.subject}\n"
        f"  expected {divergence.expected}\n  found    {divergence.found}"
    )


def as_python(steps: Sequence[Step], divergence: Divergence) -> str:
    """A program that plays the steps again; run it in the repository's root."""
    lines = "".join(f"        {step!r},\n" for step in steps)
    words = told(divergence).splitlines()[1:]
    return (
        "import datetime\nfrom uuid import UUID\n\n"
        "from tests.timebank.simulation import *\nfrom timebank import *\n\n"
        f"# {divergence.subject}\n"
        + "".join(f"# {line.strip()}\n" for line in words)
        + f"again(\n    [\n{lines}    ]\n)\n"
    )
