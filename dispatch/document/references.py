"""What a whole problem must agree on: unique ids, references that exist, sums that fit."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from dispatch.document.reader import Faults, escape
from dispatch.objective import MOST_UNSERVED
from dispatch.places import Dense
from dispatch.problem import Problem
from dispatch.tasks import Delivery, Pin, Visit
from dispatch.travel import metres_between

APART_METRES = 100


def judge(problem: Problem, faults: Faults) -> None:
    """Note every reference to nothing, every id used twice, and what contradicts itself."""
    _unique(faults, "/places", (place.id for place in problem.places))
    _unique(faults, "/shifts", (shift.id for shift in problem.shifts))
    _unique(faults, "/visits", (visit.id for visit in problem.visits))
    known = {visit.id for visit in problem.visits}
    _unique(faults, "/deliveries", (delivery.id for delivery in problem.deliveries), taken=known)
    _shifts(problem, faults)
    _caregivers(problem, faults)
    _tasks(problem, faults)
    _relations(problem, faults)
    _cycle(problem, faults)
    _ways(problem, faults)
    _pins(problem, faults)
    worst = problem.objective.unserved * sum(task.priority for task in problem.tasks.values())
    if worst > MOST_UNSERVED:
        faults.add("/objective/unserved", "range", f"unserved × all priorities is above {MOST_UNSERVED}")


def _unique(faults: Faults, pointer: str, ids: Iterable[str], taken: Iterable[str] = ()) -> None:
    seen = set(taken)
    for index, found in enumerate(ids):
        if found in seen:
            faults.add(f"{pointer}/{index}/id", "duplicate", f"the id {found!r} is already taken")
        seen.add(found)


def _place(problem: Problem, faults: Faults, pointer: str, place: str | None) -> None:
    if place is not None and place not in problem.place_index:
        faults.add(pointer, "unknown_reference", f"no place {place!r}")


def _shifts(problem: Problem, faults: Faults) -> None:
    carried: set[str] = set()
    for index, shift in enumerate(problem.shifts):
        at = f"/shifts/{index}"
        _place(problem, faults, f"{at}/start", shift.start)
        _place(problem, faults, f"{at}/end", shift.end)
        _unique(faults, f"{at}/breaks", (rest.id for rest in shift.breaks))
        if shift.mode not in problem.travel:
            faults.add(f"{at}/mode", "unknown_reference", f"no travel model for mode {shift.mode!r}")
        for number, aboard in enumerate(shift.aboard):
            where = f"{at}/aboard/{number}/delivery"
            if not isinstance(problem.tasks.get(aboard.delivery), Delivery):
                faults.add(where, "unknown_reference", f"no delivery {aboard.delivery!r}")
            if aboard.delivery in carried:
                faults.add(where, "duplicate", f"{aboard.delivery!r} is aboard twice")
            carried.add(aboard.delivery)


def _caregivers(problem: Problem, faults: Faults) -> None:
    numbered = sorted(enumerate(problem.shifts), key=lambda entry: (entry[1].caregiver, entry[1].window))
    for (_, earlier), (index, later) in pairwise(numbered):
        if earlier.caregiver == later.caregiver and later.window[0] < earlier.window[1]:
            detail = f"{later.caregiver!r} is already on shift {earlier.id!r} then"
            faults.add(f"/shifts/{index}/window", "overlap", detail)


def _tasks(problem: Problem, faults: Faults) -> None:
    for index, visit in enumerate(problem.visits):
        _place(problem, faults, f"/visits/{index}/place", visit.place)
        _place(problem, faults, f"/visits/{index}/end", visit.end)
    for index, delivery in enumerate(problem.deliveries):
        _place(problem, faults, f"/deliveries/{index}/pickup/place", delivery.pickup.place)
        _place(problem, faults, f"/deliveries/{index}/dropoff/place", delivery.dropoff.place)


def _relations(problem: Problem, faults: Faults) -> None:
    for index, relation in enumerate(problem.relations):
        for number, found in enumerate(relation.of):
            if found not in problem.tasks:
                where = f"/relations/{index}/of/{number}"
                faults.add(where, "unknown_reference", f"no visit or delivery {found!r}")


def _pins(problem: Problem, faults: Faults) -> None:
    aboard = {entry.delivery for shift in problem.shifts for entry in shift.aboard}
    seen: set[tuple[str, str, int]] = set()
    for index, pin in enumerate(problem.pins):
        at = f"/pins/{index}"
        if pin.shift not in problem.shift_of:
            faults.add(f"{at}/shift", "unknown_reference", f"no shift {pin.shift!r}")
        if not _stop_exists(problem, pin) or (pin.stop.kind == "pickup" and pin.stop.id in aboard):
            name = f"{pin.stop.kind} {pin.stop.id!r} member {pin.stop.member}"
            faults.add(f"{at}/stop", "unknown_reference", f"no such stop: {name}")
        key = pin.stop.key
        if key in seen:
            faults.add(f"{at}/stop", "duplicate", "the stop is already pinned")
        seen.add(key)


def _stop_exists(problem: Problem, pin: Pin) -> bool:
    task = problem.tasks.get(pin.stop.id)
    if isinstance(task, Visit):
        return pin.stop.kind == "visit" and pin.stop.member < len(task.crew)
    return isinstance(task, Delivery) and pin.stop.kind != "visit" and pin.stop.member == 0


def _cycle(problem: Problem, faults: Faults) -> None:
    """Sequences that ask a task to come before itself, directly or over others."""
    after: dict[str, set[str]] = {}
    for index, relation in enumerate(problem.relations):
        if relation.kind != "sequence":
            continue
        for earlier, later in pairwise(relation.of):
            if _reaches(after, later, earlier):
                detail = f"{earlier!r} comes before {later!r} here, and after it by this or an earlier sequence"
                faults.add(f"/relations/{index}/of", "cycle", detail)
                return
            after.setdefault(earlier, set()).add(later)


def _reaches(after: dict[str, set[str]], begin: str, goal: str) -> bool:
    seen, queue = {begin}, [begin]
    while queue:
        here = queue.pop()
        if here == goal:
            return True
        fresh = after.get(here, set()) - seen
        seen |= fresh
        queue.extend(fresh)
    return False


def _ways(problem: Problem, faults: Faults) -> None:
    """A way of some length takes some time: a zero between places that lie apart is a gap in the table."""
    for mode, model in problem.travel.items():
        if not isinstance(model, Dense):
            continue
        for row, cells in enumerate(model.seconds):
            for column, seconds in enumerate(cells):
                if seconds == 0 and row != column and _apart(problem, model, row, column):
                    one, two = problem.places[row].id, problem.places[column].id
                    detail = f"no time at all from {one!r} to {two!r}, which lie apart"
                    faults.add(f"/travel/{escape(mode)}/seconds/{row}/{column}", "zero", detail)
                    return


def _apart(problem: Problem, model: Dense, row: int, column: int) -> bool:
    """Whether the table or the places say that two places are 100 metres or more from one another."""
    if max(row, column) >= len(problem.places) or row >= len(model.metres) or column >= len(model.metres[row]):
        return False  # the shape is wrong, which has been said
    if model.metres[row][column] >= APART_METRES:
        return True
    one, two = (problem.places[index] for index in (row, column))
    return bool(one.lonlat and two.lonlat) and metres_between(one, two) >= APART_METRES
