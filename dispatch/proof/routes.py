"""All plans of some tasks on some shifts, as circuits of CP-SAT: who serves what, in which order, and when it starts.

An arc of a shift leads from a stop, or from its start, to a stop, or to its end. It carries the way and the clock; a
stop that nobody of the shift makes loops to itself. Breaks are no stops of a circuit, see `dispatch.proof.hours`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator

from ortools.sat.python import cp_model

from dispatch.timing.network import Network
from dispatch.timing.nodes import Node

EDGE = -1  # in an arc: the start of a shift, or its end
Arc = tuple[int, int, int]  # (shift, from, to): stops by node, EDGE at either end


class Routes:
    """The variables of the plans of `tasks`: `served` by task, `makes` by (node, shift), `starts` by node, `arcs`, and
    `used` by shift. Only shifts that may make some stop are in it."""

    def __init__(self, network: Network, tasks: Collection[int], arcs: list[Arc]) -> None:
        self.network = network
        self.model = cp_model.CpModel()
        self.served = {task: self.model.new_bool_var("") for task in sorted(tasks)}
        self.stops = [number for task in self.served for number in network.bundles[task].nodes]
        self.shifts = sorted({shift for number in self.stops for shift in network.nodes[number].allowed})
        self.makes: dict[tuple[int, int], cp_model.IntVar] = {}
        self.starts = {number: self._start(number) for number in self.stops}
        self.used = {shift: self.model.new_bool_var("") for shift in self.shifts}
        self.arcs = {arc: self.model.new_bool_var("") for arc in arcs}
        self._who()
        self._circuits()
        self._clock()

    def makes_of(self, number: int) -> dict[int, cp_model.IntVar]:
        """By shift: whether it makes the stop."""
        return {shift: self.makes[number, shift] for shift in self.network.nodes[number].allowed}

    def _start(self, number: int) -> cp_model.IntVar:
        node, closes = self.network.nodes[number], self._closes(number)
        windows = [[begin, min(finish, closes)] for begin, finish in node.windows if begin <= closes]
        if node.late_weight is not None and node.windows[-1][1] < closes:
            windows.append([node.windows[-1][1], closes])
        return self.model.new_int_var_from_domain(cp_model.Domain.from_intervals(windows or [[0, 0]]), "")

    def _who(self) -> None:
        """Every stop of a task that is served is made by one shift; a task that no time allows is not served."""
        for task, served in self.served.items():
            for number in self.network.bundles[task].nodes:
                node = self.network.nodes[number]
                for shift in node.allowed:
                    self.makes[number, shift] = self.model.new_bool_var("")
                self.model.add(sum(self.makes_of(number).values()) == served)
                if node.windows[0][0] > self._closes(number):
                    self.model.add(served == 0)

    def _closes(self, number: int) -> int:
        return max((self.network.shifts[shift].window[1] for shift in self.network.nodes[number].allowed), default=-1)

    def _circuits(self) -> None:
        rank = {number: place for place, number in enumerate(self.stops, 1)} | {EDGE: 0}
        of_shift: dict[int, list[tuple[int, int, cp_model.BoolVarT]]] = defaultdict(list)
        for (shift, one, two), arc in self.arcs.items():
            of_shift[shift].append((rank[one], rank[two], arc))
        for (number, shift), made in self.makes.items():
            of_shift[shift].append((rank[number], rank[number], ~made))
            self.model.add_implication(made, self.used[shift])
        for shift in self.shifts:
            self.model.add_circuit([*of_shift[shift], (0, 0, ~self.used[shift])])

    def _clock(self) -> None:
        """A stop is reached after the way and the setup, which is paid once per stay."""
        for (shift, one, two), arc in self.arcs.items():
            if EDGE not in {one, two}:
                gap = self.network.nodes[one].service + self.way(shift, one, two)
                self.model.add(self.starts[two] >= self.starts[one] + gap).only_enforce_if(arc)

    def way(self, shift: int, one: int, two: int) -> int:
        """See `way_of`."""
        return way_of(self.network, shift, one, two)


def way_of(network: Network, shift: int, one: int, two: int) -> int:
    """Seconds from leaving one end of an arc to the start at the other, waiting and breaks left out."""
    return travel_of(network, shift, one, two)[0] + setup_of(network, one, two)


def setup_of(network: Network, one: int, two: int) -> int:
    """The setup that a stop asks of whoever comes from the other end of an arc."""
    if two == EDGE:
        return 0
    node = network.nodes[two]
    return 0 if one != EDGE and network.nodes[one].leaves == node.place else node.setup


def travel_of(network: Network, shift: int, one: int, two: int) -> tuple[int, int]:
    """Seconds and metres of the way of an arc."""
    table = network.rows[shift]
    leaves = network.starts[shift] if one == EDGE else network.nodes[one].leaves
    place = network.ends[shift] if two == EDGE else network.nodes[two].place
    return (0, 0) if place is None else (table.seconds[leaves][place], table.metres[leaves][place])


def arcs_of(network: Network, tasks: Collection[int]) -> Iterator[Arc]:
    """The arcs that some plan of these tasks may drive: those that the windows, the shifts' hours, the order of a
    delivery and a direct ride leave."""
    stops = [number for task in sorted(tasks) for number in network.bundles[task].nodes]
    for shift, held in enumerate(network.shifts):
        opens, closes = held.window
        here = [number for number in stops if shift in network.nodes[number].allowed]
        for two in here:
            reached = opens + way_of(network, shift, EDGE, two)
            if reached <= _latest(network.nodes[two], closes) and _may_begin(network.nodes[two]):
                yield shift, EDGE, two
        for one in here:
            node = network.nodes[one]
            earliest = max(opens, node.windows[0][0]) + node.service  # a detour may be quicker than the way of a table
            for two in here:
                in_time = earliest + way_of(network, shift, one, two) <= _latest(network.nodes[two], closes)
                if one != two and in_time and _may_follow(network, one, two):
                    yield shift, one, two
            if _may_end(node) and earliest + travel_of(network, shift, one, EDGE)[0] <= closes:
                yield shift, one, EDGE


def _latest(node: Node, closes: int) -> int:
    return min(node.latest, closes)


def _may_begin(node: Node) -> bool:
    """Whether a shift may begin with this stop: not with a drop-off that is still to be fetched."""
    return node.kind != "dropoff" or node.picked_up is not None


def _may_end(node: Node) -> bool:
    return node.kind != "pickup"


def _may_follow(network: Network, one: int, two: int) -> bool:
    first, second = network.nodes[one], network.nodes[two]
    if first.kind == "dropoff" and first.partner == two:
        return False
    if first.kind == "pickup" and first.direct:
        return first.partner == two
    if second.kind == "dropoff" and second.direct:
        return second.partner == one
    return True
