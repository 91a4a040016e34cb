"""The directory of one embedded server: its lock, its password, its port, its log.

The lock belongs to the process that holds it open, so a killed Liuzhu never leaves one behind.
"""

import fcntl
import os
import secrets
import socket
from pathlib import Path
from typing import IO

from marketplace.base.embedded.errors import EmbeddedError
from marketplace.base.embedded.host import Account

LOOPBACK = "127.0.0.1"
LOG_LIMIT_BYTES = 20_000_000


class ServerDirectory:
    """Files `NAME.lock`, `NAME.password`, `NAME.port`, `NAME.log` and the state folder of one server."""

    def __init__(self, data: Path, name: str) -> None:
        self.data = data.absolute()
        self.name = name
        self.state = self.data / f"{name}.state"
        self.log = self.data / f"{name}.log"
        self._lock: IO[str] | None = None

    def lock(self) -> None:
        """Take the directory for this process; EmbeddedError when another one has it, or it cannot be written."""
        try:
            self.data.mkdir(parents=True, exist_ok=True)
            held = (self.data / f"{self.name}.lock").open("a+", encoding="utf-8")
        except OSError as error:
            raise EmbeddedError(f"cannot write to {self.data}: {error.strerror}", data=self.data) from None
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            held.seek(0)
            owner = held.read().strip() or "unknown"
            held.close()
            raise EmbeddedError(
                f"another Liuzhu (process {owner}) is using {self.data}: stop it or give --data another directory",
                data=self.data,
            ) from None
        held.truncate(0)
        held.write(f"{os.getpid()}\n")
        held.flush()
        self._lock = held

    def unlock(self) -> None:
        """Give the directory up; harmless when it is not held."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    @property
    def locked(self) -> bool:
        """Whether this object holds the directory."""
        return self._lock is not None

    def make_state(self, folder: Path, account: Account | None) -> None:
        """Create a folder that only the server's account may enter."""
        folder.mkdir(mode=0o700, exist_ok=True)
        if account is not None:
            os.chown(folder, account.uid, account.gid)

    def password(self) -> str:
        """Return the server's password, made once and readable by the owner of the directory alone."""
        path = self.data / f"{self.name}.password"
        if path.exists() and (known := path.read_text(encoding="ascii").strip()):
            return known
        made = secrets.token_urlsafe(24)
        self.write_private(path, made + "\n")
        return made

    def write_private(self, path: Path, text: str) -> None:
        """Write a file of mode 0600 so that a crash leaves the old one or the new one."""
        draft = path.with_name(path.name + ".new")
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)

    def port(self) -> int:
        """Return a free port, last time's if it is free still: clients that knew the address find it again."""
        chosen = free_port(self.last_port())
        self.write_private(self.data / f"{self.name}.port", f"{chosen}\n")
        return chosen

    def last_port(self) -> int:
        """Return the port of the last start, 0 when there was none."""
        path = self.data / f"{self.name}.port"
        known = path.read_text(encoding="ascii").strip() if path.exists() else ""
        return int(known) if known.isdigit() else 0

    def open_log(self) -> IO[bytes]:
        """Open the server's log for appending; a long one is kept once under `.log.1`."""
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT_BYTES:
            self.log.replace(self.log.with_name(self.log.name + ".1"))
        return self.log.open("ab")

    def log_since(self, offset_bytes: int) -> list[str]:
        """Return the non-empty lines the server wrote after this offset."""
        with self.log.open("rb") as file:
            file.seek(offset_bytes)
            return [line for line in file.read().decode("utf-8", "replace").splitlines() if line.strip()]


def free_port(preferred: int = 0) -> int:
    """Return the preferred loopback port if nobody listens on it, else one the system gives."""
    for candidate in (preferred, 0):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the servers do: skip TIME_WAIT
            try:
                probe.bind((LOOPBACK, candidate))
            except (OSError, OverflowError):
                continue
            bound: int = probe.getsockname()[1]
            return bound
    raise EmbeddedError("this machine has no free port on 127.0.0.1")
