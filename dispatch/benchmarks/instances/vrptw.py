"""Vehicle routing with time windows: the files of Solomon (1987) and of Gehring and Homberger (1999).

A heading with the fleet, then a row per node: number, x, y, demand, ready time, due date, service time. Node 0
is the depot. All values are whole numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dispatch.benchmarks.instances.lines import Line, Lines

Whole = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Vrptw:
    """Arrays have an entry per node, the depot first; `xy` has shape (nodes, 2)."""

    name: str
    vehicles: int
    capacity: int
    xy: Whole
    demand: Whole
    ready: Whole
    due: Whole
    service: Whole

    @property
    def customers(self) -> range:
        """The nodes that are customers."""
        return range(1, len(self.xy))


def read_vrptw(path: Path) -> Vrptw:
    """The instance in a file. Raises BadInstance naming the line."""
    lines = Lines(path)
    name = lines.take("the instance's name").words[0]
    lines.heading("VEHICLE")
    lines.heading("NUMBER", "CAPACITY")
    fleet = lines.take("the number of vehicles and their capacity")
    vehicles, capacity = lines.whole("the number of vehicles and their capacity", 2, of=fleet).tolist()
    if vehicles < 1 or capacity < 0:
        lines.refuse(fleet, "expected at least one vehicle and no negative capacity")
    lines.heading("CUSTOMER")
    lines.heading("CUST", "NO.")
    rows: list[Whole] = []
    while lines.more():
        line = lines.take("a customer")
        rows.append(lines.whole("number, x, y, demand, ready, due, service", 7, of=line))
        _judge(lines, line, rows, capacity)
    if len(rows) < 2:
        lines.refuse(None, "holds no customer")
    table = np.array(rows)
    xy, demand, ready, due, service = table[:, 1:3], table[:, 3], table[:, 4], table[:, 5], table[:, 6]
    return Vrptw(name, vehicles, capacity, xy, demand, ready, due, service)


def _judge(lines: Lines, line: Line, rows: list[Whole], capacity: int) -> None:
    number, _, _, demand, ready, due, service = rows[-1].tolist()
    if number != len(rows) - 1:
        lines.refuse(line, f"expected node {len(rows) - 1}, found node {number}")
    if not 0 <= demand <= capacity:
        lines.refuse(line, f"a demand of {demand} does not fit a vehicle of {capacity}")
    if not 0 <= ready <= due or service < 0:
        lines.refuse(line, f"ready {ready}, due {due}, service {service}: expected 0 ≤ ready ≤ due, 0 ≤ service")
