"""Judges home care with visits by two (Mankowska, Meisel, Bierwirth 2014): the mean of the distance driven, the
tardiness summed over all services given, and the greatest tardiness. Starting late is allowed, early is not.
"""

from __future__ import annotations

from collections import Counter

from dispatch.benchmarks.instances.mankowska import Mankowska
from dispatch.benchmarks.judges.score import Score
from dispatch.benchmarks.solutions import Attendance, CareRoutes

TOLERANCE = 1e-4  # minutes; solutions state their starts with four to six decimals


def judge_mankowska(instance: Mankowska, solution: CareRoutes) -> Score:
    """Cost and broken rules of a solution."""
    routes = solution.routes
    used = sum(bool(route) for route in routes)
    if len(routes) != len(instance.caregivers):
        return Score(0.0, used, (f"{len(routes)} routes for {len(instance.caregivers)} caregivers",))
    faults = _membership(instance, solution)
    if faults:
        return Score(0.0, used, tuple(faults))
    distance = 0.0
    for caregiver, route in enumerate(routes):
        length, broken = _route(instance, caregiver, route)
        distance += length
        faults += broken
    faults += _pairs(instance, solution)
    late = [max(0.0, one.start - float(instance.window[one.patient, 1])) for route in routes for one in route]
    return Score((distance + sum(late) + max(late, default=0.0)) / 3, used, tuple(faults))


def _membership(instance: Mankowska, solution: CareRoutes) -> list[str]:
    """Every service that a patient needs is given once, and no other."""
    wanted = {(patient, service) for patient in instance.patients for service in instance.needs[patient]}
    given = Counter((one.patient, one.service) for route in solution.routes for one in route)
    faults = [f"patient {patient} does not need service {service}" for patient, service in sorted(set(given) - wanted)]
    return faults + [
        f"service {service} is given {given[patient, service]} times to patient {patient}"
        for patient, service in sorted(wanted)
        if given[patient, service] != 1
    ]


def _route(instance: Mankowska, caregiver: int, route: tuple[Attendance, ...]) -> tuple[float, list[str]]:
    """Length of a caregiver's tour from and to the office, and what she cannot do or reach in time."""
    if not route:
        return 0.0, []
    length, faults = 0.0, []
    at, free = 0, 0.0
    for one in route:
        way = float(instance.distance[at, one.patient + 1])
        length += way
        who = f"caregiver {caregiver}, patient {one.patient}"
        if not instance.gives[caregiver, one.service]:
            faults.append(f"{who}: does not give service {one.service}")
        if one.start < free + way - TOLERANCE:
            faults.append(f"{who}: starts at {one.start:g}, arrives at {free + way:g}")
        if one.start < instance.window[one.patient, 0] - TOLERANCE:
            faults.append(f"{who}: starts at {one.start:g}, before {instance.window[one.patient, 0]:g}")
        at, free = one.patient + 1, one.start + float(instance.minutes[one.patient, one.service])
    return length + float(instance.distance[at, 0]), faults


def _pairs(instance: Mankowska, solution: CareRoutes) -> list[str]:
    """The two services of a patient are given by different people, the second after the stated gap."""
    given = {
        (one.patient, one.service): (caregiver, one.start)
        for caregiver, route in enumerate(solution.routes)
        for one in route
    }
    faults = []
    for patient in instance.patients:
        if len(instance.needs[patient]) < 2:
            continue
        (who, start), (other, after) = (given[patient, service] for service in instance.needs[patient])
        least, most = (float(end) for end in instance.gap[patient])
        if who == other:
            faults.append(f"patient {patient}: caregiver {who} gives both services")
        if not least - TOLERANCE <= after - start <= most + TOLERANCE:
            faults.append(
                f"patient {patient}: {after - start:g} minutes between the services, not {least:g} to {most:g}"
            )
    return faults
