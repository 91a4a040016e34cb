"""What a plan achieves, in figures a dispatcher and a regulator ask for. Times in seconds, ways in metres."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from dispatch.plan import Plan, Route
from dispatch.problem import Problem
from dispatch.tasks import Delivery


def indicators(problem: Problem, plan: Plan) -> dict[str, Any]:
    """Served by priority, travel and its share, waiting, overtime, rides, fairness. JSON-ready."""
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
        "overtime_seconds": sum(_overtime(problem, route) for route in plan.routes),
        "rides": _rides(problem, plan),
        "fairness": _fairness(problem, plan),
    }


def _sum(plan: Plan, name: str) -> int:
    return sum(route.totals.get(name, 0) for route in plan.routes)


def _by_priority(problem: Problem, left: set[str]) -> dict[str, dict[str, int]]:
    counts: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for task in problem.tasks.values():
        counts[task.priority][0] += 1
        counts[task.priority][1] += task.id not in left
    return {
        str(priority): {"asked": asked, "served": served}
        for priority, (asked, served) in sorted(counts.items(), reverse=True)
    }


def _overtime(problem: Problem, route: Route) -> int:
    after = problem.shift_of[route.shift].overtime_after_seconds
    return 0 if after is None else max(0, route.work_seconds - after)


def _rides(problem: Problem, plan: Plan) -> dict[str, int]:
    """How long deliveries are on the way (a meal's time in the box): longest and mean."""
    left = {entry.delivery: entry.picked_up_seconds for s in problem.shifts for entry in s.aboard}
    rides = []
    for route in plan.routes:
        for stop in route.stops:
            if stop.kind == "pickup":
                left[stop.id] = stop.departure
            elif stop.kind == "dropoff" and isinstance(problem.tasks[stop.id], Delivery):
                rides.append(stop.arrival - left[stop.id])
    if not rides:
        return {"count": 0, "longest_seconds": 0, "mean_seconds": 0}
    return {"count": len(rides), "longest_seconds": max(rides), "mean_seconds": sum(rides) // len(rides)}


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
