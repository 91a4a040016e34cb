"""A benchmark instance as plain arrays in whole ticks, the same figures that our engine is given."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from dispatch.benchmarks.families import FAMILIES
from dispatch.benchmarks.models.plane import MODE, distinct
from dispatch.travel import tables


def write_arrays(family: str, instance: Any, path: Path) -> None:
    """Node 0 is the depot. `pairs` (pickup, delivery) is empty for VRPTW; `fixed` is the price of a vehicle."""
    problem = FAMILIES[family].problem(instance)
    table = np.array(tables(problem)[MODE].seconds, dtype=np.int64)
    if family == "lilim":
        place_of, _ = distinct(instance.xy.tolist())
        table = table[np.ix_(place_of, place_of)]
    ticks = problem.ticks_per_unit
    np.savez(
        path, matrix=table, demand=instance.demand, ready=ticks * instance.ready, due=ticks * instance.due,
        service=ticks * instance.service, vehicles=instance.vehicles, capacity=instance.capacity,
        fixed=problem.objective.shift_used,
        pairs=np.array(getattr(instance, "pairs", ()), dtype=np.int64).reshape(-1, 2),
    )  # fmt: skip
