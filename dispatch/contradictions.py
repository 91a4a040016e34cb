"""What a readable problem asks for that nobody on the day can give: found before any search, named by pointer and
in words.

These are no faults of the document: the rest of the day can be planned, and the tasks named are left out of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from dispatch.errors import Fault
from dispatch.problem import Problem
from dispatch.shifts import Shift
from dispatch.tasks import Delivery, Task, Visit

Test = tuple[str, str, str, Callable[[Shift], bool]]  # code, what is asked, what a shift that fails does not, the test


def contradictions(problem: Problem) -> list[Fault]:
    """Tasks that no shift could ever serve, whatever else is planned, and pins on shifts that may not serve what is
    pinned: `visit v17 needs bath, no shift on the day has it`. A pinned time overrides windows, so it is not judged."""
    found = [fault for pointer, task in _pointed(problem) for fault in _of_task(problem, pointer, task)]
    for index, pin in enumerate(problem.pins):
        if pin.hold == "time":
            continue
        shift, task = problem.shift_of[pin.shift], problem.tasks[pin.stop.id]
        tests = _tests(task, _needs(task)[pin.stop.member])
        timed = pin.start_seconds is not None
        failed = next((test for test in tests if not test[3](shift) and not (timed and test[0] == "no_shift")), None)
        if failed is not None:
            code, asks, lacking, _ = failed
            name = f"{pin.stop.kind} {task.id}"
            detail = f"{name} {asks}, but is pinned to shift {shift.id}, which is none that {lacking}"
            found.append(Fault(f"/pins/{index}", code, detail))
    return found


def _pointed(problem: Problem) -> Iterator[tuple[str, Task]]:
    for index, visit in enumerate(problem.visits):
        yield f"/visits/{index}", visit
    for index, delivery in enumerate(problem.deliveries):
        yield f"/deliveries/{index}", delivery


def _needs(task: Task) -> list[frozenset[str]]:
    return [task.skills] if isinstance(task, Delivery) else [member.skills for member in task.crew]


def _of_task(problem: Problem, pointer: str, task: Task) -> list[Fault]:
    """The first test of each crew member that no shift is left to pass; and too few caregivers for the crew."""
    name = f"{'visit' if isinstance(task, Visit) else 'delivery'} {task.id}"
    if not problem.shifts:
        return [Fault(pointer, "no_shift", f"{name}: nobody is on duty")]
    found: list[Fault] = []
    everybody: set[str] = set()
    size = len(_needs(task))
    for need in dict.fromkeys(_needs(task)):
        tests = _tests(task, need)
        able = _able_caregivers(problem, tests, most=size)
        if not able:
            code, asks, lacking, _ = _unmet(problem, tests)
            found.append(Fault(pointer, code, f"{name} {asks}, no able shift on the day {lacking}"))
        everybody |= able
    if not found and len(everybody) < size:
        found.append(
            Fault(pointer, "crew", f"{name} needs {size} caregivers at once, the day has {len(everybody)} able")
        )
    return found


def _able_caregivers(problem: Problem, tests: list[Test], *, most: int) -> set[str]:
    """Caregivers with a shift that passes every test: as many as there are, `most` of them at the most."""
    able: set[str] = set()
    for shift in problem.shifts:
        if all(passes(shift) for _, _, _, passes in tests):
            able.add(shift.caregiver)
            if len(able) == most:
                break
    return able


def _unmet(problem: Problem, tests: list[Test]) -> Test:
    """The first test that no shift is left to pass."""
    able = list(problem.shifts)
    for test in tests:
        able = [shift for shift in able if test[3](shift)]
        if not able:
            return test
    raise AssertionError("some shift passes every test")


def _tests(task: Task, need: frozenset[str]) -> list[Test]:
    load = task.load if isinstance(task, Delivery) else {}
    heavy = ", ".join(f"{amount} {name}" for name, amount in load.items())
    return [
        ("skill", f"needs {', '.join(sorted(need))}", "has it", lambda shift: need <= shift.skills),
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
        ("no_shift", "has a time window", "is on duty in it", lambda shift: _meets(shift, task)),
    ]


def _meets(shift: Shift, task: Task) -> bool:
    """Whether every stop of the task could start while the shift is on duty. A soft end is open."""
    soft = task.late_second is not None
    halts = (
        [(task.windows, soft)]
        if isinstance(task, Visit)
        else [(task.pickup.windows, False), (task.dropoff.windows, soft)]
    )
    return all(
        (open_ended and windows[-1][0] <= shift.window[1])
        or any(begin <= shift.window[1] and finish >= shift.window[0] for begin, finish in windows)
        for windows, open_ended in halts
    )
