"""The one error of the embedded servers.

Its text is a single line for the person at the terminal; nobody should need the stack to know what to do.
"""

from pathlib import Path


class EmbeddedError(Exception):
    """An embedded server cannot run here; the text says why and what helps, `data` is the directory concerned."""

    def __init__(self, reason: str, *, data: Path | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.data = data
