"""What a readable problem asks for that nobody on the day can give: found before any search, named by pointer and
in words.

These are no faults of the document: the rest of the day can be planned, and the tasks named are left out of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from dispatch.errors import Fault
from dispatch.places import Window
from dispatch.problem import Problem
from dispatch.shifts import Shift
from dispatch.tasks import Delivery, Pin, StopRef, Task, Visit

Test = tuple[str, str, str, Callable[[Shift], bool]]  # code, what is asked, what a shift that fails does not, the test


@dataclass(frozen=True, slots=True)
class _Need:
    """What one caregiver's part of a task asks for: skills, and for each of its stops the windows, and whether they are
    soft at the end."""

    skills: frozenset[str]
    stops: tuple[tuple[tuple[Window, ...], bool], ...]


def contradictions(problem: Problem) -> list[Fault]:
    """Tasks that no shift could ever serve, whatever else is planned, and pins on shifts that may not serve what is
    pinned: `visit v17 needs bath, no shift on the day has it`. A pinned time stands in the place of windows."""
    day = _Day(problem)
    return [*day.of_tasks(), *day.of_pins()]


class _Day:
    """A problem with what is asked of it often."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.aboard = {entry.delivery for shift in problem.shifts for entry in shift.aboard}
        self.held = {pin.stop: pin.start_seconds for pin in problem.pins if pin.start_seconds is not None}

    def of_tasks(self) -> Iterator[Fault]:
        for index, visit in enumerate(self.problem.visits):
            yield from self._of_task(f"/visits/{index}", f"visit {visit.id}", visit)
        for index, delivery in enumerate(self.problem.deliveries):
            yield from self._of_task(f"/deliveries/{index}", f"delivery {delivery.id}", delivery)

    def _of_task(self, pointer: str, name: str, task: Task) -> Iterator[Fault]:
        """The first test of each crew member that no shift is left to pass; and too few caregivers for the crew."""
        if not self.problem.shifts:
            yield Fault(pointer, "no_shift", f"{name}: nobody is on duty")
            return
        needs, everybody, unmet = self._needs(task), set[str](), False
        for need in dict.fromkeys(needs):
            tests = _tests(task, need)
            able = self._able_caregivers(tests, most=len(needs))
            if not able:
                unmet = True
                code, asks, lacking, _ = self._unmet(tests)
                yield Fault(pointer, code, f"{name} {asks}, no able shift on the day {lacking}")
            everybody |= able
        if not unmet and len(everybody) < len(needs):
            detail = f"{name} needs {len(needs)} caregivers at once, the day has {len(everybody)} able"
            yield Fault(pointer, "crew", detail)

    def of_pins(self) -> Iterator[Fault]:
        heads: set[tuple[str, StopRef]] = set()
        for index, pin in enumerate(self.problem.pins):
            if pin.hold == "prefix":
                heads.add((pin.shift, pin.stop))
            if pin.hold == "time":
                continue
            task, shift = self.problem.tasks[pin.stop.id], self.problem.shift_of[pin.shift]
            name = f"{pin.stop.kind} {task.id}"
            tests = _tests(task, self._needs(task)[pin.stop.member])
            failed = next((test for test in tests if not test[3](shift)), None)
            if failed is not None:
                code, asks, lacking, _ = failed
                detail = f"{name} {asks}, but is pinned to shift {shift.id}, which is none that {lacking}"
                yield Fault(f"/pins/{index}", code, detail)
            elif self._is_late_pickup(pin, heads):
                detail = f"{name} is pinned to the head of shift {shift.id}, its pickup is not pinned before it"
                yield Fault(f"/pins/{index}", "pin", detail)

    def _is_late_pickup(self, pin: Pin, heads: set[tuple[str, StopRef]]) -> bool:
        """Whether something is to be dropped off at the head of a route that is not aboard by then."""
        if pin.hold != "prefix" or pin.stop.kind != "dropoff" or pin.stop.id in self.aboard:
            return False
        return (pin.shift, StopRef("pickup", pin.stop.id)) not in heads

    def _needs(self, task: Task) -> list[_Need]:
        """One for each caregiver. What is aboard is not picked up any more."""
        soft = task.late_second is not None
        if isinstance(task, Visit):
            return [
                _Need(member.skills, (self._windows(StopRef("visit", task.id, rank), task.windows, soft=soft),))
                for rank, member in enumerate(task.crew)
            ]
        stops = [self._windows(StopRef("dropoff", task.id), task.dropoff.windows, soft=soft)]
        if task.id not in self.aboard:
            stops.append(self._windows(StopRef("pickup", task.id), task.pickup.windows, soft=False))
        return [_Need(task.skills, tuple(stops))]

    def _windows(self, stop: StopRef, windows: tuple[Window, ...], *, soft: bool) -> tuple[tuple[Window, ...], bool]:
        second = self.held.get(stop)
        return (windows, soft) if second is None else (((second, second),), False)

    def _able_caregivers(self, tests: list[Test], *, most: int) -> set[str]:
        """Caregivers with a shift that passes every test: as many as there are, `most` of them at the most."""
        able: set[str] = set()
        for shift in self.problem.shifts:
            if all(passes(shift) for _, _, _, passes in tests):
                able.add(shift.caregiver)
                if len(able) == most:
                    break
        return able

    def _unmet(self, tests: list[Test]) -> Test:
        """The first test that no shift is left to pass."""
        able = list(self.problem.shifts)
        for test in tests:
            able = [shift for shift in able if test[3](shift)]
            if not able:
                return test
        raise AssertionError("some shift passes every test")


def _tests(task: Task, need: _Need) -> list[Test]:
    load = task.load if isinstance(task, Delivery) else {}
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
            lambda shift: all(amount <= shift.capacity.get(name, 0) for name, amount in load.items()),
        ),
        ("no_shift", "has a time window", "is on duty in it", lambda shift: _meets(shift, need)),
    ]


def _meets(shift: Shift, need: _Need) -> bool:
    """Whether every stop could start while the shift is on duty. A soft end is open."""
    opens, closes = shift.window
    return all(
        (soft and windows[-1][0] <= closes) or any(begin <= closes and finish >= opens for begin, finish in windows)
        for windows, soft in need.stops
    )
