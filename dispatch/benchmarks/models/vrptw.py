"""Routing with time windows as deliveries from the depot, in tenths of a unit.

A customer's demand is picked up at the depot at the moment it opens, so a vehicle loads once and cannot come back
for more: a route is a route of the original. The fleet is as given; every customer must be served.
"""

from __future__ import annotations

from dispatch.benchmarks.instances.vrptw import Vrptw
from dispatch.benchmarks.models.plane import MODE
from dispatch.benchmarks.solutions import NodeRoutes
from dispatch.places import Euclidean, Place
from dispatch.plan import Plan
from dispatch.problem import Problem
from dispatch.shifts import Shift
from dispatch.tasks import Delivery, Halt

TICKS = 10  # the DIMACS convention counts tenths
DEPOT = "0"


def vrptw_problem(instance: Vrptw) -> Problem:
    """The instance as a problem whose cost is the distance in tenths."""
    xy, demand = instance.xy.tolist(), instance.demand.tolist()
    ready, due, service = ((TICKS * column).tolist() for column in (instance.ready, instance.due, instance.service))
    loading = Halt(DEPOT, ((ready[0], ready[0]),), 0)
    day = (ready[0], due[0])
    return Problem(
        places=tuple(Place(str(node), xy=(float(x), float(y))) for node, (x, y) in enumerate(xy)),
        travel={MODE: Euclidean()},
        shifts=tuple(
            Shift(f"v{number}", f"v{number}", MODE, DEPOT, DEPOT, day, capacity={"load": instance.capacity})
            for number in range(1, instance.vehicles + 1)
        ),
        deliveries=tuple(
            Delivery(
                str(node), loading, Halt(str(node), ((ready[node], due[node]),), service[node]),
                load={"load": demand[node]}, mandatory=True,
            )
            for node in instance.customers
        ),
        ticks_per_unit=TICKS,
    )  # fmt: skip


def vrptw_routes(plan: Plan) -> NodeRoutes:
    """The customers of each route of a plan, in driving order."""
    return NodeRoutes(tuple(tuple(int(s.id) for s in route.stops if s.kind == "dropoff") for route in plan.routes))
