"""The starts of fixed sequences as a CP-SAT model: every rule on time, linear in the starts.

The order of stops is given, so a way is a difference of two starts, and only windows with holes and the side of a
break (does the travel come before it or after?) leave CP-SAT anything to branch on.
"""

from __future__ import annotations

from itertools import pairwise, permutations, product

from ortools.sat.python import cp_model

from dispatch.timing.forward import NEVER, rested_by
from dispatch.timing.nodes import Node
from dispatch.timing.schedule import Schedule


class Timetable:
    """The model of some shifts of a schedule, which must be all that are coupled. `starts` holds a variable for every
    stop and every break between two stops, by node; `waits` and `works` are in seconds, by node and by shift."""

    def __init__(self, schedule: Schedule, shifts: list[int]) -> None:
        self.schedule = schedule
        self.network = schedule.network
        self.model = cp_model.CpModel()
        self.starts: dict[int, cp_model.IntVar] = {}
        self.arrivals: dict[int, cp_model.LinearExpr] = {}
        self.waits: dict[int, cp_model.LinearExpr] = {}
        self.works: dict[int, cp_model.LinearExpr] = {}
        self.shift_of: dict[int, int] = {}
        for shift in shifts:
            self._route(shift)
        self._rides()
        self._links()
        self._elders()

    def _route(self, shift: int) -> None:
        network, sequence = self.network, self.schedule.sequences[shift]
        seconds, home = network.rows[shift].seconds, network.ends[shift]
        opens, closes = network.shifts[shift].window
        pending: list[int] = []
        begin = departure = cp_model.LinearExpr.constant(opens)
        place, rest, left = network.starts[shift], 0, False
        for number in sequence:
            node = network.nodes[number]
            if node.kind == "break":
                pending.append(number)
                continue
            way = seconds[place][node.place]
            start = self._start(shift, number)
            if not left:  # nobody waits at the first stop: she leaves later instead
                self.arrivals[number] = start - node.setup
                begin = start - node.setup - way
                left = True
                self.model.add(begin >= rested_by([network.nodes[other] for other in pending], opens))
            else:
                arrival = self._crossed(shift, pending, departure, way)
                rest += sum(network.nodes[other].service for other in pending)
                self.arrivals[number] = arrival
                self.waits[number] = start - arrival - (node.setup if place != node.place else 0)
                self.model.add(self.waits[number] >= 0)
            pending = []
            place, departure = node.leaves, start + node.service
        end = departure if home is None else departure + seconds[place][home]
        self.model.add(end <= _latest_end([network.nodes[other] for other in pending], closes))
        self.works[shift] = end - begin - rest
        longest = network.shifts[shift].longest_work_seconds
        if longest is not None:
            self.model.add(self.works[shift] <= longest)

    def _start(self, shift: int, number: int) -> cp_model.IntVar:
        """The variable of a stop's start, inside its windows (after the last one too where that is soft)."""
        node, closes = self.network.nodes[number], self.network.shifts[shift].window[1]
        windows = [[begin, min(finish, closes)] for begin, finish in node.windows if begin <= closes]
        if node.late_weight is not None and node.windows[-1][1] < closes:
            windows.append([node.windows[-1][1], closes])
        start = self.model.new_int_var_from_domain(cp_model.Domain.from_intervals(windows), "")
        self.model.add_hint(start, self.schedule.starts[number])
        self.starts[number], self.shift_of[number] = start, shift
        return start

    def _crossed(self, shift: int, rests: list[int], departure: cp_model.LinearExpr, way: int) -> cp_model.LinearExpr:
        """When the next stop is reached, the breaks in between taken: all of the way lies before one, or after all."""
        if not rests:
            return departure + way
        model, timing, sequence = self.model, self.schedule.timings[shift], self.schedule.sequences[shift]
        ahead = [model.new_bool_var("") for _ in rests]  # the way lies before this break
        after = model.new_bool_var("")
        model.add_exactly_one([*ahead, after])
        clock = departure
        for rank, number in enumerate(rests):
            node, slot = self.network.nodes[number], sequence.index(number)
            start = model.new_int_var(*node.windows[0], "")
            model.add(start >= clock + way * ahead[rank])
            if self.network.problem.objective.wait_second:  # the forward pass then travels first if it can
                following = [*ahead, after][rank + 1]
                model.add(clock + way > node.windows[0][1]).only_enforce_if(following)
            model.add_hint(start, timing.starts[slot])
            model.add_hint(ahead[rank], timing.sides[slot] == 1)
            self.starts[number] = start
            clock = start + node.service
        model.add_hint(after, all(timing.sides[sequence.index(number)] != 1 for number in rests))
        return clock + way * after

    def _rides(self) -> None:
        for number, arrival in self.arrivals.items():
            node = self.network.nodes[number]
            if node.max_ride is None:
                continue
            if node.picked_up is not None:
                self.model.add(arrival <= node.picked_up + node.max_ride)
            else:
                left = self.starts[node.partner] + self.network.nodes[node.partner].service
                self.model.add(arrival - left <= node.max_ride)

    def _links(self) -> None:
        """Crews and the gaps of sequences, between tasks that are served."""
        for source in self.arrivals:
            for target, seconds in self.network.links.get(source, ()):
                if target in self.arrivals:
                    self.model.add(self.starts[target] >= self.starts[source] + seconds)

    def _elders(self) -> None:
        """Visits of one elder keep their present order: all members of one leave before any of the next starts."""
        served = {self.network.nodes[number].task for number in self.arrivals}
        for group in {tuple(group) for group in self.network.groups.values()}:
            ordered = sorted((task for task in group if task in served), key=self._span)
            for earlier, later in pairwise(ordered):
                for one, two in product(self.network.bundles[earlier].nodes, self.network.bundles[later].nodes):
                    self.model.add(self.starts[two] >= self.starts[one] + self.network.nodes[one].service)

    def _span(self, task: int) -> tuple[int, int, int]:
        nodes = self.network.bundles[task].nodes
        starts = [self.schedule.starts[number] for number in nodes]
        over = [self.schedule.starts[number] + self.network.nodes[number].service for number in nodes]
        return (min(starts), max(over), task)


def _latest_end(rests: list[Node], closes: int) -> int:
    """The last second at which a route may end so that the breaks after it, one after another, keep their windows."""

    def latest(order: tuple[Node, ...]) -> int:
        last = NEVER
        for rest in reversed(order):
            last = min(rest.windows[0][1], last - rest.service)
        return min(closes, last)

    return max(latest(order) for order in permutations(rests))
