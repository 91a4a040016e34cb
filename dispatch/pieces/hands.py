"""Who works on pieces: this process, or several processes of their own."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from multiprocessing.synchronize import Event
from types import TracebackType
from typing import Protocol

from dispatch.pieces.work import Answer, Task, work
from dispatch.search.warm import warm_up
from dispatch.stopping import Stop, deaf

POLL_SECONDS = 0.1  # how soon a wish to stop is heard


class Hands(Protocol):
    """Works on tasks. They are made one by one as somebody is free, so that each can be given what time is left."""

    def answers(self, tasks: Iterable[Task], stop: Stop) -> Iterator[Answer]:
        """The tasks' answers as they come. Once `stop` holds no task is begun, and what runs ends within a second."""


class OwnHands:
    """One task after another in this process."""

    def answers(self, tasks: Iterable[Task], stop: Stop) -> Iterator[Answer]:
        for task in tasks:
            if stop():
                return
            yield work(task, stop)


class ManyHands:
    """Processes that live for a whole day's planning; a context manager that ends them."""

    def __init__(self, workers: int) -> None:
        context = multiprocessing.get_context("spawn")  # a forked solver would share locks with its parent
        self.workers, self.ended = workers, context.Event()
        self.pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_begin, initargs=(self.ended,))
        for ready in [self.pool.submit(_ready) for _ in range(workers)]:
            ready.result()  # a process that is still starting would be late with its first task

    def __enter__(self) -> ManyHands:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: object, traceback: TracebackType | None) -> None:
        self.ended.set()
        self.pool.shutdown(cancel_futures=True)

    def answers(self, tasks: Iterable[Task], stop: Stop) -> Iterator[Answer]:
        """As `Hands` says. Raises BrokenProcessPool if a process is killed."""
        waiting = iter(tasks)
        running: set[Future[Answer]] = set()
        while True:
            while len(running) < self.workers and not stop() and (task := next(waiting, None)) is not None:
                running.add(self.pool.submit(_work, task))
            if not running:
                return
            if stop():
                self.ended.set()
            done, running = wait(running, POLL_SECONDS, FIRST_COMPLETED)
            yield from (future.result() for future in sorted(done, key=lambda future: future.result().number))


_ended: Event | None = None  # in a worker's process: it is to come to an end


def _begin(ended: Event) -> None:
    """In a new process: signals are the parent's business, and the compiled search is loaded before the first task."""
    global _ended  # noqa: PLW0603  # an event reaches a pool's process only by its initialiser
    _ended = ended
    deaf()
    warm_up()


def _ready() -> None:
    """Nothing: whoever answers has begun."""


def _work(task: Task) -> Answer:
    return work(task, _ended.is_set if _ended is not None else lambda: False)
