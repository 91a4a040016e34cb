"""What can be wrong with a file of a benchmark. Each error names the file and the line."""

from __future__ import annotations


class BadFile(ValueError):
    """A file that breaks its format; `line` counts from 1 and is None when the file as a whole is at fault."""

    def __init__(self, source: str, line: int | None, detail: str) -> None:
        self.source = source
        self.line = line
        self.detail = detail
        super().__init__(f"{source}: {detail}" if line is None else f"{source}:{line}: {detail}")


class BadInstance(BadFile):
    """An instance that cannot be read; nothing was solved."""


class BadSolution(BadFile):
    """A solution that cannot be read; it was not judged."""


class BadTable(BadFile):
    """A table of best-known values that cannot be read."""
