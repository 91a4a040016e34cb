"""Progress for the person at the terminal: one bar per step, or one line where there is no terminal."""

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn


class Bars:
    """A context manager whose `told(step, done, total)` draws a bar; every step gets its own."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._drawn = Progress(
            TextColumn("{task.description:<12}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._steps: dict[str, TaskID] = {}
        self._ended: set[str] = set()

    def told(self, step: str, done: int, total: int) -> None:
        """A step has got so far. Without a terminal only its end is told."""
        if step not in self._steps:
            self._steps[step] = self._drawn.add_task(step, total=total)
        self._drawn.update(self._steps[step], completed=done, total=total)
        if done == total and not self._console.is_terminal and step not in self._ended:
            self._ended.add(step)
            self._console.print(f"{step}: {done}", highlight=False)

    def __enter__(self) -> Self:
        self._drawn.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._drawn.stop()
