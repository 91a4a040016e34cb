"""A few lines between us and a server: enter its directory, give up root, tie its life to ours, become it.

Run by path with `python -I -S`, so it imports the standard library only. A process of its own, because Python
code between fork and exec may deadlock in a program with threads.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def die_with_parent(signal_number: int, parent_pid: int) -> None:
    """Ask Linux to send this signal when the parent ends; elsewhere nothing, the parent's group signal must do."""
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal_number, 0, 0, 0)
    if os.getppid() != parent_pid:  # it ended before the request stood
        sys.exit(1)


def main(arguments: list[str]) -> None:
    """Arguments: directory, uid, gid ("-" keeps each), signal at the parent's end ("0": none), parent, command."""
    directory, uid, gid, signal_number, parent_pid, *command = arguments
    if directory != "-":
        os.chdir(directory)
        os.umask(0o077)  # what a server writes is nobody else's to read
    if uid != "-":
        os.setgroups([])
        os.setgid(int(gid))
        os.setuid(int(uid))
    if signal_number != "0":  # after setuid, which forgets it
        die_with_parent(int(signal_number), int(parent_pid))
    os.execvp(command[0], command)  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    main(sys.argv[1:])
