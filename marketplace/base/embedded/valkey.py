"""The embedded Valkey: queue wake-ups, streams and rate limits, on the loopback, with a password.

It keeps an append-only file, yet nothing depends on it: what must not be lost is in PostgreSQL.
"""

import socket
import subprocess
import time
from pathlib import Path
from signal import SIGKILL, SIGTERM
from typing import Self

import psutil  # type: ignore[import-untyped]  # the wheel carries no types

from marketplace.base.embedded.binaries import valkey_binary
from marketplace.base.embedded.directory import LOOPBACK, ServerDirectory
from marketplace.base.embedded.errors import EmbeddedError
from marketplace.base.embedded.host import server_account
from marketplace.base.embedded.process import ended_within, kill_all, send, start_server, working_in

START_SECONDS = 60.0  # reading a long append-only file included
STOP_SECONDS = 10.0
PORT_ATTEMPTS = 5


class Valkey:
    """A Valkey whose files are in `data`; `durable=False` leaves writing to disk to the system, for tests.

    `outlives_us` leaves the server running when this process is killed. Not for use by two threads at once.
    """

    def __init__(self, data: Path, *, durable: bool = True, outlives_us: bool = False) -> None:
        self._directory = ServerDirectory(data, "valkey")
        self._durable = durable
        self._outlives_us = outlives_us
        self._child: subprocess.Popen[bytes] | None = None
        self._server: psutil.Process | None = None
        self._url = ""

    @property
    def url(self) -> str:
        """Address with its password: `redis://:…@127.0.0.1:PORT/0`; raises before start()."""
        if not self._url:
            raise EmbeddedError(f"the Valkey of {self._directory.data} was not started")
        return self._url

    @property
    def pid(self) -> int:
        """Process id of the server; raises when none was started."""
        if self._server is None:
            raise EmbeddedError(f"the Valkey of {self._directory.data} is not running")
        return int(self._server.pid)

    @property
    def running(self) -> bool:
        """Whether the server is alive."""
        return self._server is not None and not ended_within(self._server, 0)

    def start(self) -> str:
        """Start the server and return its address once it answers, under last time's port if that is free.

        EmbeddedError when another Liuzhu has the directory or the server does not come up.
        """
        if self.running:
            return self.url
        if not self._directory.locked:
            self._directory.lock()
        try:
            self._reap()
            port = self._adopt() or self._launch()
        except BaseException:
            self.kill()
            self._directory.unlock()
            raise
        self._url = f"redis://:{self._directory.password()}@{LOOPBACK}:{port}/0"
        return self._url

    def stop(self) -> None:
        """End the server, its append-only file written out, and give the lock up."""
        if self._server is not None:
            _stop(self._server)
            self._server = None
        self._reap()
        self._directory.unlock()

    def kill(self) -> None:
        """SIGKILL the server; the lock is kept for start(). As for PostgreSQL, only the one that ran is waited for."""
        server, child = self._server, self._child
        if server is None:
            return
        send(server, SIGKILL)
        kill_all(self._directory.state, patience_seconds=0.0)
        if self._server is server:
            self._server = None
        if child is not None:
            child.wait()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _adopt(self) -> int | None:
        """Go on with a server that is running in the directory already, if our password opens it; else stop it."""
        if not self._directory.state.exists():
            return None
        for found in working_in(self._directory.state):
            port = self._directory.last_port()
            if port and self._answers(port, timeout_seconds=3.0):
                self._server = found
                return port
            _stop(found)
        kill_all(self._directory.state, patience_seconds=0.0)
        return None

    def _launch(self) -> int:
        said: list[str] = []
        for _ in range(PORT_ATTEMPTS):
            port = self._directory.port()
            said = self._try(port)
            if self._server is not None:
                return port
            if not any("Address already in use" in line for line in said):
                break  # else another program took the port between our look and the server's
        last = said[-1] if said else "it ended without a word"
        raise EmbeddedError(
            f"Valkey did not start in {self._directory.data}: {last} (more in {self._directory.log})",
            data=self._directory.data,
        )

    def _try(self, port: int) -> list[str]:
        """Start the server on the port; when it is not ready in time `_server` is None and its words come back."""
        account = server_account()
        self._directory.make_state(self._directory.state, account)
        settings = self._directory.data / "valkey.conf"
        self._directory.write_private(settings, self._settings(port))
        # The settings with the password come by standard input: the server's account need not read our file.
        with self._directory.open_log() as log, settings.open("rb") as given:
            offset_bytes = log.tell()
            self._child = start_server(
                [str(valkey_binary(account)), "-"],
                directory=self._directory.state,
                account=account,
                log=log,
                at_parents_end=None if self._outlives_us else SIGTERM,
                stdin=given,
            )
        self._server = psutil.Process(self._child.pid)
        ends_at = time.monotonic() + START_SECONDS
        while self._child.poll() is None and time.monotonic() < ends_at:
            if self._answers(port, timeout_seconds=0.5):
                return []
            time.sleep(0.01)
        self.kill()
        return self._directory.log_since(offset_bytes)

    def _settings(self, port: int) -> str:
        lines = (
            f"bind {LOOPBACK}",
            f"port {port}",
            "protected-mode yes",
            f"requirepass {self._directory.password()}",
            "daemonize no",
            "dir .",
            "appendonly yes",
            f"appendfsync {'everysec' if self._durable else 'no'}",
            'save ""',
            "maxmemory-policy noeviction",
        )
        return "\n".join(lines) + "\n"

    def _answers(self, port: int, *, timeout_seconds: float) -> bool:
        """Whether a server on the port takes our password and has read its file (until then it says LOADING)."""
        try:
            with socket.create_connection((LOOPBACK, port), timeout_seconds) as connection:
                connection.sendall(f"AUTH {self._directory.password()}\r\nPING\r\nQUIT\r\n".encode("ascii"))
                answer = b""
                while part := connection.recv(1024):
                    answer += part
        except OSError:
            return False
        return answer.startswith(b"+OK\r\n+PONG\r\n")

    def _reap(self) -> None:
        if self._child is not None:
            self._child.wait()
            self._child = None


def _stop(server: psutil.Process) -> None:
    for signal_number, patience_seconds in ((SIGTERM, STOP_SECONDS), (SIGKILL, 5.0)):
        send(server, signal_number)
        if ended_within(server, patience_seconds):
            return
