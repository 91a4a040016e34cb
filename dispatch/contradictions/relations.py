"""Relations that cannot be kept if all of their tasks are served, whatever else is planned."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations, pairwise, product

from dispatch.contradictions.needs import Day
from dispatch.errors import Fault
from dispatch.places import Window
from dispatch.tasks import Delivery, Relation, Task, Visit


def of_relations(day: Day, unservable: set[str]) -> Iterator[Fault]:
    """Of each relation the first thing that cannot be. What is said of a task by itself (`unservable`, by pointer) is
    not said again."""
    found: dict[str, Callable[[Day, list[Task]], str | None]] = {
        "same_caregiver": _nobody_for_all,
        "different_caregiver": _too_few,
    }
    pointer_of = {visit.id: f"/visits/{index}" for index, visit in enumerate(day.problem.visits)}
    pointer_of |= {box.id: f"/deliveries/{index}" for index, box in enumerate(day.problem.deliveries)}
    for index, relation in enumerate(day.problem.relations):
        if any(pointer_of[name] in unservable for name in relation.of):
            continue
        tasks = [day.problem.tasks[name] for name in dict.fromkeys(relation.of)]
        if len(tasks) < 2:
            continue
        if relation.kind == "sequence":
            detail = _no_gap(day, relation)
        else:
            pairs = [list(pair) for pair in combinations(tasks, 2)]
            judged = (found[relation.kind](day, some) for some in [*pairs, tasks])
            detail = next((words for words in judged if words is not None), None)
        if detail is not None:
            yield Fault(f"/relations/{index}", relation.kind, detail)


def _named(tasks: list[Task]) -> str:
    *most, last = [f"{'delivery' if isinstance(task, Delivery) else 'visit'} {task.id}" for task in tasks]
    return f"{', '.join(most)} and {last}" if most else last


def _nobody_for_all(day: Day, tasks: list[Task]) -> str | None:
    """The first member of each crew is to be one caregiver."""
    able = [day.able(task) for task in tasks]
    if not all(able) or set.intersection(*able):
        return None
    return f"{_named(tasks)} need the same caregiver, the day has none able for {_all_of(tasks)}"


def _all_of(tasks: list[Task]) -> str:
    return "both" if len(tasks) == 2 else "all"


def _too_few(day: Day, tasks: list[Task]) -> str | None:
    """All members of all tasks are to be caregivers of their own."""
    needs = [day.able(task, member) for task in tasks for member in _members(task)]
    if not all(needs) or _all_matched(needs):
        return None
    able = len(set[str]().union(*needs))
    has = f"has {able} able" if able < len(needs) else f"has not one for each among {able} able"
    return f"{_named(tasks)} need {len(needs)} different caregivers, the day {has}"


def _all_matched(needs: list[set[str]]) -> bool:
    """Whether each need can have somebody of its own (augmenting paths)."""
    holds: dict[str, int] = {}

    def match(need: int, tried: set[str]) -> bool:
        for who in sorted(needs[need] - tried):
            tried.add(who)
            if who not in holds or match(holds[who], tried):
                holds[who] = need
                return True
        return False

    return all(match(need, set()) for need in range(len(needs)))


def _no_gap(day: Day, relation: Relation) -> str | None:
    """Two neighbours whose windows leave no start of the second within the gap of an end of the first."""
    least, most = relation.gap
    for name, follower in pairwise(relation.of):
        one, two = day.problem.tasks[name], day.problem.tasks[follower]
        for ends, begins in product(_parts(day.ends, one), _parts(day.begins, two)):
            kept = any(begin[0] - end[1] <= most and begin[1] - end[0] >= least for end, begin in product(ends, begins))
            if not kept:
                return (
                    f"{_named([two])} is to start {least} to {most} s after {_named([one])}, their windows leave no "
                    "such starts"
                )
    return None


def _parts(of: Callable[[Task, int], tuple[Window, ...]], task: Task) -> list[tuple[Window, ...]]:
    return [of(task, member) for member in _members(task)]


def _members(task: Task) -> range:
    return range(len(task.crew) if isinstance(task, Visit) else 1)
