"""Set partition: which routes of a pool serve all tasks at least cost, chosen by CP-SAT.

min Σ cost·x + Σ penalty·u, where every task is on exactly one chosen route or left out, and no more routes of a type
are chosen than there are shifts (Balinski & Quandt 1964, doi:10.1287/opre.12.2.300).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ortools.sat.python import cp_model

from dispatch.exact.solver import solver_of


@dataclass(frozen=True, slots=True)
class Column:
    """A route that may be chosen: its type, the tasks it serves, its cost, and whether the plan at hand has it."""

    type_: int
    tasks: frozenset[int]
    cost: int
    chosen: bool = False


def choose(
    columns: Sequence[Column],
    penalties: Mapping[int, int],
    shifts: Mapping[int, int],
    *,
    seconds: float,
    seed: int,
    work: float | None = None,
) -> list[int] | None:
    """The places in `columns` of the cheapest choice found in `seconds`; None if none was found. `penalties` names all
    tasks in play, `shifts` how many routes of each type there are. With `work` (CP-SAT's deterministic time) the same
    input gives the same choice."""
    model = cp_model.CpModel()
    takes = [model.new_bool_var("") for _ in columns]
    serving: dict[int, list[cp_model.IntVar]] = defaultdict(list)
    of_type: dict[int, list[cp_model.IntVar]] = defaultdict(list)
    for take, column in zip(takes, columns, strict=True):
        of_type[column.type_].append(take)
        for task in column.tasks:
            serving[task].append(take)
        model.add_hint(take, column.chosen)
    most = 10 * sum(column.cost for column in columns if column.chosen) + 1  # dear enough, and LP keeps its digits
    out = {task: model.new_bool_var("") for task in penalties}
    for task, left in out.items():
        model.add_exactly_one([*serving.get(task, []), left])
        model.add_hint(left, not any(column.chosen and task in column.tasks for column in columns))
    for type_, used in of_type.items():
        model.add(sum(used) <= shifts.get(type_, 0))
    model.minimize(
        sum(column.cost * take for take, column in zip(takes, columns, strict=True))
        + sum(min(penalties[task], most) * left for task, left in out.items())
    )
    solver = solver_of(seconds=max(0.01, seconds), seed=seed, work=work)
    if solver.solve(model) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return None
    return [place for place, take in enumerate(takes) if solver.boolean_value(take)]
