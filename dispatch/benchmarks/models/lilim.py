"""Pickup and delivery with time windows: a delivery per pair, in ticks fine enough for double precision.

The fewest vehicles come first: using one costs more than the distance that it could save.
"""

from __future__ import annotations

import numpy as np

from dispatch.benchmarks.instances.lilim import LiLim
from dispatch.benchmarks.models.plane import MODE, dense, distinct, ticks_for
from dispatch.benchmarks.solutions import NodeRoutes
from dispatch.objective import Objective
from dispatch.places import Place
from dispatch.plan import Plan
from dispatch.problem import Problem
from dispatch.shifts import Shift
from dispatch.tasks import Delivery, Halt

VEHICLE_UNITS = 10_000  # of distance that a vehicle costs: all routes of a classic set of 100 or 200 are shorter in sum


def lilim_problem(instance: LiLim) -> Problem:
    """The instance as a problem whose cost is vehicles, then the distance in ticks."""
    place_of, firsts = distinct(instance.xy.tolist())
    xy = instance.xy[firsts].astype(np.float64)
    distance = np.hypot(xy[:, None, 0] - xy[None, :, 0], xy[:, None, 1] - xy[None, :, 1])
    ticks = ticks_for(max(float(instance.due[0]), VEHICLE_UNITS))
    ready, due, service = ((ticks * column).tolist() for column in (instance.ready, instance.due, instance.service))

    def halt(node: int) -> Halt:
        return Halt(str(place_of[node]), ((ready[node], due[node]),), service[node])

    depot = str(place_of[0])
    return Problem(
        places=tuple(Place(str(number), xy=(x, y)) for number, (x, y) in enumerate(xy.tolist())),
        travel={MODE: dense(distance, ticks)},
        shifts=tuple(
            Shift(
                f"v{number}", f"v{number}", MODE, depot, depot, (ready[0], due[0]),
                capacity={"load": instance.capacity},
            )
            for number in range(1, instance.vehicles + 1)
        ),
        deliveries=tuple(
            Delivery(
                f"{pickup}-{delivery}", halt(pickup), halt(delivery),
                load={"load": int(instance.demand[pickup])}, mandatory=True,
            )
            for pickup, delivery in instance.pairs
        ),
        objective=Objective(shift_used=VEHICLE_UNITS * ticks),
        ticks_per_unit=ticks,
    )  # fmt: skip


def lilim_routes(plan: Plan) -> NodeRoutes:
    """The nodes of each route of a plan, pickups and deliveries, in driving order."""
    return NodeRoutes(
        tuple(
            tuple(
                int(stop.id.split("-")[stop.kind == "dropoff"])
                for stop in route.stops
                if stop.kind in ("pickup", "dropoff")
            )
            for route in plan.routes
        )
    )
