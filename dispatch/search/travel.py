"""Travel as kernels read it: seconds from door to door with the setup paid on arrival, and the cost of the way.

Besides the problem's places there is one `nowhere` that costs nothing to reach, the end of shifts that end where
their last stop is, and a twin of every start whose own first stop there would pay setup.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dispatch.timing.forward import travel_weights
from dispatch.timing.network import Network

Matrix = NDArray[np.float64]


def clock_and_price(
    network: Network, order: list[int]
) -> tuple[NDArray[np.int32], NDArray[np.integer], list[int], list[int], list[tuple[int, int]]]:
    """Clock by mode, price by class, and per route in `order`: its mode, its class, its start and end places."""
    setup = np.array([place.setup_seconds for place in network.problem.places], np.int64)
    count = len(setup)
    nowhere = count
    starts = sorted({network.starts[shift] for shift in order if setup[network.starts[shift]]})
    twin = {place: nowhere + 1 + rank for rank, place in enumerate(starts)}
    origins = np.array([*range(count), nowhere, *starts], np.int64)  # where a row is in the problem's tables
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
    clock = np.stack(clocks).astype(np.int32) if clocks else np.zeros((1, 1, 1), np.int32)
    price = np.stack(list(prices.values())) if prices else np.zeros((1, 1, 1), np.int64)
    if price.max(initial=0) < 2**31:
        price = price.astype(np.int32)
    ends = network.ends
    return (
        clock,
        price,
        [names.index(network.shifts[shift].mode) for shift in order],
        [list(prices).index(key) for key in keys],
        [
            (twin.get(network.starts[shift], network.starts[shift]), nowhere if (end := ends[shift]) is None else end)
            for shift in order
        ],
    )


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
    for twin in range(nowhere + 1, len(origins)):  # leaving a start, the first stop pays even at the same place
        wide[twin, :count] = seconds[origins[twin]] + setup
    return wide
