"""The problem stated in OR-Tools' RoutingModel: nodes, costs, dimensions, disjunctions.

Every task node is optional at the price of its task. Two dummy nodes per shift are its start and end, so
that shifts may start, end and travel differently. Penalties stay below 2^63 by the document's limits.
"""

from __future__ import annotations

from typing import Any

from ortools.constraint_solver import pywrapcp

from dispatch.exact.bonds import state_bonds
from dispatch.exact.clock import state_clock
from dispatch.timing.forward import stop_preference, travel_weights
from dispatch.timing.network import Network
from dispatch.timing.schedule import Schedule


class RoutingStatement:
    """One RoutingModel of one network, and the way back from its solutions."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.stops = [i for i, node in enumerate(network.nodes) if node.kind != "break"]
        self.rank = {number: rank for rank, number in enumerate(self.stops)}
        shifts, size = len(network.shifts), len(self.stops)
        starts = list(range(size, size + shifts))
        ends = list(range(size + shifts, size + 2 * shifts))
        self.manager = pywrapcp.RoutingIndexManager(size + 2 * shifts, shifts, starts, ends)
        self.routing = pywrapcp.RoutingModel(self.manager)
        self.solver = self.routing.solver()
        self.index = {number: self.manager.NodeToIndex(rank) for number, rank in self.rank.items()}
        self._costs()
        self._preferences()
        self.clock, self.rests = state_clock(self)
        self._loads()
        self._tasks()
        self._pins()
        state_bonds(self)

    def active(self, number: int) -> Any:
        """The 0-1 variable: the node is served."""
        return self.routing.ActiveVar(self.index[number])

    def start(self, number: int) -> Any:
        """The variable of the node's start, in seconds."""
        return self.clock.CumulVar(self.index[number])

    def vehicle(self, number: int) -> Any:
        """The variable of the node's shift; −1 unserved."""
        return self.routing.VehicleVar(self.index[number])

    def matrix(self, shift: int, *, clock: bool) -> list[list[int]]:
        """Between all nodes: seconds from start to start (`clock`), or the cost of travel."""
        network, size, shifts = self.network, len(self.stops), len(self.network.shifts)
        seconds, metres = network.rows[shift].seconds, network.rows[shift].metres
        per_second, per_metre = travel_weights(network, shift)
        nodes = [network.nodes[number] for number in self.stops]
        rows = []
        leaves = [(node.leaves, node.service) for node in nodes] + [(place, 0) for place in network.starts]
        for rank, (place, service) in enumerate(leaves):
            away, far, standing = seconds[place], metres[place], rank < size
            if clock:
                row = [service + away[n.place] + (n.setup if not standing or n.place != place else 0) for n in nodes]
            else:
                row = [round(per_second * away[n.place] + per_metre * far[n.place]) for n in nodes]
            row += [0] * shifts
            for home in network.ends:
                reach, length = (0, 0) if home is None else (away[home], far[home])
                row.append(service + reach if clock else round(per_second * reach + per_metre * length))
            rows.append(row)
        rows += [[0] * (size + 2 * shifts)] * shifts
        return rows

    def _costs(self) -> None:
        known: dict[tuple[str, float, float], int] = {}
        for shift, held in enumerate(self.network.shifts):
            key = (held.mode, *travel_weights(self.network, shift))
            if key not in known:
                known[key] = self.routing.RegisterTransitMatrix(self.matrix(shift, clock=False))
            self.routing.SetArcCostEvaluatorOfVehicle(known[key], shift)
            factor = held.cost.get("shift_used", 1)
            fixed = round(self.network.problem.objective.shift_used * factor)
            self.routing.SetFixedCostOfVehicle(fixed, shift)

    def _preferences(self) -> None:
        """Costs that hang on who serves a node, as a dimension whose length is the cost."""
        shifts = range(len(self.network.shifts))
        costs = [[stop_preference(self.network, shift, n) for n in self.stops] for shift in shifts]
        if not any(any(row) for row in costs):
            return
        edge = [0] * (2 * len(self.network.shifts))
        evaluators = [self.routing.RegisterUnaryTransitVector(row + edge) for row in costs]
        most = max(1, *(sum(row) for row in costs))
        self.routing.AddDimensionWithVehicleTransits(evaluators, 0, most, True, "liking")
        self.routing.GetDimensionOrDie("liking").SetSpanCostCoefficientForAllVehicles(1)

    def _loads(self) -> None:
        network, edge = self.network, [0] * (2 * len(self.network.shifts))
        for rank, name in enumerate(network.dimensions):
            amounts = [network.nodes[number].load[rank] for number in self.stops] + edge
            evaluator = self.routing.RegisterUnaryTransitVector(amounts)
            most = [capacity[rank] for capacity in network.capacities]
            begin = [min(load[rank], room) for load, room in zip(network.initial, most, strict=True)]
            self.routing.AddDimensionWithVehicleCapacity(evaluator, 0, most, False, f"load:{name}")
            dimension = self.routing.GetDimensionOrDie(f"load:{name}")
            for shift, load in enumerate(begin):
                dimension.CumulVar(self.routing.Start(shift)).SetValue(load)

    def _overladen(self) -> set[int]:
        """The shifts that begin with more aboard than they have room for: the model has them begin full, so nothing may
        be fetched on top of what it does not see."""
        network = self.network
        return {
            shift
            for shift, (load, room) in enumerate(zip(network.initial, network.capacities, strict=True))
            if any(have > most for have, most in zip(load, room, strict=True))
        }

    def _tasks(self) -> None:
        overladen = self._overladen()
        for bundle in self.network.bundles:
            fetched = self.network.nodes[bundle.nodes[0]].kind == "pickup"
            for rank, number in enumerate(bundle.nodes):
                able = self.network.nodes[number].allowed
                allowed = [shift for shift in able if not (fetched and shift in overladen)]
                self.vehicle(number).SetValues([-1, *allowed])
                self.routing.AddDisjunction([self.index[number]], bundle.penalty if rank == 0 else 0)
            first, *others = bundle.nodes
            for other in others:
                self.solver.Add(self.active(first) == self.active(other))
            if fetched:
                self._delivery(first, others[0])

    def _delivery(self, pickup: int, dropoff: int) -> None:
        self.routing.AddPickupAndDelivery(self.index[pickup], self.index[dropoff])
        self.solver.Add(self.vehicle(pickup) == self.vehicle(dropoff))
        self.solver.Add(self.start(pickup) <= self.start(dropoff))
        node = self.network.nodes[dropoff]
        if node.direct:
            follows = self.routing.NextVar(self.index[pickup])
            follows.SetValues([self.index[pickup], self.index[dropoff]])
        if node.max_ride is not None:
            ride = self.start(dropoff) - self.start(pickup)
            self.solver.Add(ride <= self._longest(pickup, dropoff))

    def _pins(self) -> None:
        """The heads of routes. A direct delivery aboard comes before everything else of its shift."""
        for shift, prefix in enumerate(self.network.prefix):
            here = self.routing.Start(shift)
            for number in prefix:
                if self.network.nodes[number].allowed:
                    self.routing.NextVar(here).SetValues([self.index[number]])
                    here = self.index[number]
        for number in self.stops:
            node = self.network.nodes[number]
            if node.direct and node.picked_up is not None and node.allowed:
                first = self.routing.NextVar(self.routing.Start(node.allowed[0]))
                first.SetValues([self.index[number], self.routing.End(node.allowed[0])])

    def indices_of(self, schedule: Schedule) -> list[list[int]]:
        """A schedule's routes as the model numbers them."""
        return [
            [self.index[n] for n in sequence if n in self.index and not self._waits_aboard(schedule, n)]
            for sequence in schedule.sequences
        ]

    def _waits_aboard(self, schedule: Schedule, number: int) -> bool:
        """Whether a delivery waits at the door so long that the model, which counts that as part of the
        ride, would refuse the whole schedule."""
        nodes = self.network.nodes
        ends = self.network.bundles[nodes[number].task].nodes
        dropoff = ends[-1]
        if nodes[dropoff].max_ride is None:
            return False
        if len(ends) == 1:
            return bool(schedule.starts[dropoff] > self.start(dropoff).Max())
        return schedule.starts[dropoff] - schedule.starts[ends[0]] > self._longest(ends[0], dropoff)

    def _longest(self, pickup: int, dropoff: int) -> int:
        """The most seconds between the starts of a delivery's ends."""
        node = self.network.nodes[dropoff]
        return (node.max_ride or 0) + self.network.nodes[pickup].service + node.setup

    def _ends_a_direct_ride(self, stop: int) -> bool:
        """Whether a stop is the drop-off of a ride with nothing in between, on which the model may rest."""
        node = self.network.nodes[stop]
        return node.direct and node.kind != "pickup"

    def sequences(self, solution: Any) -> list[list[int]]:
        """The order of stops of a solution, breaks put where the model took them."""
        found = []
        for shift in range(len(self.network.shifts)):
            here, sequence = solution.Value(self.routing.NextVar(self.routing.Start(shift))), []
            while not self.routing.IsEnd(here):
                sequence.append(self.stops[self.manager.IndexToNode(here)])
                here = solution.Value(self.routing.NextVar(here))
            for number, interval in self.rests[shift]:
                rest_at = solution.StartValue(interval)
                after = [
                    rank + 1
                    for rank, stop in enumerate(sequence)
                    if self.network.nodes[stop].kind != "break"
                    and solution.Min(self.start(stop)) + self.network.nodes[stop].service <= rest_at
                ]
                place = max(after, default=0)
                if place < len(sequence) and self._ends_a_direct_ride(sequence[place]):
                    place += 1
                sequence.insert(place, number)
            found.append(sequence)
        return found
