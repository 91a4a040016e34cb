"""One process of ours under supervision: its command, its log, its restarts.

It leads its own session, so a Ctrl-C at the terminal reaches the supervisor alone, which ends the children in
order; and on Linux it gets SIGTERM when the supervisor is killed, so that none is left behind.
"""

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from marketplace.base.embedded.process import launch_command
from marketplace.up.ready import answers

QUIET_SECONDS = 60.0  # a process that lived this long starts its count of failures anew
FIRST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 30.0


class ChildFailed(Exception):
    """A process did not become ready, or failed too often; `log` is where it wrote why."""

    def __init__(self, name: str, reason: str, log: Path) -> None:
        super().__init__(f"{name} {reason} (its log: {log})")
        self.name = name
        self.reason = reason
        self.log = log


@dataclass(slots=True)
class Child:
    """A command with its environment and log; `start`, `stop` and the count of its quick failures."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    log: Path
    restart: bool
    failures: int = 0
    started_at: float = 0.0  # monotonic seconds
    retry_at: float = 0.0
    process: subprocess.Popen[bytes] | None = field(default=None)

    def start(self) -> None:
        """Start the process; its output is appended to the log."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 - the caller's command
                launch_command(self.argv, at_parents_end=signal.SIGTERM),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=dict(self.env),
                start_new_session=True,
            )
        self.started_at = time.monotonic()

    def await_ready(self, url: str, *, timeout_seconds: float) -> None:
        """Return once the address answers 200; ChildFailed when the process ends or the time is over."""
        ends_at = time.monotonic() + timeout_seconds
        while time.monotonic() < ends_at:
            if self.exit_code is not None:
                raise ChildFailed(self.name, f"ended with {self.exit_code} before it was ready", self.log)
            if answers(url):
                return
            time.sleep(0.05)
        raise ChildFailed(self.name, f"was not ready within {timeout_seconds:g} s at {url}", self.log)

    @property
    def exit_code(self) -> int | None:
        """Exit status (negative: the signal that ended it), None while it runs or was never started."""
        return None if self.process is None else self.process.poll()

    @property
    def pid(self) -> int | None:
        """Process id, None while it is not running."""
        return self.process.pid if self.process is not None and self.exit_code is None else None

    def note_failure(self) -> float:
        """Count a failure and return the seconds to wait before the next start: 0.5, 1, 2 … 30."""
        now = time.monotonic()
        self.failures = 1 if now - self.started_at > QUIET_SECONDS else self.failures + 1
        waits_seconds = min(FIRST_WAIT_SECONDS * 2.0 ** (self.failures - 1), LONGEST_WAIT_SECONDS)
        self.retry_at = now + waits_seconds
        return waits_seconds

    def end(self) -> None:
        """Ask the process to end itself (SIGTERM)."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL the process and what it started in its session's group."""
        if self.process is not None:
            self._signal(signal.SIGKILL)
            self.process.wait()

    def _signal(self, number: signal.Signals) -> None:
        if self.process is None:
            return
        try:
            os.killpg(self.process.pid, number)
        except (ProcessLookupError, PermissionError):  # macOS answers the latter for a group of zombies
            return
