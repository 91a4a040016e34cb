"""Stopping a search from outside: the first SIGINT or SIGTERM asks for the best plan so far, a second one aborts."""

from __future__ import annotations

import signal
from collections.abc import Callable
from types import FrameType, TracebackType

Stop = Callable[[], bool]  # whether to end now with what there is

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stopping:
    """While entered, `asked` is true from the first signal on; the next raises KeyboardInterrupt. For the main thread.
    The handler only sets a flag: a lock taken here could be one that the interrupted code holds."""

    def __init__(self) -> None:
        self.signal: signal.Signals | None = None

    def asked(self) -> bool:
        """Whether the search should end now."""
        return self.signal is not None

    def __enter__(self) -> Stopping:
        self._before = {number: signal.signal(number, self._take) for number in SIGNALS}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _take(self, number: int, _frame: FrameType | None) -> None:
        if self.signal is not None:
            raise KeyboardInterrupt
        self.signal = signal.Signals(number)


def deaf() -> None:
    """Leave signals to the parent: a terminal sends them to all processes of a group."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
