"""What each caregiver's part of a task asks for, and which shifts could give it, whatever else is planned."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from dispatch.places import Window
from dispatch.problem import HORIZON_SECONDS, Problem
from dispatch.shifts import Shift
from dispatch.tasks import Delivery, StopRef, Task, Visit
from dispatch.travel import Table, tables

Test = tuple[str, str, str, Callable[[Shift], bool]]  # code, what is asked, what a shift that fails does not, the test


@dataclass(frozen=True, slots=True)
class Need:
    """What one caregiver's part of a task asks for: skills, and for each of its stops the windows, and whether they are
    soft at the end."""

    skills: frozenset[str]
    stops: tuple[tuple[tuple[Window, ...], bool], ...]


class Day:
    """A problem with what is asked of it often."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.aboard = {entry.delivery: shift.id for shift in problem.shifts for entry in shift.aboard}
        self.held = {pin.stop: pin.start_seconds for pin in problem.pins if pin.start_seconds is not None}
        self.pinned = {pin.stop: pin.shift for pin in problem.pins if pin.hold != "time"}

    @cached_property
    def travel(self) -> dict[str, Table]:
        """The travel table of each mode."""
        return tables(self.problem)

    def needs(self, task: Task) -> list[Need]:
        """One for each caregiver. What is aboard is not picked up any more."""
        soft = task.late_second is not None
        if isinstance(task, Visit):
            return [
                Need(member.skills, (self._windows(StopRef("visit", task.id, rank), task.windows, soft=soft),))
                for rank, member in enumerate(task.crew)
            ]
        stops = [self._windows(StopRef("dropoff", task.id), task.dropoff.windows, soft=soft)]
        if task.id not in self.aboard:
            stops.append(self._windows(StopRef("pickup", task.id), task.pickup.windows, soft=False))
        return [Need(task.skills, tuple(stops))]

    def tests(self, task: Task, need: Need) -> list[Test]:
        """What a shift must have, in this order. What is aboard takes no more room."""
        load = task.load if isinstance(task, Delivery) and task.id not in self.aboard else {}
        heavy = ", ".join(f"{amount} {name}" for name, amount in load.items())
        return [
            ("skill", f"needs {', '.join(sorted(need.skills))}", "has it", lambda shift: need.skills <= shift.skills),
            (
                "excluded",
                "excludes caregivers",
                "has another",
                lambda shift: shift.caregiver not in task.excluded,
            ),
            (
                "capacity",
                f"needs room for {heavy}",
                "has it",
                lambda shift: shift.holds(load),
            ),
            ("no_shift", "has a time window", "is on duty in it", lambda shift: _on_duty(shift, need)),
        ]

    def able(self, task: Task, member: int = 0) -> set[str]:
        """Caregivers who could come to a task as this member of its crew, pins and what is aboard included."""
        stops = [StopRef("pickup", task.id), StopRef("dropoff", task.id)]
        if isinstance(task, Visit):
            stops = [StopRef("visit", task.id, member)]
        bound = {self.pinned[stop] for stop in stops if stop in self.pinned}
        bound |= {self.aboard[task.id]} if task.id in self.aboard else set()
        tests = self.tests(task, self.needs(task)[member])
        shifts = [shift for shift in self.problem.shifts if bound <= {shift.id}]
        return {shift.caregiver for shift in shifts if all(passes(shift) for _, _, _, passes in tests)}

    def begins(self, task: Task, member: int) -> tuple[Window, ...]:
        """When a task's part may begin, in windows; after the last one too where that is soft."""
        return self._open(self.needs(task)[member].stops[-1])

    def ends(self, task: Task, member: int) -> tuple[Window, ...]:
        """When a task's part may have ended."""
        served = task.crew[member] if isinstance(task, Visit) else task.dropoff
        return tuple(
            (begin + served.service_seconds, end + served.service_seconds)
            for begin, end in self._open(self.needs(task)[member].stops[0])
        )

    def _open(self, stop: tuple[tuple[Window, ...], bool]) -> tuple[Window, ...]:
        windows, soft = stop
        return (*windows[:-1], (windows[-1][0], HORIZON_SECONDS)) if soft else windows

    def _windows(self, stop: StopRef, windows: tuple[Window, ...], *, soft: bool) -> tuple[tuple[Window, ...], bool]:
        second = self.held.get(stop)
        return (windows, soft) if second is None else (((second, second),), False)

    def able_caregivers(self, tests: list[Test], *, most: int) -> set[str]:
        """Caregivers with a shift that passes every test: as many as there are, `most` of them at the most."""
        able: set[str] = set()
        for shift in self.problem.shifts:
            if all(passes(shift) for _, _, _, passes in tests):
                able.add(shift.caregiver)
                if len(able) == most:
                    break
        return able

    def unmet(self, tests: list[Test]) -> Test:
        """The first test that no shift is left to pass."""
        able = list(self.problem.shifts)
        for test in tests:
            able = [shift for shift in able if test[3](shift)]
            if not able:
                return test
        raise AssertionError("some shift passes every test")


def _on_duty(shift: Shift, need: Need) -> bool:
    """Whether every stop could start while the shift is on duty."""
    return all(shift.is_on_duty(windows, soft=soft) for windows, soft in need.stops)
