"""What of a given plan's order no schedule may keep: the problem may have other pins, bonds and rides by now.

Settling looks at times alone, so this is asked before it. Whole tasks are named, as few as come to light: those that
must be served are kept before others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dispatch.tasks import Visit
from dispatch.timing.network import Network


def misplaced(network: Network, sequences: Mapping[int, list[int]]) -> set[int]:
    """The tasks (bundles) of these sequences, all whole, that break a rule on order or on who comes."""
    out = {task for shift, sequence in sequences.items() for task in _out_of_order(network, shift, sequence)}
    shift_of = {number: shift for shift, sequence in sequences.items() for number in sequence}
    present = {network.nodes[number].task for number in shift_of if network.nodes[number].kind != "break"}
    kept: dict[int, list[str]] = {}
    for task in sorted(present - out, key=lambda task: (-network.bundles[task].penalty, task)):
        who = [network.shifts[shift_of[number]].caregiver for number in network.bundles[task].nodes]
        if _may_come(network, task, who, kept):
            kept[task] = who
    return present - kept.keys()


def _may_come(network: Network, task: int, who: list[str], kept: Mapping[int, list[str]]) -> bool:
    """Whether crew and relations let these caregivers come."""
    is_visit = isinstance(network.bundles[task].task, Visit)
    apart = all(set(who).isdisjoint(kept[other]) for other in network.different.get(task, ()) if other in kept)
    same = all(who[0] == kept[other][0] for other in network.same.get(task, ()) if other in kept)
    return apart and same and (not is_visit or len(set(who)) == len(who))


def _out_of_order(network: Network, shift: int, sequence: list[int]) -> Iterator[int]:
    """Tasks of a route that are not at its head where they are pinned to it, dropped off before they are picked up (or
    from another shift), or not brought directly."""
    nodes, place = network.nodes, {number: index for index, number in enumerate(sequence)}
    stops = [number for number in sequence if nodes[number].kind != "break"]
    wanted = [number for number in network.prefix[shift] if number in place]
    right = next((rank for rank, number in enumerate(wanted) if stops[rank] != number), len(wanted))
    yield from (nodes[number].task for number in wanted[right:])
    for number in stops:
        node = nodes[number]
        if node.kind == "dropoff" and node.picked_up is not None:
            wrong = node.direct and number != stops[0]
        elif node.kind == "dropoff":
            begin, end = place.get(node.partner, len(sequence)), place[number]
            wrong = end < begin or (node.direct and end != begin + 1)
        else:
            wrong = False
        if wrong:
            yield node.task
