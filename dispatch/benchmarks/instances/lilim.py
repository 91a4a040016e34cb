"""Pickup and delivery with time windows: the files of Li and Lim (2001).

First line: vehicles, capacity, speed. Then a row per node: number, x, y, demand, ready time, due date, service
time, its pickup (of a delivery, else 0), its delivery (of a pickup, else 0). Node 0 is the depot.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dispatch.benchmarks.instances.lines import Line, Lines

Whole = NDArray[np.int64]
COLUMNS = "number, x, y, demand, ready, due, service, pickup, delivery"


@dataclass(frozen=True, eq=False)
class LiLim:
    """Arrays have an entry per node, the depot first; `xy` has shape (nodes, 2). `pairs` holds (pickup, delivery)."""

    name: str
    vehicles: int
    capacity: int
    xy: Whole
    demand: Whole
    ready: Whole
    due: Whole
    service: Whole
    pairs: tuple[tuple[int, int], ...]


def read_lilim(path: Path) -> LiLim:
    """The instance in a file, named after it. Raises BadInstance naming the line."""
    lines = Lines(path)
    fleet = lines.take("vehicles, capacity, speed")
    vehicles, capacity, _ = lines.whole("vehicles, capacity, speed", 3, of=fleet).tolist()
    if vehicles < 1 or capacity < 0:
        lines.refuse(fleet, "expected at least one vehicle and no negative capacity")
    taken: list[Line] = []
    rows: list[Whole] = []
    while lines.more():
        taken.append(lines.take("a node"))
        rows.append(lines.whole(COLUMNS, 9, of=taken[-1]))
        _judge(lines, taken[-1], rows, capacity)
    if len(rows) < 3:
        lines.refuse(None, "holds no pickup with its delivery")
    table = np.array(rows)
    xy, demand, ready, due, service = table[:, 1:3], table[:, 3], table[:, 4], table[:, 5], table[:, 6]
    return LiLim(path.stem, vehicles, capacity, xy, demand, ready, due, service, _pairs(lines, taken, table))


def _judge(lines: Lines, line: Line, rows: list[Whole], capacity: int) -> None:
    number, _, _, demand, ready, due, service, *_ = rows[-1].tolist()
    if number != len(rows) - 1:
        lines.refuse(line, f"expected node {len(rows) - 1}, found node {number}")
    if abs(demand) > capacity:
        lines.refuse(line, f"a demand of {demand} does not fit a vehicle of {capacity}")
    if not 0 <= ready <= due or service < 0:
        lines.refuse(line, f"ready {ready}, due {due}, service {service}: expected 0 ≤ ready ≤ due, 0 ≤ service")


def _pairs(lines: Lines, taken: list[Line], table: Whole) -> tuple[tuple[int, int], ...]:
    """Every node but the depot is one end of exactly one pair, whose loads cancel."""
    pairs = []
    for number, line in enumerate(taken[1:], start=1):
        demand, pickup, delivery = (int(value) for value in table[number, [3, 7, 8]])
        partner = pickup or delivery
        if bool(pickup) == bool(delivery) or not 0 < partner < len(taken) or partner == number:
            lines.refuse(line, f"node {number} names pickup {pickup} and delivery {delivery}: expected one other node")
        if int(table[partner, 8 if pickup else 7]) != number or int(table[partner, 3]) != -demand:
            lines.refuse(line, f"node {number} and its partner {partner} do not name each other with opposite loads")
        if delivery:
            if demand < 0:
                lines.refuse(line, f"node {number} is a pickup with a negative load")
            pairs.append((number, delivery))
    return tuple(pairs)
