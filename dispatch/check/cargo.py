"""What is carried: capacity, order of pickup and drop-off, rides, direct ways, what is aboard already."""

from __future__ import annotations

from dispatch.check.roster import work_stops
from dispatch.check.violation import Violation
from dispatch.plan import Plan, Stop
from dispatch.problem import Problem
from dispatch.tasks import Delivery


def _deliveries(problem: Problem, plan: Plan) -> list[tuple[Delivery, str, Stop | None, Stop]]:
    """Each delivery in a route: its shift (of the drop-off), its pickup if it has one, its drop-off."""
    picked = {stop.id: stop for _, stop in work_stops(problem, plan) if stop.kind == "pickup"}
    found = []
    for shift, stop in work_stops(problem, plan):
        task = problem.tasks[stop.id]
        if stop.kind == "dropoff" and isinstance(task, Delivery):
            found.append((task, shift.id, picked.get(stop.id), stop))
    return found


def capacity(problem: Problem, plan: Plan) -> list[Violation]:
    """Loads are summed again stop by stop; none exceeds the shift's capacity, and the plan states them."""
    broken = []
    names = sorted({name for delivery in problem.deliveries for name in delivery.load})
    for route in plan.routes:
        shift = problem.shift_of[route.shift]
        aboard = [problem.tasks[entry.delivery] for entry in shift.aboard]
        load = {name: sum(t.load.get(name, 0) for t in aboard if isinstance(t, Delivery)) for name in names}
        for stop in route.stops:
            task = problem.tasks.get(stop.id)
            if isinstance(task, Delivery) and stop.kind in ("pickup", "dropoff"):
                sign = 1 if stop.kind == "pickup" else -1
                load = {name: load[name] + sign * task.load.get(name, 0) for name in names}
            for name in names:
                if load[name] > shift.capacity.get(name, 0) and stop.kind == "pickup":
                    detail = f"{load[name]} {name}, room for {shift.capacity.get(name, 0)}"
                    broken.append(Violation("capacity", detail, shift.id, stop.id))
            if any(stop.load.get(name, 0) != load[name] for name in names):
                broken.append(Violation("load", f"{dict(stop.load)} instead of {load}", shift.id, stop.id))
    return broken


def pickup_order(problem: Problem, plan: Plan) -> list[Violation]:
    """A delivery is picked up and dropped off by the same shift, in this order."""
    found = {stop.key: (route.shift, place) for route in plan.routes for place, stop in enumerate(route.stops)}
    aboard = {entry.delivery for shift in problem.shifts for entry in shift.aboard}
    broken = []
    for delivery in problem.deliveries:
        pickup, dropoff = (found.get((kind, delivery.id, 0)) for kind in ("pickup", "dropoff"))
        if delivery.id in aboard or (pickup is None and dropoff is None):
            continue
        if pickup is None or dropoff is None or pickup[0] != dropoff[0]:
            broken.append(Violation("pickup_shift", "not both ends on one shift", id=delivery.id))
        elif pickup[1] > dropoff[1]:
            broken.append(Violation("pickup_order", "dropped off before picked up", pickup[0], delivery.id))
    return broken


def max_ride(problem: Problem, plan: Plan) -> list[Violation]:
    """From departure at the pickup (or the moment it was taken aboard) to arrival at the drop-off."""
    taken = {entry.delivery: entry.picked_up_seconds for shift in problem.shifts for entry in shift.aboard}
    broken = []
    for delivery, shift, pickup, dropoff in _deliveries(problem, plan):
        left = taken.get(delivery.id) if pickup is None else pickup.departure
        if delivery.max_ride_seconds is None or left is None:
            continue
        ride = dropoff.arrival - left
        if ride > delivery.max_ride_seconds:
            detail = f"{ride} s on the way, {delivery.max_ride_seconds} allowed"
            broken.append(Violation("max_ride", detail, shift, delivery.id))
    return broken


def direct(problem: Problem, plan: Plan) -> list[Violation]:
    """Nothing, not even a break, lies between the ends of a direct delivery."""
    broken = []
    stops_of = {route.shift: route.stops for route in plan.routes}
    for delivery, shift, pickup, dropoff in _deliveries(problem, plan):
        if not delivery.direct:
            continue
        stops = stops_of[shift]
        begin = 0 if pickup is None else next((i for i, s in enumerate(stops) if s.key == pickup.key), 0)
        if stops.index(dropoff) != begin + 1:
            broken.append(Violation("direct", "something lies in between", shift, delivery.id))
    return broken


def aboard(problem: Problem, plan: Plan) -> list[Violation]:
    """What is aboard a shift is dropped off by that shift."""
    home = {entry.delivery: shift.id for shift in problem.shifts for entry in shift.aboard}
    return [
        Violation("aboard", f"is aboard {home[stop.id]}", shift.id, stop.id)
        for shift, stop in work_stops(problem, plan)
        if stop.kind == "dropoff" and home.get(stop.id, shift.id) != shift.id
    ]
