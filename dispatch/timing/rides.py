"""Where a drop-off can follow a pickup: one walk along the route from each pickup position.

The walk carries the earliest clock with the pickup in place and the shortest ride so far, and stops where
the load, the ride or a later stop's latest start is exceeded: everything beyond would be too.
"""

from __future__ import annotations

from collections.abc import Iterator

from dispatch.timing.nodes import Node
from dispatch.timing.positions import Lane, Position


def rides(lane: Lane, pickup: int, dropoff: int, before: Position) -> Iterator[tuple[int, int]]:
    """(cost, slot) of every drop-off position for a pickup put at `before`."""
    one, two = lane.network.nodes[pickup], lane.network.nodes[dropoff]
    rows, place = lane.table.seconds, one.leaves
    clock, ridden = before.earliest + one.service, 0
    liking = lane.liking(pickup, dropoff)
    for slot in range(before.slot, len(lane.sequence) + 1):
        if not _room(lane, one, slot):
            return
        ride = ridden + rows[place][two.place]
        if two.max_ride is None or ride <= two.max_ride:
            setup = two.setup if place != two.place else 0
            reached = two.opens(clock + rows[place][two.place] + setup)
            adjacent = slot == before.slot
            if (
                reached is not None
                and reached <= lane.latest(two, slot)
                and _open(lane, dropoff, slot, adjacent=adjacent)
            ):
                cost = (
                    _together(lane, one, two, slot)
                    if adjacent
                    else before.cost - lane.liking(pickup) + lane.detour(two.place, two.leaves, slot)
                )
                yield cost + liking, slot
        if one.direct or slot == len(lane.sequence):
            return
        node = lane.network.nodes[lane.sequence[slot]]
        if node.kind == "break":
            clock, ridden = clock + node.service, ridden + node.service
            continue
        way = rows[place][node.place] + (node.setup if node.place != place else 0)
        start = node.opens(max(clock + way, lane.timing.starts[slot]))
        ridden += way + node.service
        if start is None or start > lane.after[slot][1] or (two.max_ride is not None and ridden > two.max_ride):
            return
        clock, place = start + node.service, node.leaves


def _room(lane: Lane, node: Node, slot: int) -> bool:
    """Whether capacity allows the load just before `slot`, on top of what is aboard there."""
    aboard, capacity = lane.loads()[slot], lane.network.capacities[lane.shift]
    return all(have + more <= most for have, more, most in zip(aboard, node.load, capacity, strict=True))


def _open(lane: Lane, dropoff: int, slot: int, *, adjacent: bool) -> bool:
    if adjacent and dropoff not in lane.network.prefix[lane.shift]:
        return slot >= lane.first_open
    return lane.open_to(dropoff, slot)


def _together(lane: Lane, one: Node, two: Node, slot: int) -> int:
    """Cost of the detour over both ends, one right after the other."""
    per_second, per_metre = lane.weights
    ride = lane.table.seconds[one.leaves][two.place]
    metres = lane.table.metres[one.leaves][two.place]
    return lane.detour(one.place, two.leaves, slot) + round(per_second * ride + per_metre * metres)
