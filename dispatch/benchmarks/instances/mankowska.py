"""Home health care with visits by two: the files of Mankowska, Meisel and Bierwirth (2014),
doi:10.1007/s10729-013-9243-1.

Named blocks: nbNodes, nbVehi, nbServi; r (services a node needs), DS (nodes that need two, from 1), a (services a
caregiver gives), x, y, d (distances), p (service times, a row per node and caregiver), mind and maxd (least and
most time from the start of the first service to that of the second), e and l (the window). The first node is
the central office and the last one a copy of it; the patients lie between.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dispatch.benchmarks.instances.lines import Line, Lines

Real = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Mankowska:
    """n patients, m caregivers, k services; patients, caregivers and services count from 0 in file order."""

    name: str
    needs: tuple[tuple[int, ...], ...]  # the services of each patient, ascending: one or two
    gives: NDArray[np.bool_]  # (m, k)
    xy: Real  # (n + 1, 2), the office first
    distance: Real  # (n + 1, n + 1), the office first; one unit takes one minute
    minutes: Real  # (n, k) service times
    gap: Real  # (n, 2) least and most minutes between the starts of a patient's two services
    window: Real  # (n, 2)

    @property
    def patients(self) -> range:
        """All patients."""
        return range(len(self.needs))

    @property
    def caregivers(self) -> range:
        """All caregivers."""
        return range(len(self.gives))


def read_mankowska(path: Path) -> Mankowska:
    """The instance in a file, named after it. Raises BadInstance naming the line."""
    lines = Lines(path)
    nodes, caregivers, services = (_count(lines, name) for name in ("nbNodes", "nbVehi", "nbServi"))
    if nodes < 3:
        lines.refuse(None, "holds no patient")
    inner = slice(1, nodes - 1)
    needs = _needs(lines, nodes, services)
    _doubles(lines, needs)
    gives = _gives(lines, needs, caregivers, services)
    xy = np.stack([_row(lines, name, nodes) for name in ("x", "y")], axis=1)[:-1]
    distance = _distances(lines, nodes)
    minutes = _minutes(lines, nodes, caregivers, services)
    gap = _ranges(lines, ("mind", "maxd"), nodes, judged=np.array([len(need) == 2 for need in needs]))
    window = _ranges(lines, ("e", "l"), nodes, judged=np.ones(nodes - 2, dtype=np.bool_))
    if lines.more():
        lines.refuse(lines.take("nothing more"), "expected the end of the file")
    return Mankowska(path.stem, needs, gives, xy, distance[:-1, :-1], minutes[inner], gap, window)


def _count(lines: Lines, name: str) -> int:
    lines.heading(name)
    line = lines.take(name)
    (count,) = lines.whole(name, 1, of=line).tolist()
    if not 1 <= count <= 10_000:
        lines.refuse(line, f"expected 1 to 10000 for {name}, found {count}")
    return int(count)


def _flags(lines: Lines, name: str, count: int) -> tuple[Line, NDArray[np.bool_]]:
    line = lines.take(f"a row of {name}")
    values = lines.whole(f"a row of {name}", count, of=line)
    if not np.isin(values, (0, 1)).all():
        lines.refuse(line, f"expected 0 or 1 in {name}")
    return line, values == 1


def _needs(lines: Lines, nodes: int, services: int) -> tuple[tuple[int, ...], ...]:
    lines.heading("r")
    needs = []
    for node in range(nodes):
        line, row = _flags(lines, "r", services)
        needs.append(tuple(np.flatnonzero(row).tolist()))
        if 0 < node < nodes - 1 and len(needs[-1]) not in (1, 2):
            lines.refuse(line, f"patient {node - 1} needs {len(needs[-1])} services, expected one or two")
    return tuple(needs[1:-1])


def _doubles(lines: Lines, needs: tuple[tuple[int, ...], ...]) -> None:
    """DS lists again, counting nodes from 1, who needs two services; it may be empty."""
    lines.heading("DS")
    wanted = {number + 2 for number, need in enumerate(needs) if len(need) == 2}
    if not wanted:
        return
    line = lines.take("the nodes that need two services")
    stated = set(lines.whole("the nodes that need two services", len(line.words), of=line).tolist())
    if stated != wanted:
        lines.refuse(line, f"DS does not name the nodes that need two services: {sorted(stated ^ wanted)}")


def _gives(lines: Lines, needs: tuple[tuple[int, ...], ...], rows: int, services: int) -> NDArray[np.bool_]:
    """What each caregiver gives; every patient can be given what he needs, by two people where he needs two."""
    lines.heading("a")
    read = [_flags(lines, "a", services) for _ in range(rows)]
    gives = np.array([row for _, row in read])
    for patient, need in enumerate(needs):
        able = [set(np.flatnonzero(gives[:, service]).tolist()) for service in need]
        if not all(able) or len(set().union(*able)) < len(need):
            lines.refuse(read[-1][0], f"no caregivers can give patient {patient} the services {need}")
    return gives


def _distances(lines: Lines, nodes: int) -> Real:
    lines.heading("d")
    rows = []
    for _ in range(nodes):
        line = lines.take("a row of d")
        rows.append(lines.real("a row of d", nodes, of=line))
        if (rows[-1] < 0).any():
            lines.refuse(line, "a distance is negative")
    return np.array(rows)


def _minutes(lines: Lines, nodes: int, caregivers: int, services: int) -> Real:
    """One row per node and caregiver; the classic files give every caregiver the same times."""
    lines.heading("p")
    found = np.empty((nodes, services))
    for node in range(nodes):
        for caregiver in range(caregivers):
            line = lines.take("a row of p")
            row = lines.real("a row of p", services, of=line)
            if (row < 0).any():
                lines.refuse(line, "a service time is negative")
            if caregiver and not np.array_equal(row, found[node]):
                lines.refuse(line, "service times that differ between caregivers are not supported")
            found[node] = row
    return found


def _ranges(lines: Lines, names: tuple[str, str], nodes: int, *, judged: NDArray[np.bool_]) -> Real:
    """Two blocks of a line each: lower and upper ends, shape (patients, 2). Ends that matter are in order."""
    low = _row(lines, names[0], nodes)[1:-1]
    lines.heading(names[1])
    line = lines.take(names[1])
    high = lines.real(names[1], nodes, of=line)[1:-1]
    for patient in np.flatnonzero(judged & ((low < 0) | (high < low))).tolist():
        found = f"from {low[patient]:g} to {high[patient]:g}"
        lines.refuse(line, f"{names[0]} and {names[1]} of patient {patient} run {found}")
    return np.stack([low, high], axis=1)


def _row(lines: Lines, name: str, nodes: int) -> Real:
    lines.heading(name)
    return lines.real(name, nodes)
