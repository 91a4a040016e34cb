"""`./run bench live`: a plan under way on generated city days: proposals, commits, drop-outs, delays in milliseconds.

Each size is one day (seed 1), planned by a short search. New tasks are copies of its own, at new doors and for other
elders, at random times after nine o'clock. CPU time of this process, and the wall's, which tells of other load.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from random import Random

import numpy as np

from bench.city_day import city_day
from bench.peers.machine import machine
from dispatch import ChangeRefused, LivePlan, Plan, Problem, TaskRefused, solve
from dispatch.live.warming import warm_up_live
from dispatch.places import Place
from dispatch.tasks import Delivery, Task

SECONDS = {200: 5.0, 1_000: 20.0, 5_000: 120.0}  # CPU seconds of search by size
NOW = 9 * 3600
SOON = 5 * 3600  # new tasks are due within these seconds
DOOR = 0.002  # degrees between a new door and the one it is copied from
Times = dict[str, list[tuple[float, float]]]  # milliseconds of CPU, of the wall


class Newcomers:
    """Tasks that come up, deterministic from a seed."""

    def __init__(self, problem: Problem, seed: int) -> None:
        self._chance = Random(f"newcomers {seed}")
        self._places = {place.id: place for place in problem.places}
        self._of: dict[str, list[Task]] = {
            "single": [visit for visit in problem.visits if len(visit.crew) == 1],
            "crew": [visit for visit in problem.visits if len(visit.crew) > 1],
            "delivery": list(problem.deliveries),
        }
        self.kinds = [kind for kind, tasks in self._of.items() if tasks]

    def one(self, kind: str, number: int) -> tuple[Task, Place]:
        """A task and the new place where it is."""
        task, name = self._chance.choice(self._of[kind]), f"new{kind}{number}"
        home = self._places[task.dropoff.place if isinstance(task, Delivery) else task.place]
        lon, lat = home.lonlat or (0.0, 0.0)
        near = (lon + self._chance.uniform(-DOOR, DOOR), lat + self._chance.uniform(-DOOR, DOOR))
        place = replace(home, id=name, lonlat=near)
        if isinstance(task, Delivery):
            return replace(task, id=name, elder=None, dropoff=replace(task.dropoff, place=name)), place
        begin = NOW + 900 + self._chance.randrange(SOON)
        return replace(task, id=name, elder=None, place=name, windows=((begin, begin + 5400),)), place


def timed(times: Times, name: str, work: Callable[[], object]) -> object:
    """Do it and note the milliseconds."""
    began, wall = time.process_time(), time.perf_counter()
    found = work()
    spent = ((time.process_time() - began) * 1000, (time.perf_counter() - wall) * 1000)
    times.setdefault(name, []).append(spent)
    return found


def measure(problem: Problem, plan: Plan, rounds: int) -> tuple[Times, int]:
    """Times of everything, and how many tasks of those who dropped out found no other place."""
    times: Times = {}
    live = LivePlan(problem, plan, now=NOW)
    new, lost = Newcomers(problem, 1), 0
    for number in range(rounds):
        for kind in new.kinds:
            task, place = new.one(kind, number)
            timed(times, f"propose {kind}", lambda task=task, place=place: live.propose(task, places=(place,)))  # type: ignore[misc]
    for number in range(max(3, rounds // 10)):
        task, place = new.one(new.kinds[number % len(new.kinds)], rounds + number)
        proposals = live.propose(task, places=(place,))
        if proposals:
            timed(times, "commit", lambda: live.commit(proposals[0]))  # noqa: B023  # called at once
    shifts = [route.shift for route in live.plan.routes]
    chance = Random("drop-outs")
    for shift in chance.sample(shifts, min(len(shifts), max(3, rounds // 5))):
        try:
            timed(times, "running late", lambda: live.running_late(shift, 1200, now=NOW))  # noqa: B023
            removal = timed(times, "remove shift", lambda: live.remove(shift, now=NOW))  # noqa: B023
            lost += len(removal.unserved)  # type: ignore[attr-defined]  # a Removal
            live.undo()
        except (ChangeRefused, TaskRefused) as error:
            print(f"{shift}: {error}", file=sys.stderr)
    done = [
        stop for route in live.plan.routes for stop in route.stops if stop.kind == "visit" and stop.departure <= NOW
    ]
    for stop in chance.sample(done, min(len(done), rounds // 2)):
        try:
            timed(times, "finished", lambda: live.finished(stop.id, NOW + 600, member=stop.member))  # noqa: B023
        except ChangeRefused as error:
            print(f"{stop.id}: {error}", file=sys.stderr)
    return times, lost


def main() -> int:
    """Measure the days."""
    parser = argparse.ArgumentParser(prog="./run bench live", description=__doc__)
    parser.add_argument("--tasks", type=int, nargs="+", default=list(SECONDS))
    parser.add_argument("--seconds", type=float, help="of search for the plan; default 5, 20, 120 by size")
    parser.add_argument("--rounds", type=int, default=200, help="proposals of each kind")
    asked = parser.parse_args()
    if asked.rounds < 10:
        parser.error("ten rounds at least")
    warm_up_live()
    print("| tasks | shifts | what | n | CPU p50 ms | p99 | max | wall p50 ms | p99 |\n" + "|---" * 9 + "|")
    for tasks in asked.tasks:
        day = city_day(tasks, seed=1)
        plan = solve(day, seed=1, time_limit_seconds=asked.seconds or SECONDS.get(tasks, 60.0), clock=time.process_time)
        times, lost = measure(day, plan, asked.rounds)
        for name, found in times.items():
            p50, p99, most = np.percentile(found, [50, 99, 100], axis=0)
            shown = [f"{value:.1f}" for value in (p50[0], p99[0], most[0], p50[1], p99[1])]
            print("| " + " | ".join(map(str, (tasks, len(day.shifts), name, len(found), *shown))) + " |", flush=True)
        print(f"{tasks}: {len(plan.unassigned)} unassigned before, {lost} lost by drop-outs", file=sys.stderr)
    versions = " ".join(f"{name} {version(name)}" for name in ("numba", "numpy"))
    print("\n" + "; ".join(f"{name}: {value}" for name, value in machine().items()) + f"; {versions}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
