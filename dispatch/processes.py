"""Processes of our own for searching. They hear no signal, as a terminal sends one to all of a group: they ask an
event, which the parent sets, whether to end.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.synchronize import Event
from typing import Any

from dispatch.stopping import deaf


class Processes:
    """As many processes as `workers`, all started now. Each begins with `begin(ended, *given)`, in which `ended` is the
    event that asks it to end. Work is submitted to `pool`; if a process is killed from outside, all of it fails with
    BrokenProcessPool."""

    def __init__(self, workers: int, begin: Callable[..., None], *given: object) -> None:
        context = multiprocessing.get_context("spawn")  # a forked solver would share locks with its parent
        self.ended = context.Event()
        others = multiprocessing.active_children()
        self.pool = ProcessPoolExecutor(
            workers, mp_context=context, initializer=_begin, initargs=(begin, self.ended, given)
        )
        self._starting = [self.pool.submit(_ready) for _ in range(workers)]
        self.children = [child for child in multiprocessing.active_children() if child not in others]

    def ready(self) -> bool:
        """Wait until all have begun; whether they have."""
        wait(self._starting)
        return not any(killed(future) for future in self._starting)

    def close(self) -> None:
        """Ask them to end, and wait until they have."""
        self.ended.set()
        self.pool.shutdown(cancel_futures=True)

    def kill(self) -> None:
        """End them at once. The pool itself would send a signal that they do not hear, and wait for ever."""
        for child in self.children:
            child.kill()
        self.pool.shutdown(cancel_futures=True)


def killed(future: Future[Any]) -> bool:
    """Whether a future that is done has no result because a process was killed."""
    return isinstance(future.exception(), BrokenProcessPool)


def _begin(begin: Callable[..., None], ended: Event, given: tuple[object, ...]) -> None:
    deaf()
    begin(ended, *given)


def _ready() -> None:
    """Nothing: whoever answers has begun."""
