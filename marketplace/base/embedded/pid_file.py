"""postmaster.pid, PostgreSQL's own note of who runs in a data directory; it may be stale or half written.

Line 1 is the process id, line 4 the port, line 8 the state, "ready" once connections are taken
(src/include/utils/pidfile.h).
"""

from pathlib import Path


def read_pid_file(state: Path) -> tuple[int, int] | None:
    """Return process id and port from postmaster.pid, None when there is none or it is not whole yet."""
    try:
        lines = (state / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        return int(lines[0]), int(lines[3]) if len(lines) > 3 else 0
    except (OSError, ValueError, IndexError):
        return None


def is_ready(state: Path, pid: int) -> bool:
    """Whether the postmaster with this id has written that it takes connections (line 8 of postmaster.pid)."""
    try:
        lines = (state / "postmaster.pid").read_text(encoding="utf-8").splitlines()
    except OSError:
        return False
    return len(lines) > 7 and lines[0] == str(pid) and lines[7].strip() == "ready"
