"""The embedded PostgreSQL: one cluster with one database `liuzhu`, on the loopback, with a password.

A real server from a wheel. It is started by us, ended by us, and ends with us on Linux even if we are killed;
where it outlives us all the same, the next start finds it and either goes on with it or stops it.
"""

import subprocess
import time
from pathlib import Path
from signal import SIGINT, SIGKILL, SIGQUIT
from typing import Self

import psutil  # type: ignore[import-untyped]  # the wheel carries no types

from marketplace.base.embedded import cluster
from marketplace.base.embedded.binaries import postgres_home
from marketplace.base.embedded.directory import LOOPBACK, ServerDirectory
from marketplace.base.embedded.errors import EmbeddedError
from marketplace.base.embedded.host import Account, server_account
from marketplace.base.embedded.pid_file import is_ready, read_pid_file
from marketplace.base.embedded.process import ended_within, kill_all, send, server_of, start_server, working_in

START_SECONDS = 60.0  # recovery after kill -9 included
STOP_SECONDS = 30.0
ORPHAN_SECONDS = 5.0  # for a server found running that does not answer
PORT_ATTEMPTS = 5


class Postgres:
    """A PostgreSQL whose files are in `data`; `durable=False` trades safety from power cuts for speed in tests.

    `outlives_us` leaves the server running when this process is killed. Not for use by two threads at once.
    """

    def __init__(
        self, data: Path, *, durable: bool = True, outlives_us: bool = False, max_connections: int = 200
    ) -> None:
        self._directory = ServerDirectory(data, "postgres")
        self._durable = durable
        self._outlives_us = outlives_us
        self._max_connections = max_connections
        self._child: subprocess.Popen[bytes] | None = None
        self._server: psutil.Process | None = None
        self._url = ""

    @property
    def url(self) -> str:
        """Address with user and password: `postgresql://liuzhu:…@127.0.0.1:PORT/liuzhu`; raises before start()."""
        if not self._url:
            raise EmbeddedError(f"the PostgreSQL of {self._directory.data} was not started")
        return self._url

    @property
    def pid(self) -> int:
        """Process id of the postmaster; raises when none was started."""
        if self._server is None:
            raise EmbeddedError(f"the PostgreSQL of {self._directory.data} is not running")
        return int(self._server.pid)

    @property
    def running(self) -> bool:
        """Whether the postmaster is alive."""
        return self._server is not None and not ended_within(self._server, 0)

    def start(self) -> str:
        """Start the server, making the cluster if there is none, and return its address once it answers.

        Also brings it back after kill(), under the same address if its port is free still. EmbeddedError when
        another Liuzhu has the directory, it is of another major version, or the server does not come up.
        """
        if self.running:
            return self.url
        account = server_account()
        home = postgres_home(account)
        if not self._directory.locked:
            self._directory.lock()
        try:
            self._reap()
            state = self._directory.state
            if not (state / "PG_VERSION").exists():
                cluster.make_cluster(self._directory, home, account, durable=self._durable)
            cluster.check_version(state)
            port = self._adopt(home) or self._launch(home, account)
        except BaseException:
            self.kill()
            self._directory.unlock()
            raise
        self._url = f"postgresql://{cluster.NAME}:{self._directory.password()}@{LOOPBACK}:{port}/{cluster.NAME}"
        return self._url

    def stop(self) -> None:
        """End the server (fast shutdown: transactions are rolled back, the rest is on disk) and give the lock up."""
        if self._server is not None:
            _stop(self._server, STOP_SECONDS)
            self._server = None
            kill_all(self._directory.state, patience_seconds=2.0)
        self._reap()
        self._directory.unlock()

    def kill(self) -> None:
        """SIGKILL the postmaster and all its processes, as a power cut would; the lock is kept for start().

        Somebody who watches may start the next server before this is through: only the one that ran is waited for."""
        server, child = self._server, self._child
        if server is None:
            return
        for process in [server, *working_in(self._directory.state)]:
            send(process, SIGKILL)
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

    def _adopt(self, home: Path) -> int | None:
        """Go on with a server that is running here already, if it answers and is as durable as asked; else clear it."""
        known = read_pid_file(self._directory.state)
        if known is None:
            return None
        pid, port = known
        found = server_of(pid, self._directory.state)
        if found is not None:
            if self._answers(home, port, timeout_seconds=3):
                self._server = found
                return port
            _stop(found, ORPHAN_SECONDS)
        kill_all(self._directory.state, patience_seconds=5.0)  # backends of a killed postmaster leave by themselves
        if psutil.pid_exists(pid):  # a stranger with that number, or a zombie: PostgreSQL would refuse to start
            (self._directory.state / "postmaster.pid").unlink(missing_ok=True)
        return None

    def _answers(self, home: Path, port: int, *, timeout_seconds: int) -> bool:
        """Whether our password opens a server on the port whose fsync is what we want."""
        environment = {"PGPASSWORD": self._directory.password(), "PGCONNECT_TIMEOUT": str(timeout_seconds)}
        command = [str(home / "bin" / "psql"), "-XAtq", "-h", LOOPBACK, "-p", str(port), "-U", cluster.NAME]
        try:
            done = subprocess.run(  # noqa: S603 - the command is ours
                [*command, "-d", cluster.NAME, "-c", "SHOW fsync"],
                env=environment,
                capture_output=True,
                check=False,
                timeout=timeout_seconds * 2,
            )
        except subprocess.TimeoutExpired:
            return False
        return done.stdout.decode().strip() == ("on" if self._durable else "off")

    def _launch(self, home: Path, account: Account | None) -> int:
        for _ in range(PORT_ATTEMPTS):
            port = self._directory.port()
            failure = self._try(home, account, port)
            if failure is None:
                return port
            if "Address already in use" not in failure:
                break  # another program took the port between our look and the server's
        last = failure.splitlines()[-1] if failure else "it ended without a word"
        raise EmbeddedError(
            f"PostgreSQL did not start in {self._directory.data}: {last} (more in {self._directory.log})",
            data=self._directory.data,
        )

    def _try(self, home: Path, account: Account | None, port: int) -> str | None:
        """Start the server on the port; None once it is ready, else what it said."""
        state = self._directory.state
        command = [str(home / "bin" / "postgres"), "-D", cluster.path_for_server(state, account)]
        with self._directory.open_log() as log:
            offset_bytes = log.tell()
            self._child = start_server(
                [*command, *self._options(port)],
                directory=state,
                account=account,
                log=log,
                at_parents_end=None if self._outlives_us else SIGINT,
            )
        self._server = psutil.Process(self._child.pid)
        ends_at = time.monotonic() + START_SECONDS
        while self._child.poll() is None and time.monotonic() < ends_at:
            if is_ready(state, self._child.pid):
                return None
            time.sleep(0.01)
        self.kill()
        return "\n".join(self._directory.log_since(offset_bytes))

    def _options(self, port: int) -> list[str]:
        settings = {
            "port": str(port),
            "listen_addresses": LOOPBACK,
            "unix_socket_directories": "",
            "max_connections": str(self._max_connections),
            "timezone": "UTC",
            "log_timezone": "UTC",
            "jit": "off",
            # a failed statement may carry personal data: neither it nor the offending key is logged
            "log_min_error_statement": "panic",
            "log_error_verbosity": "terse",
        }
        if not self._durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]

    def _reap(self) -> None:
        if self._child is not None:
            self._child.wait()
            self._child = None


def _stop(server: psutil.Process, patience_seconds: float) -> None:
    """Fast shutdown, then immediate, then by force: each only when the one before did not do."""
    for signal_number in (SIGINT, SIGQUIT, SIGKILL):
        send(server, signal_number)
        if ended_within(server, patience_seconds):
            return
