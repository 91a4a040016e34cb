"""What the starts of a timetable cost: lateness, waiting, overtime, the published starts, fairness.

Factors of shifts may be fractions; then all weights are taken in thousandths, for CP-SAT counts in whole numbers.
"""

from __future__ import annotations

from ortools.sat.python import cp_model

from dispatch.exact.timetable import Timetable

THOUSANDTHS = 1000
FAR = 10**9  # above any sum of seconds of one shift


class Prices:
    """Collects the priced seconds of a timetable and minimises their sum."""

    def __init__(self, timetable: Timetable) -> None:
        self.table = timetable
        self.model = timetable.model
        self.network = timetable.network
        self.objective = timetable.network.problem.objective
        factors = [
            self.network.shifts[shift].cost.get(term, 1)
            for shift in timetable.works
            for term in ("wait_second", "overtime_second")
        ]
        self.scale = 1 if all(factor == int(factor) for factor in factors) else THOUSANDTHS
        self.terms: list[cp_model.LinearExpr] = []
        self._lateness()
        self._waits()
        self._overtime()
        self._moves()
        self._unfairness()
        self.model.minimize(sum(self.terms))

    def _price(self, weight: int, seconds: cp_model.LinearExpr, factor: float = 1) -> None:
        self.terms.append(round(weight * factor * self.scale) * seconds)

    def _above(self, seconds: cp_model.LinearExpr, most: int = FAR) -> cp_model.IntVar:
        """max(0, seconds), for a sum that is minimised."""
        excess = self.model.new_int_var(0, most, "")
        self.model.add(excess >= seconds)
        return excess

    def _lateness(self) -> None:
        latest = self.model.new_int_var(0, FAR, "") if self.objective.max_late_second else None
        for number in self.table.arrivals:
            node = self.network.nodes[number]
            if node.late_weight is None:
                continue
            late = self._above(self.table.starts[number] - node.windows[-1][1])
            self._price(self.objective.late_second * node.late_weight, late)
            if latest is not None:
                self.model.add(latest >= late)
        if latest is not None:
            self._price(self.objective.max_late_second, latest)

    def _waits(self) -> None:
        if self.objective.wait_second:
            for number, wait in self.table.waits.items():
                factors = self.network.shifts[self.table.shift_of[number]].cost
                self._price(self.objective.wait_second, wait, factors.get("wait_second", 1))

    def _overtime(self) -> None:
        for shift, work in self.table.works.items():
            held = self.network.shifts[shift]
            if held.overtime_after_seconds is not None and self.objective.overtime_second:
                over = self._above(work - held.overtime_after_seconds)
                self._price(self.objective.overtime_second, over, held.cost.get("overtime_second", 1))

    def _moves(self) -> None:
        if self.objective.moved_second:
            for number in self.table.arrivals:
                if number in self.network.published:
                    early = self.network.published[number][1] - self.table.starts[number]
                    moved = self._above(early)
                    self.model.add(moved >= -early)
                    self._price(self.objective.moved_second, moved)

    def _unfairness(self) -> None:
        """Σ max(0, work − share), the share rounded down; the timetable must be that of all shifts."""
        if not self.objective.unfair_second:
            return
        lengths = [shift.window[1] - shift.window[0] for shift in self.network.shifts]
        total = cp_model.LinearExpr.sum(list(self.table.works.values()))
        for shift, work in self.table.works.items():
            share = self.model.new_int_var(0, FAR, "")
            self.model.add(max(1, sum(lengths)) * share <= lengths[shift] * total)
            self._price(self.objective.unfair_second, self._above(work - share))
