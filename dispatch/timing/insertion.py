"""Best insertion of a task into a schedule without moving other stops to other places in their routes.

Ways are ranked by the cost of the detour and settled in that order; the first whose timing costs nothing
more is the best one, otherwise the cheapest of all that fit.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from dispatch.timing.network import Network
from dispatch.timing.nodes import Bundle
from dispatch.timing.positions import Lane, Position
from dispatch.timing.rides import rides
from dispatch.timing.schedule import Schedule

Slots = tuple[tuple[int, int], ...]  # (index in the old sequence, node to put before it), ascending
Way = tuple[int, tuple[tuple[int, Slots], ...]]  # cost of the detours; by shift, what goes where

MOST_PER_MEMBER = 24  # positions of each crew member that are combined with one another


@dataclass(slots=True)
class Inserter:
    """Inserts tasks into one schedule. `tries` bounds the settlings per task (None: all);
    `deadline` is a monotonic instant after which nothing more is tried."""

    schedule: Schedule
    tries: int | None = None
    deadline: float | None = None

    def insert(self, task: int) -> bool:
        """Put a task where it costs least; False, and nothing changed, if no place was found for it."""
        ranked = sorted(self.ways(task), key=lambda way: way[0])
        best: tuple[int, Way] | None = None
        for way in islice(ranked, self.tries):
            if best is not None and way[0] >= best[0]:
                break
            if self.deadline is not None and time.monotonic() > self.deadline:
                break
            extra = self._extra(way, keep_free=True)
            if extra == 0:
                return True
            if extra is not None and (best is None or way[0] + extra < best[0]):
                best = (way[0] + extra, way)
        return best is not None and self.schedule.settle(self.sequences(best[1]))

    def _extra(self, way: Way, *, keep_free: bool) -> int | None:
        """What the timing of a way costs on top; None if it does not fit. Kept only if it costs nothing."""
        before = self.schedule.copy() if self.schedule.network.timed_cost else None
        if not self.schedule.settle(self.sequences(way)):
            return None
        if before is None:
            return 0
        extra = sum(new.cost - old.cost for new, old in zip(self.schedule.timings, before.timings, strict=True))
        if extra <= 0 and keep_free:
            return 0
        self.schedule.restore(before)
        return extra

    def sequences(self, way: Way) -> dict[int, list[int]]:
        """The sequences of the shifts that a way changes, with the task in them."""
        return {shift: _with(self.schedule.sequences[shift], slots) for shift, slots in way[1]}

    def ways(self, task: int) -> Iterable[Way]:
        """Every way that passes the quick tests."""
        network = self.schedule.network
        bundle = network.bundles[task]
        lanes = {
            shift: Lane(self.schedule, shift)
            for shift in sorted({shift for number in bundle.nodes for shift in network.nodes[number].allowed})
        }
        first = [shift for shift in lanes if bonds_allow(self.schedule, task, shift, leads=True)]
        if len(bundle.nodes) == 1:
            return [
                (position.cost, ((shift, ((position.slot, bundle.nodes[0]),)),))
                for shift in first
                for position in lanes[shift].positions(bundle.nodes[0])
            ]
        if network.nodes[bundle.nodes[0]].kind == "pickup":
            return [way for shift in first for way in _pairs(lanes[shift], *bundle.nodes)]
        others = [shift for shift in lanes if bonds_allow(self.schedule, task, shift, leads=False)]
        return _crews(network, bundle, lanes, first, others)


def bonds_allow(schedule: Schedule, task: int, shift: int, *, leads: bool) -> bool:
    """Whether relations to tasks already served let this shift's caregiver serve the task, as its first
    member (`leads`) or as another."""
    network = schedule.network
    caregiver = network.shifts[shift].caregiver

    def who(other: int) -> list[str]:
        nodes = network.bundles[other].nodes
        return [network.shifts[schedule.shift_of[number]].caregiver for number in nodes]

    if any(schedule.served(other) and caregiver in who(other) for other in network.different.get(task, ())):
        return False
    return not leads or all(
        who(other)[0] == caregiver for other in network.same.get(task, ()) if schedule.served(other)
    )


def _with(sequence: list[int], added: Slots) -> list[int]:
    """The sequence with nodes put before the given indices (of the old sequence), in ascending order."""
    result = list(sequence)
    for shifted, (index, number) in enumerate(added):
        result.insert(index + shifted, number)
    return result


def _pairs(lane: Lane, pickup: int, dropoff: int) -> list[Way]:
    """All ways to put a delivery into one route that pass the quick tests."""
    found: list[Way] = []
    for before in lane.positions(pickup):
        for cost, slot in rides(lane, pickup, dropoff, before):
            found.append((cost, ((lane.shift, ((before.slot, pickup), (slot, dropoff))),)))
    return found


def _crews(network: Network, bundle: Bundle, lanes: dict[int, Lane], first: list[int], others: list[int]) -> list[Way]:
    """Ways for a whole crew: positions on different caregivers whose starts can meet the stagger."""
    options = []
    for rank, number in enumerate(bundle.nodes):
        shifts = first if rank == 0 else others
        found = sorted(position for shift in shifts for position in lanes[shift].positions(number))
        options.append(found)
    least, most = bundle.task.stagger  # type: ignore[union-attr]  # a bundle of several visit nodes is a crew
    partial: list[tuple[int, tuple[Position, ...]]] = [(p.cost, (p,)) for p in options[0]]
    for found in options[1:]:
        partial = sorted(
            (cost + position.cost, (*chosen, position))
            for cost, chosen in partial
            for position in found
            if position.earliest - chosen[0].latest <= most
            and position.latest - chosen[0].earliest >= least
            and all(
                network.shifts[position.shift].caregiver != network.shifts[other.shift].caregiver for other in chosen
            )
        )[: MOST_PER_MEMBER**2]
    return [
        (
            cost,
            tuple(
                (position.shift, ((position.slot, number),))
                for position, number in zip(chosen, bundle.nodes, strict=True)
            ),
        )
        for cost, chosen in partial
    ]
