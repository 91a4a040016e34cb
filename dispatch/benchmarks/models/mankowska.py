"""Home care with visits by two: a visit per patient with a crew of one or two, lateness soft, in fine ticks.

The three weights are 1, so the cost of a plan is three times the set's measure, in ticks.
"""

from __future__ import annotations

from dispatch.benchmarks.instances.mankowska import Mankowska
from dispatch.benchmarks.models.earliest import earliest_starts
from dispatch.benchmarks.models.plane import MODE, dense, ticks_for
from dispatch.benchmarks.solutions import Attendance, CareRoutes
from dispatch.objective import Objective
from dispatch.places import Place
from dispatch.plan import Plan
from dispatch.problem import HORIZON_SECONDS, Problem
from dispatch.shifts import Shift
from dispatch.tasks import Member, Visit

DAYS_OVER = 10  # a tardy day may last this many times its last window's end
OFFICE = 0


def mankowska_problem(instance: Mankowska) -> Problem:
    """The instance as a problem. Patients at one spot share a place."""
    ticks = _ticks(instance)
    place_of, firsts = _places(instance)
    window = (instance.window * ticks).round().astype(int).tolist()
    gap = (instance.gap * ticks).round().astype(int).tolist()
    minutes = (instance.minutes * ticks).round().astype(int).tolist()
    return Problem(
        places=tuple(Place(str(number), xy=(x, y)) for number, (x, y) in enumerate(instance.xy[firsts].tolist())),
        travel={MODE: dense(instance.distance[firsts][:, firsts], ticks)},
        shifts=tuple(
            Shift(
                str(caregiver), str(caregiver), MODE, str(OFFICE), str(OFFICE), (0, HORIZON_SECONDS),
                skills=frozenset(str(service) for service in instance.gives[caregiver].nonzero()[0].tolist()),
            )
            for caregiver in instance.caregivers
        ),
        visits=tuple(
            Visit(
                str(patient), str(place_of[patient + 1]), ((window[patient][0], window[patient][1]),),
                tuple(Member(minutes[patient][service], frozenset({str(service)})) for service in needs),
                stagger=(gap[patient][0], gap[patient][1]) if len(needs) == 2 else (0, 0),
                mandatory=True, late_second=1,
            )
            for patient, needs in enumerate(instance.needs)
        ),
        objective=Objective(travel_second=1, late_second=1, max_late_second=1),
        ticks_per_unit=ticks,
    )  # fmt: skip


def mankowska_routes(instance: Mankowska, plan: Plan) -> CareRoutes:
    """What each caregiver gives by a plan, at the earliest minutes that its sequences allow."""
    legs: list[list[tuple[int, int]]] = [[] for _ in instance.caregivers]
    for route in plan.routes:
        legs[int(route.shift)] = [
            (int(stop.id), instance.needs[int(stop.id)][stop.member]) for stop in route.stops if stop.kind == "visit"
        ]
    starts = earliest_starts(instance, legs)
    return CareRoutes(tuple(tuple(Attendance(*leg, starts[leg]) for leg in route) for route in legs))


def _ticks(instance: Mankowska) -> int:
    return ticks_for(DAYS_OVER * float(instance.window[:, 1].max()))


def _places(instance: Mankowska) -> tuple[list[int], list[int]]:
    """(the place of the office and of each patient, the first row of `distance` at each place)."""
    place_of: list[int] = []
    firsts: list[int] = []
    for row in range(len(instance.distance)):
        same = next((n for n, first in enumerate(firsts) if instance.distance[row, first] == 0), None)
        if same is None:
            same = len(firsts)
            firsts.append(row)
        place_of.append(same)
    return place_of, firsts
