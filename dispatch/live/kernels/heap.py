"""The places of a task by the bound of their cost: a binary heap of their numbers, the cheapest on top."""

from __future__ import annotations

from dispatch.live.kernels.compiled import inner
from dispatch.live.kernels.handle import BOUND, FOUND


@inner
def heapify(live):
    """Put all places found into the heap; ties in the order in which they were found."""
    count = live.counters[FOUND]
    for place in range(count):
        live.heap[place] = place
    for top in range(count // 2 - 1, -1, -1):
        _sink(live, top, count)


@inner
def pop_place(live, left):
    """The cheapest of `left` places in the heap; the heap then has one fewer."""
    heap = live.heap
    found = heap[0]
    heap[0] = heap[left - 1]
    _sink(live, 0, left - 1)
    return found


@inner
def _before(live, one, two):
    places = live.places
    return places[one, BOUND] < places[two, BOUND] or (places[one, BOUND] == places[two, BOUND] and one < two)


@inner
def _sink(live, top, count):
    heap = live.heap
    moved = heap[top]
    while 2 * top + 1 < count:
        below = 2 * top + 1
        if below + 1 < count and _before(live, heap[below + 1], heap[below]):
            below += 1
        if not _before(live, heap[below], moved):
            break
        heap[top] = heap[below]
        top = below
    heap[top] = moved
