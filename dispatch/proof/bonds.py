"""What binds stops to one another: deliveries, loads, crews, sequences, an elder's visits, who comes, pinned heads."""

from __future__ import annotations

from collections import defaultdict
from itertools import combinations, product

from ortools.sat.python import cp_model

from dispatch.proof.routes import EDGE, Routes, travel_of


class Bonds:
    """States every bond between tasks that are served."""

    def __init__(self, routes: Routes) -> None:
        self.routes, self.network, self.model = routes, routes.network, routes.model
        for task in routes.served:
            nodes = self.network.bundles[task].nodes
            if self.network.nodes[nodes[0]].kind == "visit":
                self._different(task, task)
            elif len(nodes) == 2:
                self._delivery(*nodes)
        self._rides()
        self._loads()
        self._links()
        self._elders()
        for related, state in ((self.network.same, self._same), (self.network.different, self._different)):
            for one, two in {(min(task, mate), max(task, mate)) for task, mates in related.items() for mate in mates}:
                if one in routes.served and two in routes.served:
                    state(one, two)
        for shift in routes.shifts:
            self._head(shift)

    def _delivery(self, pickup: int, dropoff: int) -> None:
        for shift, made in self.routes.makes_of(pickup).items():
            self.model.add(self.routes.makes[dropoff, shift] == made)
        left = self.routes.starts[pickup] + self.network.nodes[pickup].service
        self.model.add(self.routes.starts[dropoff] >= left).only_enforce_if(self._task(pickup))

    def _rides(self) -> None:
        """A ride ends when the door is reached, by the way from the stop before."""
        starts, nodes = self.routes.starts, self.network.nodes
        for (shift, one, two), arc in self.routes.arcs.items():
            if two == EDGE or nodes[two].max_ride is None:
                continue
            node, seconds = nodes[two], travel_of(self.network, shift, one, two)[0]
            reached = starts[two] - node.setup if one == EDGE else starts[one] + nodes[one].service + seconds
            fetched = node.picked_up
            left = starts[node.partner] + nodes[node.partner].service if fetched is None else fetched
            self.model.add(reached - left <= node.max_ride).only_enforce_if(arc)

    def _loads(self) -> None:
        network = self.network
        for rank in range(len(network.dimensions)):
            carried = [number for number in self.routes.stops if network.nodes[number].load[rank]]
            if not carried:
                continue
            most = max((network.capacities[shift][rank] for shift in self.routes.shifts), default=0)
            loads = {number: self.model.new_int_var(0, max(0, most), "") for number in self.routes.stops}
            for (number, shift), made in self.routes.makes.items():
                self.model.add(loads[number] <= network.capacities[shift][rank]).only_enforce_if(made)
            for (shift, one, two), arc in self.routes.arcs.items():
                if two != EDGE:
                    room = network.capacities[shift][rank]
                    before = min(network.initial[shift][rank], room) if one == EDGE else loads[one]
                    added = network.nodes[two].load[rank]
                    self.model.add(loads[two] >= before + added).only_enforce_if(arc)

    def _links(self) -> None:
        """Gaps between starts: of a crew's members, and of a sequence."""
        starts = self.routes.starts
        for source in self.routes.stops:
            for target, seconds in self.network.links.get(source, ()):
                if target in starts:
                    served = {self._task(source), self._task(target)}
                    self.model.add(starts[target] >= starts[source] + seconds).only_enforce_if(*served)

    def _elders(self) -> None:
        for group in {tuple(group) for group in self.network.groups.values()}:
            for one, two in combinations([task for task in group if task in self.routes.served], 2):
                first = self.model.new_bool_var("")
                self._apart(one, two, first)
                self._apart(two, one, ~first)

    def _apart(self, earlier: int, later: int, holds: cp_model.BoolVarT) -> None:
        starts, served = self.routes.starts, self.routes.served
        for one, two in product(self.network.bundles[earlier].nodes, self.network.bundles[later].nodes):
            over = starts[one] + self.network.nodes[one].service
            self.model.add(starts[two] >= over).only_enforce_if(holds, served[earlier], served[later])

    def _same(self, one: int, two: int) -> None:
        """The first members' caregivers are the same."""
        both = (self.routes.served[one], self.routes.served[two])
        firsts = [self._by_caregiver(self.network.bundles[task].nodes[0]) for task in (one, two)]
        for caregiver in firsts[0].keys() | firsts[1].keys():
            comes = [sum(first.get(caregiver, ())) for first in firsts]
            self.model.add(comes[0] == comes[1]).only_enforce_if(*both)

    def _different(self, one: int, two: int) -> None:
        """No caregiver comes twice, among the members of one crew or of two tasks."""
        for node, other in product(self.network.bundles[one].nodes, self.network.bundles[two].nodes):
            if node < other:
                theirs = self._by_caregiver(other)
                for caregiver, mine in self._by_caregiver(node).items():
                    self.model.add(sum(mine) + sum(theirs.get(caregiver, ())) <= 1)

    def _by_caregiver(self, number: int) -> dict[str, list[cp_model.IntVar]]:
        found: dict[str, list[cp_model.IntVar]] = defaultdict(list)
        for shift, made in self.routes.makes_of(number).items():
            found[self.network.shifts[shift].caregiver].append(made)
        return found

    def _head(self, shift: int) -> None:
        """Pinned stops are the first of their shift, in order; while one is not served, those behind it are free."""
        here, served = EDGE, []
        for number in self.network.prefix[shift]:
            if number not in self.routes.starts:
                break
            served.append(self._task(number))
            arc = self.routes.arcs.get((shift, here, number))
            if arc is None:
                self.model.add_bool_or([~one for one in served])
                break
            self.model.add(arc == 1).only_enforce_if(*served)
            here = number

    def _task(self, number: int) -> cp_model.IntVar:
        return self.routes.served[self.network.nodes[number].task]
