"""A text file read line by line: blank lines are skipped, and every fault names its line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from dispatch.benchmarks.errors import BadInstance

MOST_BYTES = 50_000_000
MOST_MAGNITUDE = 10**7  # of any number in an instance: a hundredfold of the largest in the classic sets


@dataclass(frozen=True, slots=True)
class Line:
    """A line that holds something: its number from 1 and its words."""

    number: int
    words: tuple[str, ...]


class Lines:
    """The lines of one file, taken one after the other."""

    def __init__(self, path: Path) -> None:
        self.source = path.name
        try:
            raw = path.read_bytes()
        except OSError as error:
            raise BadInstance(self.source, None, error.strerror or "cannot be read") from error
        if len(raw) > MOST_BYTES:
            raise BadInstance(self.source, None, f"has {len(raw)} bytes, at most {MOST_BYTES} are read")
        try:
            text = raw.decode("ascii")
        except UnicodeDecodeError as error:
            before = raw[: error.start].count(b"\n")
            raise BadInstance(self.source, before + 1, "is no plain ASCII text") from error
        numbered = enumerate(text.splitlines(), start=1)
        self._lines = [Line(number, words) for number, line in numbered if (words := tuple(line.split()))]
        self._next = 0

    def refuse(self, line: Line | None, detail: str) -> NoReturn:
        """Raise BadInstance for a line."""
        raise BadInstance(self.source, line.number if line else None, detail)

    def more(self) -> bool:
        """Whether anything is left."""
        return self._next < len(self._lines)

    def take(self, wanted: str) -> Line:
        """The next line. BadInstance when the file ends before `wanted`."""
        if not self.more():
            last = self._lines[-1] if self._lines else None
            self.refuse(last, f"the file ends where {wanted} was expected")
        self._next += 1
        return self._lines[self._next - 1]

    def heading(self, *words: str) -> Line:
        """The next line, which must begin with these words."""
        line = self.take(repr(" ".join(words)))
        if tuple(word.upper() for word in line.words[: len(words)]) != tuple(word.upper() for word in words):
            self.refuse(line, f"expected {' '.join(words)!r}, found {' '.join(line.words)[:60]!r}")
        return line

    def whole(self, wanted: str, count: int, *, of: Line | None = None) -> NDArray[np.int64]:
        """The `count` whole numbers of the next line (or of a line already taken)."""
        line = of or self.take(wanted)
        values = self.real(wanted, count, of=line)
        if not np.array_equal(values, np.rint(values)):
            self.refuse(line, f"expected whole numbers for {wanted}")
        return values.astype(np.int64)

    def real(self, wanted: str, count: int, *, of: Line | None = None) -> NDArray[np.float64]:
        """The `count` finite numbers of the next line (or of a line already taken)."""
        line = of or self.take(wanted)
        if len(line.words) != count:
            self.refuse(line, f"expected {count} numbers for {wanted}, found {len(line.words)}")
        try:
            values = np.array(line.words, dtype=np.float64)
        except ValueError:
            self.refuse(line, f"expected numbers for {wanted}, found {' '.join(line.words)[:60]!r}")
        if not (np.abs(values) <= MOST_MAGNITUDE).all():  # NaN fails too
            self.refuse(line, f"expected numbers of at most {MOST_MAGNITUDE} for {wanted}")
        return values
