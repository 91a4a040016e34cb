"""Seeded chance for kernels: xorshift64 (Marsaglia 2003), its state one number behind a handle."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import float64, uint64
from numpy.typing import NDArray

from dispatch.search.compiled import inner
from dispatch.search.handles import Handle


class Chance(NamedTuple):
    """What is handed along."""

    word: NDArray[np.uint64]  # (1,)


def seeded(seed: int) -> Handle:
    """The state for a seed. Neighbouring seeds are far apart: they pass through splitmix64 first."""
    mixed = (seed + 1) * 0x9E3779B97F4A7C15 % 2**64
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB % 2**64
    return Handle(Chance(np.array([mixed ^ (mixed >> 31) or 1], dtype=np.uint64)))


@inner
def uniform(chance):
    """A number in [0, 1)."""
    x = chance.word[0]
    x ^= x << uint64(13)
    x ^= x >> uint64(7)
    x ^= x << uint64(17)
    chance.word[0] = x
    return float64(x >> uint64(11)) * (1.0 / 9007199254740992.0)


@inner
def below(chance, count):
    """A whole number in [0, count)."""
    return int(uniform(chance) * count)
