"""Travel as kernels read it: seconds from door to door with the setup paid on arrival, and the cost of the way.

Besides the problem's places there is one `nowhere` that costs nothing to reach, the end of shifts that end where
their last stop is, and a twin of every place with setup that shifts start or end at: a first stop there pays setup, who
comes home does not.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dispatch.timing.forward import travel_weights
from dispatch.timing.network import Network

Matrix = NDArray[np.float64]


class Ways(NamedTuple):
    """All ways there are. Places are numbered along a chain of neighbours: what is near in a town is near in memory."""

    clock: NDArray[np.int32]  # (modes, p, p) travel with the setup paid on arrival
    price: NDArray[np.integer]  # (classes, p, p) cost of travel; the clock itself where a second costs one
    where: NDArray[np.int64]  # (places,) the problem's places, as the tables number them
    modes: list[int]  # by route
    classes: list[int]
    ends: list[tuple[int, int]]  # by route: its start and its end, as the tables number them


def clock_and_price(network: Network, order: list[int]) -> Ways:
    """The ways for routes that are shifts in this order."""
    setup = np.array([place.setup_seconds for place in network.problem.places], np.int64)
    count = len(setup)
    nowhere = count
    homes = {place for shift in order for place in (network.starts[shift], network.ends[shift]) if place is not None}
    twins = sorted(place for place in homes if setup[place])
    twin = {place: nowhere + 1 + rank for rank, place in enumerate(twins)}
    origins = np.array([*range(count), nowhere, *twins], np.int64)  # where a row is in the problem's tables
    origins[nowhere] = 0
    names = list(dict.fromkeys(network.shifts[shift].mode for shift in order))
    clocks, far = [], []
    for name in names:
        seconds = np.asarray(network.travel[name].seconds, np.int64).reshape(count, count)
        metres = np.asarray(network.travel[name].metres, np.int64).reshape(count, count)
        paid = seconds + np.where(np.eye(count, dtype=bool), 0, setup[None, :])
        clocks.append(_widened(paid, seconds, origins, nowhere, setup, count))
        far.append((_wide(seconds, origins, nowhere), _wide(metres, origins, nowhere)))
    keys = [(network.shifts[shift].mode, *travel_weights(network, shift)) for shift in order]
    prices = {}
    for mode, per_second, per_metre in dict.fromkeys(keys):
        seconds, metres = far[names.index(mode)]
        prices[mode, per_second, per_metre] = np.rint(per_second * seconds + per_metre * metres).astype(np.int64)
    none = np.zeros((1, len(origins), len(origins)), np.int32)  # a day without shifts
    clock = np.stack(clocks).astype(np.int32) if clocks else none
    price = np.stack(list(prices.values())) if prices else none
    if price.max(initial=0) < 2**31:
        price = price.astype(np.int32)
    chain = _chain(price[0])
    clock, price = _renumbered(clock, chain), _renumbered(price, chain)
    where = np.argsort(chain)
    ends = network.ends
    return Ways(
        clock,
        clock if np.array_equal(clock, price) else price,
        where[:count],
        [names.index(network.shifts[shift].mode) for shift in order],
        [list(prices).index(key) for key in keys],
        [
            (
                int(where[twin.get(network.starts[shift], network.starts[shift])]),
                int(where[nowhere if (end := ends[shift]) is None else twin.get(end, end)]),
            )
            for shift in order
        ],
    )


def _chain(price: NDArray[np.integer]) -> NDArray[np.int64]:
    """All places, each followed by the nearest that is left."""
    chain = np.zeros(len(price), np.int64)
    left = np.ones(len(price), bool)
    left[0] = False
    for rank in range(1, len(price)):
        chain[rank] = np.where(left, price[chain[rank - 1]], np.inf).argmin()
        left[chain[rank]] = False
    return chain


def _renumbered(tables: NDArray[Any], chain: NDArray[np.int64]) -> NDArray[Any]:
    return np.ascontiguousarray(tables[:, chain[:, None], chain[None, :]])


def _wide(table: NDArray[np.int64], origins: NDArray[np.int64], nowhere: int) -> NDArray[np.int64]:
    """The table over all places, the added ones included; the way to nowhere is nothing."""
    wide = table[np.ix_(origins, origins)]
    wide[:, nowhere] = wide[nowhere, :] = 0
    return wide


def _widened(
    paid: NDArray[np.int64],
    seconds: NDArray[np.int64],
    origins: NDArray[np.int64],
    nowhere: int,
    setup: NDArray[np.int64],
    count: int,
) -> NDArray[np.int64]:
    wide = _wide(paid, origins, nowhere)
    for twin in range(nowhere + 1, len(origins)):
        # leaving a start, the first stop pays even at the same place
        wide[twin, :count] = seconds[origins[twin]] + setup
        wide[:count, twin] = seconds[:, origins[twin]]
    return wide
