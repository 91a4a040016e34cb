"""Who works on pieces: this process, or several processes of their own."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.synchronize import Event
from types import TracebackType
from typing import Protocol

from dispatch.pieces.work import Answer, Now, Task, work
from dispatch.processes import Processes, killed
from dispatch.search.warm import warm_up
from dispatch.stopping import Stop

POLL_SECONDS = 0.1  # how soon a wish to stop is heard


class Hands(Protocol):
    """Works on tasks. They are made one by one as somebody is free, so that each can be given what time is left."""

    def answers(self, tasks: Iterable[Task], stop: Stop) -> Iterator[Answer]:
        """The tasks' answers as they come. Once `stop` holds no task is begun, and what runs ends within a second."""


class OwnHands:
    """One task after another in this process, each measured by `now`."""

    def __init__(self, now: Now = time.monotonic) -> None:
        self.now = now

    def answers(self, tasks: Iterable[Task], stop: Stop) -> Iterator[Answer]:
        for task in tasks:
            if stop():
                return
            yield work(task, stop, self.now)


class ManyHands:
    """Processes that live for a whole day's planning; a context manager that ends them.

    If one is killed, all are started anew, and what they were working on is tried again one by one: a task whose
    process is killed once more is answered with that fault. Where no process starts at all, this one does the work."""

    def __init__(self, workers: int, now: Now = time.monotonic) -> None:
        self.workers, self.now = workers, now
        self.processes: Processes | None = None
        self._start()

    def _start(self) -> None:
        self.processes = Processes(self.workers, _begin, self.now)
        if not self.processes.ready():  # one that is still starting would be late with its first task
            self.processes.kill()
            self.processes = None

    def __enter__(self) -> ManyHands:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: object, traceback: TracebackType | None) -> None:
        if self.processes is not None and kind is not None:
            self.processes.kill()
        elif self.processes is not None:
            self.processes.close()

    def answers(self, tasks: Iterable[Task], stop: Stop) -> Iterator[Answer]:
        waiting = iter(tasks)
        running: dict[Future[Answer], Task] = {}
        while True:
            lost: list[Task] = []
            while len(running) < self.workers and not (stop() or lost) and (task := next(waiting, None)) is not None:
                future = self._submit(task)
                if future is None:
                    lost.append(task)
                else:
                    running[future] = task
            if not running and not lost:
                return
            self._hear(stop)
            if lost or any(killed(future) for future in wait(running, POLL_SECONDS, FIRST_COMPLETED).done):
                wait(running)  # they share the fate of the one that was killed, or were done before
            done = sorted((future for future in running if future.done()), key=lambda future: running[future].number)
            for future in done:
                task = running.pop(future)
                if killed(future):
                    lost.append(task)
                else:
                    yield future.result()
            if lost:
                self._renew()
            for task in lost:
                yield self._alone(task, stop)

    def _alone(self, task: Task, stop: Stop) -> Answer:
        """The answer to a task with nothing else under way, so that no other is at fault if its process is killed."""
        if self.processes is None:
            return work(task, stop, self.now)
        future = self._submit(task)
        while future is not None and not future.done():
            self._hear(stop)
            wait([future], POLL_SECONDS)
        if future is None or killed(future):
            self._renew()
            return Answer(task.number, None, fault="the process that worked on it was killed")
        return future.result()

    def _submit(self, task: Task) -> Future[Answer] | None:
        """None if no process can take it: one was killed, which breaks them all."""
        try:
            return None if self.processes is None else self.processes.pool.submit(_work, task)
        except BrokenProcessPool:
            return None

    def _renew(self) -> None:
        if self.processes is not None:
            self.processes.kill()
            self._start()

    def _hear(self, stop: Stop) -> None:
        if self.processes is not None and stop():
            self.processes.ended.set()


class _Line:
    """In a worker's process, set when it begins: the wish that it comes to an end, and its clock."""

    ended: Event
    now: Now


def _begin(ended: Event, now: Now) -> None:
    """In a new process: the compiled search is loaded before the first task."""
    _Line.ended, _Line.now = ended, now
    warm_up()


def _work(task: Task) -> Answer:
    return work(task, _Line.ended.is_set, _Line.now)
