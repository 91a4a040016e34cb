"""Ctrl-C while the program still imports what it needs: a line and exit code 130, as later on, instead of a traceback.

A library leaves signals alone: only where `python -m dispatch` was asked for, and where Ctrl-C would have raised.
"""

from __future__ import annotations

import os
import signal
import sys


def answer_while_importing() -> None:
    """Leave at once when interrupted, if this process is the program, until `answer_as_usual`."""
    words = sys.orig_argv
    is_program = sys.argv[:1] == ["-m"] and "-m" in words and words[words.index("-m") + 1 :][:1] == ["dispatch"]
    if is_program and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _leave)


def answer_as_usual() -> None:
    """All is imported: whoever runs catches KeyboardInterrupt from here on."""
    if signal.getsignal(signal.SIGINT) is _leave:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _leave(*_: object) -> None:
    os.write(2, b"Aborted.\n")
    os._exit(130)
