"""The hours of shifts: when a route begins and ends, breaks, longest work.

A break lies before the route, after it, or between two stops; `before[rest, stop]` says on which side of a stop. What
lies between two stops lengthens the way between them. On which side of that way it is taken is left open, so that it
may be idle before a break for longer: this is where the statement is milder than the checker.
"""

from __future__ import annotations

from itertools import combinations

from ortools.sat.python import cp_model

from dispatch.problem import HORIZON_SECONDS
from dispatch.proof.routes import EDGE, Routes


class Hours:
    """`begins` and `ends` by shift, and `works`, its seconds of work, 0 or less on a shift that is not used.

    With `whole`, the routes hold all stops of the day; otherwise stops may have been left out of a plan, and a break
    beside one of them may now lie before the first stop or after the last."""

    def __init__(self, routes: Routes, *, whole: bool) -> None:
        self.whole = whole
        self.routes, self.network, self.model = routes, routes.network, routes.model
        self.begins: dict[int, cp_model.IntVar] = {}
        self.ends: dict[int, cp_model.IntVar] = {}
        self.rests: dict[int, cp_model.LinearExpr] = {}
        self.idles: dict[int, cp_model.IntVar] = {}  # by break: seconds before it at most, of which nothing is paid
        self.before: dict[tuple[int, int], cp_model.IntVar] = {}
        self.led: dict[int, cp_model.IntVar] = {}  # by break: it is over before the route begins
        self.done: dict[int, cp_model.IntVar] = {}  # by break: it is over before the route ends
        for shift in routes.shifts:
            window = self.network.shifts[shift].window
            self.begins[shift] = self.model.new_int_var(*window, "")
            self.ends[shift] = self.model.new_int_var(*window, "")
            self.model.add(self.ends[shift] >= self.begins[shift])
            self._breaks(shift)
        for (shift, one, two), arc in routes.arcs.items():
            self._along(shift, one, two, arc)
        self.works = {shift: self.ends[shift] - self.begins[shift] - self.rests[shift] for shift in routes.shifts}
        for shift, work in self.works.items():
            self.model.add(work >= self._busy(shift)).only_enforce_if(routes.used[shift])
            self._one_at_a_time(shift)
            longest = self.network.shifts[shift].longest_work_seconds
            if longest is not None:
                self.model.add(work <= longest).only_enforce_if(routes.used[shift])

    def _along(self, shift: int, one: int, two: int, arc: cp_model.IntVar) -> None:
        """Nobody waits at the first stop: she leaves later instead. Nor does anybody at the end."""
        network, model, starts, rests = self.network, self.model, self.routes.starts, self.network.breaks[shift]
        way = self.routes.way(shift, one, two)
        if one == EDGE:
            between = {rest: self.before[rest, two] - self.led[rest] for rest in rests}
            spare = starts[two] - way - self.begins[shift]
        elif two == EDGE:
            between = {rest: self.done[rest] - self.before[rest, one] for rest in rests}
            spare = self.ends[shift] - starts[one] - network.nodes[one].service - way
        else:
            between = {rest: self.before[rest, two] - self.before[rest, one] for rest in rests}
            spare = starts[two] - starts[one] - network.nodes[one].service - way
        edge = EDGE in (one, two)
        if edge and self.whole:
            model.add(spare == 0).only_enforce_if(arc)
        elif edge or rests:
            resting = sum(network.nodes[rest].service * taken for rest, taken in between.items())
            model.add(spare >= resting).only_enforce_if(arc)
        still = (edge and self.whole) or (not edge and network.nodes[two].direct)
        for taken in between.values():
            model.add(taken == 0 if still else taken >= 0).only_enforce_if(arc)

    def _breaks(self, shift: int) -> None:
        network, model, used = self.network, self.model, self.routes.used[shift]
        intervals: list[tuple[cp_model.IntVar, int]] = []
        inside: list[cp_model.LinearExpr] = []
        for rest in network.breaks[shift]:
            node = network.nodes[rest]
            begin = model.new_int_var(*node.windows[0], "")
            idle = self.idles[rest] = model.new_int_var(0, HORIZON_SECONDS, "")
            led, done = self.led[rest], self.done[rest] = model.new_bool_var(""), model.new_bool_var("")
            model.add_implication(led, done)
            model.add(idle == 0).only_enforce_if(led)
            model.add(idle == 0).only_enforce_if(~done)
            model.add(begin >= network.shifts[shift].window[0]).only_enforce_if(led, used)
            model.add(begin + node.service <= self.begins[shift]).only_enforce_if(led, used)
            model.add(begin >= self.ends[shift]).only_enforce_if(~done, used)
            for number, made in self._made(shift):
                before = self.before[rest, number] = model.new_bool_var("")
                start = self.routes.starts[number]
                model.add(begin + node.service <= start).only_enforce_if(before, made)
                left = start + network.nodes[number].service
                model.add(begin >= left + idle).only_enforce_if(~before, made)
            intervals.append((begin, node.service))
            inside.append(node.service * (done - led))
        for (one, lasts), (two, takes) in combinations(intervals, 2):
            first = model.new_bool_var("")
            model.add(two >= one + lasts).only_enforce_if(first)
            model.add(one >= two + takes).only_enforce_if(~first)
        self.rests[shift] = cp_model.LinearExpr.sum(inside)

    def _made(self, shift: int) -> list[tuple[int, cp_model.IntVar]]:
        return [(number, made) for (number, other), made in self.routes.makes.items() if other == shift]

    def _one_at_a_time(self, shift: int) -> None:
        """Follows from the arcs, and lets the solver see it at once."""
        self.model.add_no_overlap(
            [
                self.model.new_optional_fixed_size_interval_var(
                    self.routes.starts[number], self.network.nodes[number].service, made, ""
                )
                for number, made in self._made(shift)
            ]
        )

    def waits(self, shift: int) -> cp_model.LinearExpr:
        """Seconds of waiting for stops, on a shift that is used: its work less ways, setups, service, and what may lie
        idle before breaks."""
        idle = cp_model.LinearExpr.sum([self.idles[rest] for rest in self.network.breaks[shift]])
        return self.works[shift] - self._busy(shift) - idle

    def _busy(self, shift: int) -> cp_model.LinearExpr:
        return cp_model.LinearExpr.sum(
            [
                (self.routes.way(held, one, two) + (self.network.nodes[one].service if one != EDGE else 0)) * arc
                for (held, one, two), arc in self.routes.arcs.items()
                if held == shift
            ]
        )
