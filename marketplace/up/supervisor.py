"""The parent of all processes of one Liuzhu: starts them in order, restarts what dies, ends them in reverse.

Ctrl-C and SIGTERM mean the same: stop cleanly, leave no process behind. A second one means: at once.
"""

import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Protocol, Self

from marketplace.up.child import Child, ChildFailed

LOOK_SECONDS = 0.1
STOP_SECONDS = 15.0
TOO_MANY_FAILURES = 6  # in a row, each within a minute of its start: about 15 s of trying


class Server(Protocol):
    """What the supervisor needs of an embedded server."""

    @property
    def running(self) -> bool:
        """Whether it is alive."""
        ...

    def start(self) -> str:
        """Start it (again) and return its address."""
        ...

    def stop(self) -> None:
        """End it and wait."""
        ...


class Supervisor:
    """Processes and servers that live and end together; a context manager, on the main thread.

    A signal ends the `with` block quietly, also while it is still starting things: what follows it runs next.
    `logs` is the folder of the children's logs, `say` takes a line for the person at the terminal.
    """

    def __init__(self, logs: Path, *, say: Callable[[str], None], stop_seconds: float = STOP_SECONDS) -> None:
        self._logs = logs
        self._say = say
        self._stop_seconds = stop_seconds
        self._parts: list[Child | tuple[str, Server]] = []
        self._stopping = False
        self._signalled = False
        self._at_once = False
        self._handlers: dict[signal.Signals, Callable[[int, FrameType | None], object] | int | None] = {}

    def keep(self, name: str, server: Server) -> None:
        """Take over a server that runs already: it is started again when it dies and ended after all the rest."""
        self._parts.append((name, server))

    def spawn(
        self,
        name: str,
        argv: Sequence[str],
        env: Mapping[str, str] | None = None,
        *,
        ready: str | None = None,
        ready_seconds: float = 60.0,
        restart: bool = True,
    ) -> Child:
        """Start a process, with `env` added to ours, and wait until the address `ready` answers 200.

        ChildFailed when it does not; one with `restart` is started again whenever it ends.
        """
        child = Child(name, list(argv), {**os.environ, **(env or {})}, self._logs / f"{name}.log", restart)
        self._parts.append(child)
        child.start()
        if ready is not None:
            child.await_ready(ready, timeout_seconds=ready_seconds)
        return child

    def wait(self) -> int:
        """Watch until a signal comes (returns 0) or a process cannot be kept alive (raises ChildFailed)."""
        try:
            while True:
                self.look()
                time.sleep(LOOK_SECONDS)
        except KeyboardInterrupt:
            return 0

    def look(self) -> None:
        """One round of watching: what has died is started again, or, dying too often, ends everything."""
        for part in self._parts:
            if isinstance(part, Child):
                self._look_at(part)
            elif not part[1].running:
                self._say(f"{part[0]} died and is started again")
                part[1].start()

    def stop(self) -> None:
        """End everything, last started first; what does not end in time is killed. Harmless when repeated."""
        self._stopping = True
        while self._parts:
            part = self._parts.pop()
            if isinstance(part, Child):
                self._end(part)
            else:
                part[1].stop()

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._handlers[number] = signal.signal(number, self._on_signal)
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> bool:
        try:
            try:
                self.stop()
            except KeyboardInterrupt:  # the first signal, in the very moment before stop() knew that it had begun
                self.stop()
        finally:
            for number, handler in self._handlers.items():
                signal.signal(number, handler)
        return self._signalled and isinstance(error, KeyboardInterrupt)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        if self._stopping:
            self._at_once = True
            return
        self._stopping = self._signalled = True
        raise KeyboardInterrupt

    def _look_at(self, child: Child) -> None:
        now = time.monotonic()
        if child.retry_at:
            if now >= child.retry_at:
                child.retry_at = 0.0
                child.start()
            return
        code = child.exit_code
        if code is None:
            return
        child.kill()  # what it started and left behind
        if not child.restart:
            raise ChildFailed(child.name, f"ended with {code}", child.log)
        waits_seconds = child.note_failure()
        if child.failures >= TOO_MANY_FAILURES:
            raise ChildFailed(child.name, f"ended {child.failures} times in a row, last with {code}", child.log)
        self._say(f"{child.name} ended with {code}; starting it again in {waits_seconds:g} s")

    def _end(self, child: Child) -> None:
        child.end()
        ends_at = time.monotonic() + self._stop_seconds
        while child.exit_code is None and child.process is not None:
            if self._at_once or time.monotonic() >= ends_at:
                self._say(f"{child.name} did not end in time and is killed")
                break
            time.sleep(0.02)
        child.kill()
