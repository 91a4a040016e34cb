"""The earliest starts of fixed sequences in full precision: what whole ticks rounded up is taken back."""

from __future__ import annotations

from collections.abc import Sequence

from dispatch.benchmarks.instances.mankowska import Mankowska

Legs = Sequence[Sequence[tuple[int, int]]]  # per caregiver the (patient, service) in order


def earliest_starts(instance: Mankowska, legs: Legs) -> dict[tuple[int, int], float]:
    """The least start of every (patient, service), windows opened and gaps kept. The sequences must come from a
    plan: then no cycle of waiting exists and the passes end, at the latest after one per leg."""
    starts = {leg: float(instance.window[leg[0], 0]) for route in legs for leg in route}
    while _push_along(instance, legs, starts) | _push_pairs(instance, starts):
        pass
    return starts


def _push_along(instance: Mankowska, legs: Legs, starts: dict[tuple[int, int], float]) -> bool:
    """Nobody starts before she is there. True if a start moved."""
    moved = False
    for route in legs:
        at, free = 0, 0.0
        for patient, service in route:
            arrival = free + float(instance.distance[at, patient + 1])
            if arrival > starts[patient, service]:
                starts[patient, service] = arrival
                moved = True
            at = patient + 1
            free = starts[patient, service] + float(instance.minutes[patient, service])
    return moved


def _push_pairs(instance: Mankowska, starts: dict[tuple[int, int], float]) -> bool:
    """The second service follows the first by at least `least`, by at most `most`. True if a start moved."""
    moved = False
    for patient, needs in enumerate(instance.needs):
        if len(needs) < 2 or (patient, needs[0]) not in starts:
            continue  # one service, or a patient whom the plan leaves out
        first, second = (patient, needs[0]), (patient, needs[1])
        least, most = (float(end) for end in instance.gap[patient])
        if starts[second] < starts[first] + least:
            starts[second] = starts[first] + least
            moved = True
        if starts[first] < starts[second] - most:
            starts[first] = starts[second] - most
            moved = True
    return moved
