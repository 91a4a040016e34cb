"""What the plans of `dispatch.proof.routes` cost, never more than the objective says.

Factors that are no whole numbers are taken in thousandths, rounded down, and what the rounding of a plan's sums may
have saved is taken off a bound.
"""

from __future__ import annotations

from math import floor

from ortools.sat.python import cp_model

from dispatch.objective import SHIFT_TERMS
from dispatch.proof.hours import Hours
from dispatch.proof.routes import Routes, travel_of
from dispatch.timing.forward import stop_preference

THOUSANDTHS = 1000
ROUNDED = 0.5  # of a unit, at most, that a sum loses by being rounded
FAR = 10**9  # above any sum of seconds of one shift


class Prices:
    """The cost of a plan is `total`, in `scale`ths; `slack` (in whole units) is to be taken off. Leaving out a task
    costs `most` at the most: what is so much dearer than a plan at hand need be no dearer, and CP-SAT keeps its
    digits."""

    def __init__(self, routes: Routes, hours: Hours, *, most: int) -> None:
        self.routes, self.hours, self.network, self.model = routes, hours, routes.network, routes.model
        self.objective = routes.network.problem.objective
        broken = sum(self._weight(shift, term) % 1 != 0 for shift in routes.shifts for term in SHIFT_TERMS)
        self.scale = THOUSANDTHS if broken else 1
        self.slack = broken * ROUNDED
        self.terms: list[cp_model.LinearExprT] = []
        self._left_out(most)
        self._ways()
        self._who()
        self._late()
        self._moved()
        self._hours()
        self._unfairness()
        self.total = cp_model.LinearExpr.sum(self.terms)

    def _weight(self, shift: int, term: str) -> float:
        return float(getattr(self.objective, term) * self.network.shifts[shift].cost.get(term, 1))

    def _price(self, cost: float, amount: cp_model.LinearExprT) -> None:
        whole = floor(cost * self.scale)
        if whole:
            self.terms.append(whole * amount)

    def _left_out(self, most: int) -> None:
        for task, served in self.routes.served.items():
            self._price(min(most, self.network.bundles[task].penalty), 1 - served)

    def _ways(self) -> None:
        for (shift, one, two), arc in self.routes.arcs.items():
            seconds, metres = travel_of(self.network, shift, one, two)
            cost = self._weight(shift, "travel_second") * seconds + self._weight(shift, "travel_metre") * metres
            self._price(cost, arc)

    def _who(self) -> None:
        for (number, shift), made in self.routes.makes.items():
            self._price(stop_preference(self.network, shift, number), made)

    def _late(self) -> None:
        latest = self.model.new_int_var(0, FAR, "") if self.objective.max_late_second else None
        for number, start in self.routes.starts.items():
            node = self.network.nodes[number]
            if node.late_weight is None:
                continue
            late = self._above(start - node.windows[-1][1])
            self._price(self.objective.late_second * node.late_weight, late)
            if latest is not None:
                self.model.add(latest >= late)
        if latest is not None:
            self._price(self.objective.max_late_second, latest)

    def _moved(self) -> None:
        if not self.objective.moved_second:
            return
        for number, start in self.routes.starts.items():
            if number in self.network.published:
                served = self.routes.served[self.network.nodes[number].task]
                moved = self.model.new_int_var(0, FAR, "")
                early = self.network.published[number][1] - start
                self.model.add(moved >= early).only_enforce_if(served)
                self.model.add(moved >= -early).only_enforce_if(served)
                self._price(self.objective.moved_second, moved)

    def _hours(self) -> None:
        for shift in self.routes.shifts:
            used = self.routes.used[shift]
            self._price(self._weight(shift, "shift_used"), used)
            if self._weight(shift, "wait_second"):
                waited = self.model.new_int_var(0, FAR, "")
                self.model.add(waited >= self.hours.waits(shift)).only_enforce_if(used)
                self._price(self._weight(shift, "wait_second"), waited)
            after = self.network.shifts[shift].overtime_after_seconds
            if after is not None and self._weight(shift, "overtime_second"):
                over = self.model.new_int_var(0, FAR, "")
                self.model.add(over >= self.hours.works[shift] - after).only_enforce_if(used)
                self._price(self._weight(shift, "overtime_second"), over)

    def _unfairness(self) -> None:
        """Σ max(0, work − share), the share rounded down."""
        if not self.objective.unfair_second:
            return
        lengths = [shift.window[1] - shift.window[0] for shift in self.network.shifts]
        works = {}
        for shift in self.routes.shifts:
            works[shift] = self.model.new_int_var(0, FAR, "")
            self.model.add(works[shift] == self.hours.works[shift]).only_enforce_if(self.routes.used[shift])
            self.model.add(works[shift] == 0).only_enforce_if(~self.routes.used[shift])
        total = cp_model.LinearExpr.sum(list(works.values()))
        for shift, work in works.items():
            share = self.model.new_int_var(0, FAR, "")
            self.model.add(max(1, sum(lengths)) * share <= lengths[shift] * total)
            self._price(self.objective.unfair_second, self._above(work - share))

    def _above(self, seconds: cp_model.LinearExpr) -> cp_model.IntVar:
        """max(0, seconds), for a sum that is minimised."""
        excess = self.model.new_int_var(0, FAR, "")
        self.model.add(excess >= seconds)
        return excess
