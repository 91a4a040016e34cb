"""From sequences found by a search to a schedule: timed exactly, breaks put where they fit, the rest left out whole.

A search may be a hair more generous than our timing (the routing model on rides and breaks), or have taken out what
made room in an overfull route, so what does not fit is taken out task by task and tried anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations_with_replacement

from dispatch.timing.filling import fill
from dispatch.timing.forward import forward
from dispatch.timing.network import Network
from dispatch.timing.room import with_room
from dispatch.timing.schedule import Schedule


def rested(network: Network, shift: int, sequence: list[int]) -> list[int]:
    """The sequence with its breaks where they let it end first; as it is if no place lets it be timed.
    The model may interrupt a way by a break, so its own place for one is not always ours."""
    rests = [number for number in sequence if network.nodes[number].kind == "break"]
    stops = [number for number in sequence if network.nodes[number].kind != "break"]
    if not rests or not stops or forward(network, shift, sequence, {}) is not None:
        return sequence
    best: tuple[int, list[int]] | None = None
    for slots in combinations_with_replacement(range(len(stops) + 1), len(rests)):
        trial = list(stops)
        for slot, rest in sorted(zip(slots, rests, strict=True), reverse=True):
            trial.insert(slot, rest)
        timing = forward(network, shift, trial, {})
        if timing is not None and (best is None or timing.end < best[0]):
            best = (timing.end, trial)
    return sequence if best is None else best[1]


def rebuilt(
    network: Network,
    sequences: list[list[int]],
    *,
    starts: Mapping[int, int] | None = None,
    deadline: float | None,
) -> Schedule:
    """A schedule with these sequences. `starts` are bounds from the search, by node: they tell which of an elder's
    visits comes first. Whole tasks that do not fit our timing are left out; then all that is left is tried where it
    fits until the deadline."""
    sequences = [with_room(network, shift, sequence) for shift, sequence in enumerate(sequences)]
    fresh = Schedule(network)
    if starts and network.coupled:
        fresh.bounds.update(starts)
    if not fresh.settle(dict(enumerate(sequences))):
        fresh = Schedule(network)
        rested_all = [rested(network, shift, sequence) for shift, sequence in enumerate(sequences)]
        if not fresh.settle(dict(enumerate(rested_all))):
            fresh = Schedule(network)
            _settle_by_task(fresh, rested_all)
    fresh.bounds.clear()  # they have told what they know; what still binds is found again when a route is timed
    fill(fresh, fresh.unserved(), deadline=deadline)
    return fresh


def _settle_by_task(fresh: Schedule, sequences: list[list[int]]) -> None:
    """Settle what fits of the sequences, the tasks that are dearest to leave out first."""
    network = fresh.network
    present = {number for sequence in sequences for number in sequence}
    for task in fresh.unserved():
        nodes = set(network.bundles[task].nodes)
        if nodes <= present:
            kept = {number for sequence in fresh.sequences for number in sequence} | nodes
            wanted = {
                shift: [number for number in sequence if number in kept]
                for shift, sequence in enumerate(sequences)
                if nodes & set(sequence)
            }
            if all(with_room(network, shift, sequence) == sequence for shift, sequence in wanted.items()):
                fresh.settle(wanted)
