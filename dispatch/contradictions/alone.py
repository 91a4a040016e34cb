"""Tasks that no shift could serve, even on an empty day."""

from __future__ import annotations

from collections.abc import Iterator

from dispatch.contradictions.needs import Day
from dispatch.errors import Fault
from dispatch.tasks import Task


def of_tasks(day: Day) -> Iterator[Fault]:
    """Each task of which some part has nobody."""
    for index, visit in enumerate(day.problem.visits):
        yield from _of_task(day, f"/visits/{index}", f"visit {visit.id}", visit)
    for index, delivery in enumerate(day.problem.deliveries):
        yield from _of_task(day, f"/deliveries/{index}", f"delivery {delivery.id}", delivery)


def _of_task(day: Day, pointer: str, name: str, task: Task) -> Iterator[Fault]:
    """The first test of each crew member that no shift is left to pass; and too few caregivers for the crew."""
    if not day.problem.shifts:
        yield Fault(pointer, "no_shift", f"{name}: nobody is on duty")
        return
    needs, everybody, unmet = day.needs(task), set[str](), False
    for need in dict.fromkeys(needs):
        tests = day.tests(task, need)
        able = day.able_caregivers(tests, most=len(needs))
        if not able:
            unmet = True
            code, asks, lacking, _ = day.unmet(tests)
            yield Fault(pointer, code, f"{name} {asks}, no able shift on the day {lacking}")
        everybody |= able
    if not unmet and len(everybody) < len(needs):
        detail = f"{name} needs {len(needs)} caregivers at once, the day has {len(everybody)} able"
        yield Fault(pointer, "crew", detail)
