"""The nearest change that lets a task into a plan, found by trying it: its windows a little earlier or later, another
task moved out of the way, or one more shift. Each is told so that it can be made, see `dispatch.change.enact`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from copy import copy
from dataclasses import replace
from typing import Any

from dispatch.document.shifts import dump_shift
from dispatch.places import Window
from dispatch.problem import HORIZON_SECONDS, Problem
from dispatch.sentences import clock, sentence
from dispatch.shifts import Shift
from dispatch.tasks import Delivery, Task, Visit
from dispatch.timing.insertion import Inserter
from dispatch.timing.network import Network
from dispatch.timing.schedule import Schedule

SHIFTS_TRIED_SECONDS = (900, -900, 1800, -1800, 3600, -3600)
MOST_MOVES = 300  # tasks tried to be moved out of the way of one
ROUNDED_SECONDS = 300  # an additional shift begins and ends on five minutes

Change = dict[str, Any]


def nearest_change(schedule: Schedule, task: Task, *, until: float | None = None) -> Change | None:
    """The first of these that works: windows moved by up to an hour, one other task moved, one more shift (for a crew
    up to one for each member). None where nothing of it does, the task is pinned, or the time is up."""
    problem = schedule.network.problem
    if any(pin.stop.id == task.id for pin in problem.pins) or fits(schedule, task) is not None:
        return None
    for tried in (_window_moved, _other_moved, _shifts_added):
        if until is not None and time.monotonic() > until:
            return None
        change = tried(schedule, task, until)
        if change is not None:
            return change
    return None


def _window_moved(schedule: Schedule, task: Task, _until: float | None) -> Change | None:
    """The smallest tried shift of its windows that lets the task in without moving any other stop."""
    for seconds in SHIFTS_TRIED_SECONDS:
        moved = later(task, seconds)
        place = fits(schedule, moved) if all(windows_of(moved)) else None
        if place is not None:
            when, minutes = "later" if seconds > 0 else "earlier", abs(seconds) // 60
            return {
                "kind": "window",
                "shift_seconds": seconds,
                "shifts": place[0],
                "start": place[1],
                "detail": sentence(when, minutes=minutes, shifts=" and ".join(place[0])),
            }
    return None


def _other_moved(schedule: Schedule, task: Task, until: float | None) -> Change | None:
    """A caregiver could come if one other task went elsewhere. Not tried for crews."""
    network = schedule.network
    first = network.bundles[network.tasks[task.id]].nodes[0]
    if isinstance(task, Visit) and len(task.crew) > 1:
        return None
    for tries, (shift, other) in enumerate(_in_the_way(schedule, first)):
        if tries >= MOST_MOVES or (until is not None and time.monotonic() > until):
            return None
        found = swapped(schedule, task.id, shift, network.bundles[other].task.id)
        if found is None:
            continue
        moved = network.bundles[other].task.id
        to = _places(found, other)
        caregiver = network.shifts[shift].caregiver
        return {
            "kind": "move",
            "moves": moved,
            "to": to[0],
            "shifts": [network.shifts[shift].id],
            "start": found.starts[first],
            "detail": sentence("moved", caregiver=caregiver, task=moved, shifts=" and ".join(to[0])),
        }
    return None


def _in_the_way(schedule: Schedule, node: int) -> Iterator[tuple[int, int]]:
    """(shift, task) of what an able shift does nearest to the node's window; what is pinned or aboard stays."""
    network = schedule.network
    opens, closes = network.nodes[node].windows[0][0], network.nodes[node].windows[-1][1]
    fixed = {pin.stop.id for pin in network.problem.pins} | network.aboard.keys()
    ranked = set()
    for shift in network.nodes[node].allowed:
        for number in schedule.sequences[shift]:
            held = network.nodes[number]
            if held.kind != "break" and held.id not in fixed:
                start = schedule.starts[number]
                ranked.add((max(0, opens - start - held.service, start - closes), shift, held.task))
    for _, shift, other in sorted(ranked):
        yield shift, other


def swapped(schedule: Schedule, task_id: str, shift: int, other_id: str) -> Schedule | None:
    """A schedule in which the task is on the shift and the other task elsewhere; None if that cannot be."""
    network = schedule.network
    task, other = network.tasks[task_id], network.tasks[other_id]
    trial = schedule.copy()
    trial.remove([other])
    if len(trial.unserved()) != len(schedule.unserved()) + 1:
        return None  # without it others no longer fit
    twin = copy(network)
    twin.nodes = list(network.nodes)
    for number in network.bundles[task].nodes:
        twin.nodes[number] = replace(twin.nodes[number], allowed=[shift])
    trial.network = twin
    done = Inserter(trial).insert(task)
    trial.network = network
    return trial if done and Inserter(trial).insert(other) else None


def _shifts_added(schedule: Schedule, task: Task, until: float | None) -> Change | None:
    """One more shift, or as many as a crew needs, from where a shift begins now or, without any, at the door."""
    network = schedule.network
    wide = _additional(network, task)
    times = _hours(network, task, wide)
    if times is None:
        return None
    added = tuple(replace(shift, window=times) for shift in wide)
    for count in range(1, len(added) + 1):
        if until is not None and time.monotonic() > until:
            return None
        place = _with_more(schedule, task, added[:count])
        if place is not None:
            return {
                "kind": "shift",
                "add": [dump_shift(shift) for shift in added[:count]],
                "shifts": place[0],
                "start": place[1],
                "detail": _shifts_in_words(count, added[0].skills, times),
            }
    return None


def _additional(network: Network, task: Task) -> list[Shift]:
    """A shift for each caregiver the task needs, on duty all day, from the base from which it is reached soonest."""
    problem = network.problem
    place = task.place if isinstance(task, Visit) else task.pickup.place
    goal = problem.place_index[place]
    bases = {(s.mode, s.start, s.end): rows.seconds for s, rows in zip(network.shifts, network.rows, strict=True)}
    door = (next(iter(problem.travel)), place, None)
    mode, start, end = min(bases, key=lambda base: bases[base][problem.place_index[base[1]]][goal], default=door)
    crew = task.crew if isinstance(task, Visit) else ()
    skills = frozenset().union(*(member.skills for member in crew)) if crew else frozenset()
    load = {}
    if isinstance(task, Delivery):
        skills, load = task.skills, dict(task.load)
    taken = {shift.id for shift in network.shifts} | {shift.caregiver for shift in network.shifts}
    names = (name for number in range(1, HORIZON_SECONDS) if (name := f"additional-{number}") not in taken)
    return [
        Shift(name, name, mode, start, end, (0, HORIZON_SECONDS), skills, load)
        for name, _ in zip(names, crew or (task,), strict=False)
    ]


def _hours(network: Network, task: Task, wide: list[Shift]) -> Window | None:
    """From when to when these shifts are away if they do nothing else; None if even they cannot."""
    problem = Problem(
        network.problem.places, network.problem.travel, tuple(wide),
        visits=(task,) if isinstance(task, Visit) else (),
        deliveries=(task,) if isinstance(task, Delivery) else (),
    )  # fmt: skip
    travel = {wide[0].mode: network.travel[wide[0].mode]} if wide[0].mode in network.travel else None
    schedule = Schedule(Network(problem, travel))
    if task.id in network.aboard or not Inserter(schedule).insert(0):
        return None
    begin = min(timing.begin for timing in schedule.timings)
    end = max(timing.end for timing in schedule.timings)
    return (begin - begin % ROUNDED_SECONDS, end + -end % ROUNDED_SECONDS)


def _with_more(schedule: Schedule, task: Task, added: tuple[Shift, ...]) -> tuple[list[str], int] | None:
    """Where the task goes on the day as it is planned, with more shifts on duty."""
    problem = schedule.network.problem
    problem = replace(problem, shifts=(*problem.shifts, *added))
    travel = schedule.network.travel
    network = Network(problem, travel if added[0].mode in travel else None)
    more = Schedule(network)
    breaks = {number for numbers in schedule.network.breaks for number in numbers}
    translated = {rest: new for old, now in zip(schedule.network.breaks, network.breaks, strict=False)
                  for rest, new in zip(old, now, strict=True)}  # fmt: skip
    sequences = {
        shift: [translated[number] if number in breaks else number for number in sequence]
        for shift, sequence in enumerate(schedule.sequences)
    }
    return inserted(more, task) if more.settle(sequences) else None


def _shifts_in_words(count: int, skills: frozenset[str], times: Window) -> str:
    name = ("able_" if skills else "") + ("one_shift" if count == 1 else "shifts")
    begin, end = map(clock, times)
    return sentence(name, count=count, skills=", ".join(sorted(skills)), begin=begin, end=end)


def later(task: Task, seconds: int) -> Task:
    """The task with its windows moved; windows that fall before the horizon are gone."""

    def moved(windows: tuple[Window, ...]) -> tuple[Window, ...]:
        pairs = ((max(0, begin + seconds), finish + seconds) for begin, finish in windows)
        return tuple((begin, finish) for begin, finish in pairs if finish >= begin)

    if isinstance(task, Visit):
        return replace(task, windows=moved(task.windows))
    return replace(
        task,
        pickup=replace(task.pickup, windows=moved(task.pickup.windows)),
        dropoff=replace(task.dropoff, windows=moved(task.dropoff.windows)),
    )


def windows_of(task: Task) -> tuple[tuple[Window, ...], ...]:
    """The windows of each of its stops."""
    return (task.windows,) if isinstance(task, Visit) else (task.pickup.windows, task.dropoff.windows)


def fits(schedule: Schedule, task: Task) -> tuple[list[str], int] | None:
    """Where a task (perhaps with other windows or load) can be inserted without changing any order: the
    shifts and the first start; None if nowhere. The schedule stays as it is."""
    trial = schedule.copy()
    trial.network = schedule.network.altered(task)
    return inserted(trial, task)


def inserted(schedule: Schedule, task: Task) -> tuple[list[str], int] | None:
    """Insert the task: the shifts and the first start; None if it fits nowhere."""
    number = schedule.network.tasks[task.id]
    return _places(schedule, number) if Inserter(schedule).insert(number) else None


def _places(schedule: Schedule, number: int) -> tuple[list[str], int]:
    network = schedule.network
    nodes = network.bundles[number].nodes
    shifts = sorted({network.shifts[schedule.shift_of[node]].id for node in nodes})
    return shifts, min(schedule.starts[node] for node in nodes)


def with_task(problem: Problem, task: Task) -> Problem:
    """The problem with the task of the same id replaced. Pins on crew members that are gone are dropped."""
    pins = problem.pins
    if isinstance(task, Visit):
        pins = tuple(p for p in pins if p.stop.id != task.id or p.stop.member < len(task.crew))
    return replace(
        problem,
        visits=tuple(task if v.id == task.id and isinstance(task, Visit) else v for v in problem.visits),
        deliveries=tuple(task if d.id == task.id and isinstance(task, Delivery) else d for d in problem.deliveries),
        pins=pins,
    )
