"""What binds stops of different routes: crews, elders, relations between tasks."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Set
from itertools import combinations, pairwise

from dispatch.check.roster import work_stops
from dispatch.check.violation import Violation
from dispatch.plan import Plan, Stop
from dispatch.problem import Problem
from dispatch.tasks import Relation, Visit


def _served(problem: Problem, plan: Plan, wanted: Set[str]) -> dict[str, list[tuple[str, Stop]]]:
    """For each of these tasks that is served: (caregiver, stop) of its stops, members in order, pickup before
    drop-off."""
    found: dict[str, list[tuple[str, Stop]]] = defaultdict(list)
    if not wanted:
        return found
    for shift, stop in work_stops(problem, plan):
        if stop.id in wanted:
            found[stop.id].append((shift.caregiver, stop))
    for stops in found.values():
        if len(stops) > 1:
            stops.sort(key=lambda entry: (entry[1].kind == "dropoff", entry[1].member))
    return found


def _crews(problem: Problem) -> dict[str, Visit]:
    """Visits by several caregivers; that a single one comes once is a matter of `membership`."""
    return {visit.id: visit for visit in problem.visits if len(visit.crew) > 1}


def crew_complete(problem: Problem, plan: Plan) -> list[Violation]:
    """All members of a crew come, each another caregiver."""
    crews = _crews(problem)
    served = _served(problem, plan, crews.keys())
    broken = []
    for visit in crews.values():
        stops = served.get(visit.id, [])
        if stops and {stop.member for _, stop in stops} != set(range(len(visit.crew))):
            broken.append(Violation("crew_incomplete", f"{len(stops)} of {len(visit.crew)} come", id=visit.id))
        if len({caregiver for caregiver, _ in stops}) < len(stops):
            broken.append(Violation("crew_caregiver", "one caregiver stands for two", id=visit.id))
    return broken


def crew_stagger(problem: Problem, plan: Plan) -> list[Violation]:
    """Later members start within the stagger after the first."""
    crews = _crews(problem)
    served = _served(problem, plan, crews.keys())
    broken = []
    for visit in crews.values():
        stops = served.get(visit.id, [])
        for _, stop in stops[1:]:
            apart = stop.start - stops[0][1].start
            if not visit.stagger[0] <= apart <= visit.stagger[1]:
                detail = f"member {stop.member} starts {apart} s after the first, allowed {visit.stagger}"
                broken.append(Violation("crew_stagger", detail, id=visit.id))
    return broken


def elder_overlap(problem: Problem, plan: Plan) -> list[Violation]:
    """Visits of one elder do not overlap, from the first member's start to the last one's departure."""
    spans: dict[str, list[tuple[int, int, str]]] = defaultdict(list)
    asked = Counter(visit.elder for visit in problem.visits if visit.elder is not None)
    elder_of = {visit.id: visit.elder for visit in problem.visits if visit.elder is not None and asked[visit.elder] > 1}
    for task_id, stops in _served(problem, plan, elder_of.keys()).items():
        begin = min(stop.start for _, stop in stops)
        spans[elder_of[task_id]].append((begin, max(stop.departure for _, stop in stops), task_id))
    return [
        Violation("elder_overlap", f"{two[2]} starts at {two[0]}, {one[2]} lasts until {one[1]}", id=two[2])
        for found in spans.values()
        for one, two in combinations(sorted(found), 2)
        if two[0] < one[1]
    ]


def _tasks_of(relations: list[Relation]) -> set[str]:
    return {task for relation in relations for task in relation.of}


def _related(problem: Problem, kind: str) -> list[Relation]:
    return [relation for relation in problem.relations if relation.kind == kind]


def same_caregiver(problem: Problem, plan: Plan) -> list[Violation]:
    """Related tasks that are served have the same first caregiver."""
    relations = _related(problem, "same_caregiver")
    served = _served(problem, plan, _tasks_of(relations))
    broken = []
    for relation in relations:
        leaders = {task: served[task][0][0] for task in relation.of if task in served}
        if len(set(leaders.values())) > 1:
            broken.append(Violation("same_caregiver", f"served by {leaders}", id=relation.of[0]))
    return broken


def different_caregiver(problem: Problem, plan: Plan) -> list[Violation]:
    """Related tasks that are served share no caregiver."""
    relations = _related(problem, "different_caregiver")
    served = _served(problem, plan, _tasks_of(relations))
    broken = []
    for relation in relations:
        for one, two in combinations([task for task in relation.of if task in served], 2):
            shared = {who for who, _ in served[one]} & {who for who, _ in served[two]}
            if shared:
                detail = f"{', '.join(sorted(shared))} serves {one} and {two}"
                broken.append(Violation("different_caregiver", detail, id=two))
    return broken


def sequence_gap(problem: Problem, plan: Plan) -> list[Violation]:
    """Between neighbours of a sequence: every departure of one and every start of the next keep the gap."""
    relations = _related(problem, "sequence")
    served = _served(problem, plan, _tasks_of(relations))
    broken = []
    for relation in relations:
        for one, two in pairwise(relation.of):
            if one not in served or two not in served:
                continue
            left = _edge(served[one], last=True)
            begun = _edge(served[two], last=False)
            gaps = [later.start - earlier.departure for earlier in left for later in begun]
            if min(gaps) < relation.gap[0] or max(gaps) > relation.gap[1]:
                detail = f"{min(gaps)} to {max(gaps)} s after {one}, allowed {relation.gap}"
                broken.append(Violation("sequence_gap", detail, id=two))
    return broken


def _edge(stops: list[tuple[str, Stop]], *, last: bool) -> list[Stop]:
    """The stops that end (or begin) a task: all members of a crew, or one end of a delivery."""
    if stops[0][1].kind == "visit":
        return [stop for _, stop in stops]
    return [stops[-1 if last else 0][1]]
