"""Server processes: started through `launch`, found again by the directory they work in, ended for certain.

A server's working directory is its data directory, which names it better than a process id from a file that
may be older than the machine's last start.
"""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from signal import SIGKILL, Signals
from typing import IO

import psutil  # type: ignore[import-untyped]  # the wheel carries no types

from marketplace.base.embedded.errors import EmbeddedError
from marketplace.base.embedded.host import Account

KILL_SECONDS = 10.0  # from SIGKILL to giving up
LAUNCH = Path(__file__).with_name("launch.py")


def launch_command(
    command: Sequence[str],
    *,
    directory: Path | None = None,
    account: Account | None = None,
    at_parents_end: Signals | None = None,
) -> list[str]:
    """Return the command that enters the directory, becomes the account and then the given command.

    `at_parents_end` is sent to it when this process ends, however it ends (Linux only). Linux watches the
    thread that started the process, so from any thread but the main one the request is left out.
    """
    lasting = threading.current_thread() is threading.main_thread()
    return [
        sys.executable,
        "-I",
        "-S",
        str(LAUNCH),
        str(directory or "-"),
        str(account.uid) if account else "-",
        str(account.gid) if account else "-",
        str(int(at_parents_end)) if at_parents_end and lasting else "0",
        str(os.getpid()),
        *command,
    ]


def start_server(
    command: Sequence[str],
    *,
    directory: Path,
    account: Account | None,
    log: IO[bytes],
    at_parents_end: Signals | None,
    stdin: IO[bytes] | None = None,
) -> subprocess.Popen[bytes]:
    """Start a server in its own session, so that Ctrl-C at the terminal does not reach it before we say so."""
    return subprocess.Popen(  # noqa: S603 - the command is ours
        launch_command(command, directory=directory, account=account, at_parents_end=at_parents_end),
        stdin=stdin or subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        env=clean_environment(),
        start_new_session=True,
    )


def clean_environment() -> dict[str, str]:
    """Return an environment in which no PG* or LC_* variable of the caller changes what a server does."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def working_in(directory: Path) -> list[psutil.Process]:
    """Every live process whose working directory is this one; those we may not look at are not ours."""
    wanted = str(directory.resolve())
    found = []
    for process in psutil.process_iter():
        try:
            if process.cwd() == wanted and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            continue
    return found


def server_of(pid: int, directory: Path) -> psutil.Process | None:
    """Return the live process with this id if it works in the directory, else None: the id was reused or is dead."""
    return next((process for process in working_in(directory) if process.pid == pid), None)


def kill_all(directory: Path, *, patience_seconds: float) -> None:
    """Wait for the processes in a directory to end by themselves, then SIGKILL those that did not.

    EmbeddedError when even that does not end them: a process waiting for a broken disk does not die.
    """
    ends_at = time.monotonic() + patience_seconds
    while left := working_in(directory):
        now = time.monotonic()
        if now >= ends_at + KILL_SECONDS:
            ids = ", ".join(str(process.pid) for process in left)
            raise EmbeddedError(f"processes {ids} in {directory} cannot be ended", data=directory)
        if now >= ends_at:
            for process in left:
                send(process, SIGKILL)
        time.sleep(0.02)


def send(process: psutil.Process, signal_number: Signals) -> None:
    """Send a signal to a process that may have ended meanwhile (psutil checks that the id was not reused)."""
    try:
        process.send_signal(signal_number)
    except psutil.NoSuchProcess:
        return


def ended_within(process: psutil.Process, seconds: float) -> bool:
    """Wait until the process is gone or a zombie nobody reaps; False when the time is over."""
    ends_at = time.monotonic() + seconds
    while True:
        try:
            if not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        if time.monotonic() >= ends_at:
            return False
        time.sleep(0.01)
