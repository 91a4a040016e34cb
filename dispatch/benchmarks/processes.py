"""Runs commands side by side, each in a process of its own on cores of its own."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")
Cores = tuple[int, ...]

# One thread per process: libraries that start a thread per core would leave the core they were given.
SINGLE_THREADED = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


@dataclass(frozen=True)
class Job(Generic[T]):
    """Something to run: `command` is given the cores to stay on. It is ended after `patience_seconds`."""

    what: T
    command: Callable[[Cores], list[str]]
    patience_seconds: float


@dataclass(frozen=True, slots=True)
class Ending:
    """How a process ended: its exit code (None: it was ended for taking too long) and what it wrote."""

    code: int | None
    output: str
    complaint: str


class TooFewCores(ValueError):
    """More cores are asked for than the process may use."""

    def __init__(self, asked: int, available: int) -> None:
        super().__init__(f"{asked} cores are needed to run this at once, {available} are available")


def core_groups(jobs: int, workers: int) -> list[Cores]:
    """`jobs` groups of `workers` cores that this process may use. Raises TooFewCores."""
    pinning = hasattr(os, "sched_getaffinity")
    available = sorted(os.sched_getaffinity(0)) if pinning else list(range(os.cpu_count() or 1))
    if jobs * workers > len(available):
        raise TooFewCores(jobs * workers, len(available))
    return [tuple(available[job * workers : (job + 1) * workers]) for job in range(jobs)]


def cores_argument(cores: Cores) -> str:
    """Cores as a trial takes them on its command line."""
    return ",".join(str(core) for core in cores)


def run_all(jobs: Iterable[Job[T]], groups: list[Cores], done: Callable[[T, Ending], None]) -> None:
    """Run every job, as many at once as there are groups of cores, and call `done` for each as it ends.
    KeyboardInterrupt, or whatever `done` raises, ends what is running and is raised on."""
    try:
        asyncio.run(_run_all(deque(jobs), groups, done))
    except ExceptionGroup as several:
        raise several.exceptions[0] from several


async def _run_all(waiting: deque[Job[T]], groups: list[Cores], done: Callable[[T, Ending], None]) -> None:
    async def serve(cores: Cores) -> None:
        while waiting:
            job = waiting.popleft()
            done(job.what, await _run(job, cores))

    async with asyncio.TaskGroup() as group:
        for cores in groups:
            group.create_task(serve(cores))


async def _run(job: Job[T], cores: Cores) -> Ending:
    process = await _started(job.command(cores))
    try:
        output, complaint = await asyncio.wait_for(process.communicate(), job.patience_seconds)
    except TimeoutError:
        return Ending(None, "", f"gave no answer within {job.patience_seconds:.0f} s")
    finally:
        if process.returncode is None:
            _end(process.pid)
            await process.wait()
    return Ending(process.returncode, output.decode("utf-8", "replace"), complaint.decode("utf-8", "replace"))


async def _started(command: list[str]) -> asyncio.subprocess.Process:
    """A process of its own session: Ctrl-C reaches the parent alone, which then ends its children, also one that is
    just being started."""
    starting = asyncio.ensure_future(
        asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, **SINGLE_THREADED},
            start_new_session=True,
        )
    )
    try:
        return await asyncio.shield(starting)
    except asyncio.CancelledError:
        process = await starting
        _end(process.pid)
        await process.wait()
        raise


def _end(leader: int) -> None:
    """Kill a process and the workers it has started, which are in its session."""
    with suppress(ProcessLookupError):  # it ended by itself meanwhile
        os.killpg(leader, signal.SIGKILL)


def patience(seconds: float) -> float:
    """How long to wait for a trial limited to `seconds` of CPU: a busy machine may be many times slower."""
    return 600.0 + 20.0 * seconds
