"""What a search tells while it runs: notes in words, and figures as a stream of lines, `seconds cost unserved`."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from enum import StrEnum
from typing import TextIO

Progress = Callable[[str, float], None]  # (what is being done, seconds since the start)
Told = Callable[[float, int, int], None]  # (seconds since the start, cost of the best so far, tasks it leaves out)

NEWS_SECONDS = 0.2  # at most one line in that time
QUIET_SECONDS = 1.0  # at least one line in that time while the search calls


class Lines(StrEnum):
    """How figures are streamed."""

    NONE = "none"
    TEXT = "text"
    JSON = "json"


class Stream:
    """Writes notes and figures to a text stream, each a line at once; as JSON every line is one object."""

    def __init__(self, out: TextIO, lines: Lines, now: Callable[[], float] = time.monotonic) -> None:
        self.out = out
        self.lines = lines
        self.now = now
        self._last: tuple[float, int, int] | None = None

    def note(self, text: str, seconds: float) -> None:
        """What has been done."""
        if self.lines is Lines.JSON:
            self._write(json.dumps({"seconds": round(seconds, 2), "note": text}, ensure_ascii=False))
        else:
            self._write(f"{seconds:7.2f} s  {text}")

    def figures(self, seconds: float, cost: int, unserved: int) -> None:
        """The best so far: told when it is news, and once a second if it is not."""
        now = self.now()
        if self.lines is Lines.NONE or (self._last is not None and not self._due(now, cost, unserved)):
            return
        self._last = (now, cost, unserved)
        self.last_figures(seconds, cost, unserved)

    def last_figures(self, seconds: float, cost: int, unserved: int) -> None:
        """The figures of the plan that is handed out, told in any case."""
        if self.lines is Lines.JSON:
            self._write(json.dumps({"seconds": round(seconds, 2), "cost": cost, "unserved": unserved}))
        elif self.lines is Lines.TEXT:
            self._write(f"{seconds:.2f} {cost} {unserved}")

    def _due(self, now: float, cost: int, unserved: int) -> bool:
        then, *figures = self._last or (0.0, 0, 0)
        return now - then >= (NEWS_SECONDS if figures != [cost, unserved] else QUIET_SECONDS)

    def _write(self, line: str) -> None:
        self.out.write(line + "\n")
        self.out.flush()
