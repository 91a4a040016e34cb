"""The whole statement of a day, or of some of its tasks, and the way back from its solutions."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import pairwise

from ortools.sat.python import cp_model

from dispatch.errors import DayTooLarge
from dispatch.exact.solver import solver_of
from dispatch.plan import Plan, Stop
from dispatch.proof.bonds import Bonds
from dispatch.proof.hours import Hours
from dispatch.proof.routes import EDGE, Arc, Routes, arcs_of
from dispatch.timing.network import Network

MOST_ARCS = 60_000  # of a model that CP-SAT can do anything with


class Statement:
    """Every plan of these tasks as a CP-SAT model without an objective; `whole`: they are all there are, see
    `dispatch.proof.hours`. Raises DayTooLarge."""

    def __init__(self, network: Network, tasks: Collection[int], *, whole: bool = True) -> None:
        self.network = network
        arcs = []
        for arc in arcs_of(network, tasks):
            arcs.append(arc)
            if len(arcs) > MOST_ARCS:
                raise DayTooLarge(len(arcs), MOST_ARCS)
        self.routes = Routes(network, tasks, arcs)
        self.hours = Hours(self.routes, whole=whole)
        Bonds(self.routes)
        self.model = self.routes.model

    def hint(self, plan: Plan) -> None:
        """Begin the search for solutions from a plan."""
        for variable, value in self.values_of(plan):
            self.model.add_hint(variable, value)

    def values_of(self, plan: Plan) -> Iterator[tuple[cp_model.IntVar, int]]:
        """What a plan's stops, their order and their starts are as variables."""
        network, routes = self.network, self.routes
        stops = {network.node_of[key]: entry for key, entry in plan.starts().items() if key in network.node_of}
        driven = {arc for route in plan.routes for arc in self._arcs(network.shift_index[route.shift], route.stops)}
        yield from ((start, stops[number][1]) for number, start in routes.starts.items() if number in stops)
        yield from ((served, network.bundles[task].nodes[0] in stops) for task, served in routes.served.items())
        yield from ((arc, way in driven) for way, arc in routes.arcs.items())
        for (number, shift), made in routes.makes.items():
            yield made, number in stops and network.shift_index[stops[number][0]] == shift

    def _arcs(self, shift: int, stops: Collection[Stop]) -> list[Arc]:
        numbers = [self.network.node_of[stop.key] for stop in stops if stop.key in self.network.node_of]
        return [(shift, one, two) for one, two in pairwise([EDGE, *numbers, EDGE])]

    def sequences(self, solver: cp_model.CpSolver) -> list[list[int]]:
        """The order of stops of a solution, by shift of the network, breaks where it has them."""
        follows = {
            (shift, one): two for (shift, one, two), arc in self.routes.arcs.items() if solver.boolean_value(arc)
        }
        found = []
        for shift in range(len(self.network.shifts)):
            sequence, here = [], follows.get((shift, EDGE), EDGE)
            while here != EDGE:
                sequence.append(here)
                here = follows[shift, here]
            found.append(self._rested(solver, shift, sequence))
        return found

    def _rested(self, solver: cp_model.CpSolver, shift: int, stops: list[int]) -> list[int]:
        before = self.hours.before
        slots = [
            (sum(not solver.boolean_value(before[rest, stop]) for stop in stops), rest)
            for rest in (self.network.breaks[shift] if stops else ())
        ]
        sequence = list(stops)
        for slot, rest in sorted(slots, reverse=True):
            sequence.insert(slot, rest)
        return sequence or list(self.network.breaks[shift])


def prover(*, seconds: float, seed: int, workers: int = 1) -> cp_model.CpSolver:
    """A solver that seeks bounds and proofs."""
    solver = solver_of(seconds=max(0.01, seconds), seed=seed, workers=workers)
    solver.parameters.linearization_level = 2  # circuits and clocks as linear programs: nothing is bounded without
    solver.parameters.use_objective_lb_search = True
    return solver
