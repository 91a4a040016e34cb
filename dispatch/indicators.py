"""What a plan achieves, in figures a dispatcher and a regulator ask for. Times in seconds, ways in metres, shares in
thousandths.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from dispatch.cost import lateness, overtime_seconds
from dispatch.plan import Plan
from dispatch.problem import Problem
from dispatch.tasks import Delivery

PROMISE_SECONDS = 900  # a published time is kept if service starts at most this much earlier or later
BOX_STEPS_SECONDS = (600, 1200, 1800, 2400, 3600)  # upper ends of the distribution of rides; the last class is open


def indicators(problem: Problem, plan: Plan) -> dict[str, Any]:
    """Served by priority, travel and its share, waiting, lateness, overtime, continuity, rides, promises, fairness.
    JSON-ready."""
    left = {entry.id for entry in plan.unassigned}
    work = _sum(plan, "work_seconds")
    travel = _sum(plan, "travel_seconds")
    return {
        "tasks": len(problem.tasks),
        "served": len(problem.tasks) - len(left),
        "served_by_priority": _by_priority(problem, left),
        "shifts": len(problem.shifts),
        "shifts_used": len(plan.routes),
        "travel_seconds": travel,
        "travel_metres": _sum(plan, "travel_metres"),
        "travel_permille_of_work": travel * 1000 // work if work else 0,
        "service_seconds": _sum(plan, "service_seconds"),
        "wait_seconds": _sum(plan, "wait_seconds"),
        "work_seconds": work,
        "overtime_seconds": sum(overtime_seconds(problem, route) for route in plan.routes),
        "late": _late(problem, plan),
        "continuity": _continuity(problem, plan),
        "rides": _rides(problem, plan),
        "promises": _promises(problem, plan),
        "fairness": _fairness(problem, plan),
    }


def _sum(plan: Plan, name: str) -> int:
    return sum(route.totals.get(name, 0) for route in plan.routes)


def _permille(part: int, whole: int) -> int:
    return part * 1000 // whole if whole else 1000


def _by_priority(problem: Problem, left: set[str]) -> dict[str, dict[str, int]]:
    counts: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for task in problem.tasks.values():
        counts[task.priority][0] += 1
        counts[task.priority][1] += task.id not in left
    return {
        str(priority): {"asked": asked, "served": served}
        for priority, (asked, served) in sorted(counts.items(), reverse=True)
    }


def _late(problem: Problem, plan: Plan) -> dict[str, int]:
    """Stops after their soft windows."""
    found = [lateness(problem, stop) or (0, 0) for route in plan.routes for stop in route.stops]
    late = [seconds for seconds, _ in found if seconds]
    return {"count": len(late), "seconds": sum(late), "longest_seconds": max(late, default=0)}


def _continuity(problem: Problem, plan: Plan) -> dict[str, int]:
    """Of the served stops whose task prefers somebody, those to which a preferred caregiver comes."""
    asked = kept = 0
    for route in plan.routes:
        caregiver = problem.shift_of[route.shift].caregiver
        for stop in route.stops:
            if stop.kind in ("visit", "dropoff") and any(problem.tasks[stop.id].preferred.values()):
                asked += 1
                kept += problem.tasks[stop.id].preferred.get(caregiver, 0) > 0
    return {"asked": asked, "kept": kept, "kept_permille": _permille(kept, asked)}


def _rides(problem: Problem, plan: Plan) -> dict[str, Any]:
    """How long deliveries are on the way (a meal's time in the box): longest, mean, and how many up to each bound."""
    left = {entry.delivery: entry.picked_up_seconds for s in problem.shifts for entry in s.aboard}
    rides = []
    for route in plan.routes:
        for stop in route.stops:
            if stop.kind == "pickup":
                left[stop.id] = stop.departure
            elif stop.kind == "dropoff" and isinstance(problem.tasks[stop.id], Delivery):
                rides.append(stop.arrival - left[stop.id])
    return {
        "count": len(rides),
        "longest_seconds": max(rides, default=0),
        "mean_seconds": sum(rides) // len(rides) if rides else 0,
        "by_seconds": _spread(rides),
    }


def _spread(rides: Iterable[int]) -> dict[str, int]:
    """How many rides fall into each class; `over` are those beyond the last bound."""
    counts = {**{str(bound): 0 for bound in BOX_STEPS_SECONDS}, "over": 0}
    for ride in rides:
        counts[next((str(bound) for bound in BOX_STEPS_SECONDS if ride <= bound), "over")] += 1
    return counts


def _promises(problem: Problem, plan: Plan) -> dict[str, int]:
    """Of the published starts of visits and drop-offs that are still asked for, those that are kept within a quarter
    of an hour; what is no longer served is not kept."""
    published = problem.baseline.starts() if problem.baseline else {}
    now = plan.starts()
    promised = {key: start for key, (_, start) in published.items() if key[0] != "pickup" and key[1] in problem.tasks}
    kept = sum(key in now and abs(now[key][1] - start) <= PROMISE_SECONDS for key, start in promised.items())
    return {"promised": len(promised), "kept": kept, "kept_permille": _permille(kept, len(promised))}


def _fairness(problem: Problem, plan: Plan) -> dict[str, int]:
    """Work between caregivers: Gini in thousandths (0 all alike), and the widest difference."""
    work = {shift.caregiver: 0 for shift in problem.shifts}
    for route in plan.routes:
        work[problem.shift_of[route.shift].caregiver] += route.work_seconds
    done = sorted(work.values())
    return {
        "gini_permille": gini_permille(done),
        "max_minus_min_seconds": done[-1] - done[0] if done else 0,
    }


def gini_permille(ascending: list[int]) -> int:
    """The Gini coefficient in thousandths: Σ (2i − n − 1)·x_i / (n·Σ x), i from 1, x ascending."""
    count, total = len(ascending), sum(ascending)
    if not total:
        return 0
    weighted = sum((2 * rank - count - 1) * share for rank, share in enumerate(ascending, start=1))
    return weighted * 1000 // (count * total)
