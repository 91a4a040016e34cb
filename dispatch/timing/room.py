"""Room for what a route fetches. Settling looks at times alone: whose stops are given must see to loads.

What is aboard from the start may be more than there is room for. Its drop-offs make room for what is fetched later, so
that without one of them a route may be overfull.
"""

from __future__ import annotations

from dispatch.timing.network import Network


def with_room(network: Network, shift: int, sequence: list[int]) -> list[int]:
    """The sequence without the deliveries that have no room when they are fetched."""
    room, load = network.capacities[shift], network.initial[shift]
    missed: set[int] = set()
    for number in sequence:
        node = network.nodes[number]
        if number in missed:
            continue
        loaded = tuple(have + more for have, more in zip(load, node.load, strict=True))
        if node.kind == "pickup" and any(have > most for have, most in zip(loaded, room, strict=True)):
            missed |= {number, node.partner}
        else:
            load = loaded
    return [number for number in sequence if number not in missed] if missed else sequence
