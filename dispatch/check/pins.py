"""What may not move: pins on caregiver, time, both, or the head of a route."""

from __future__ import annotations

from collections import defaultdict

from dispatch.check.roster import work_stops
from dispatch.check.violation import Violation
from dispatch.plan import Plan
from dispatch.problem import Problem


def pins(problem: Problem, plan: Plan) -> list[Violation]:
    """Pinned stops that are served keep shift, time and place in the route. Unserved ones are not broken
    pins: they make the plan infeasible."""
    found = {stop.key: (shift.id, stop) for shift, stop in work_stops(problem, plan)}
    broken = []
    prefixes: dict[str, list[tuple[str, str, int]]] = defaultdict(list)
    for pin in problem.pins:
        key = pin.stop.key
        if key not in found:
            continue
        shift, stop = found[key]
        if pin.hold != "time" and shift != pin.shift:
            broken.append(Violation("pin_caregiver", f"pinned to {pin.shift}", shift, stop.id))
        if pin.start_seconds is not None and stop.start != pin.start_seconds:
            detail = f"starts at {stop.start}, pinned to {pin.start_seconds}"
            broken.append(Violation("pin_time", detail, shift, stop.id))
        if pin.hold == "prefix" and shift == pin.shift:
            prefixes[shift].append(key)
    for route in plan.routes:
        wanted = prefixes.get(route.shift, [])
        head = [stop.key for stop in route.stops if stop.kind in ("visit", "pickup", "dropoff")]
        if head[: len(wanted)] != wanted:
            broken.append(Violation("pin_prefix", f"begins {head[: len(wanted)]}", route.shift))
    return broken
