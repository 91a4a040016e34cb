"""From a timed schedule to the routes of a plan, and from a plan back to a schedule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from typing import cast

from dispatch.cost import cost_of
from dispatch.plan import Plan, PlanStopKind, Route, Stop, Unassigned
from dispatch.problem import Problem
from dispatch.timing.forward import NEVER, rested_by
from dispatch.timing.given import misplaced
from dispatch.timing.network import Network
from dispatch.timing.nodes import Node
from dispatch.timing.room import with_room
from dispatch.timing.schedule import Schedule


def routes_of(schedule: Schedule) -> tuple[Route, ...]:
    """The routes of all shifts that have stops, with all times, loads and sums."""
    return tuple(
        _Writer(schedule, shift).route()
        for shift, sequence in enumerate(schedule.sequences)
        if any(schedule.network.nodes[number].kind != "break" for number in sequence)
    )


def bare_plan(schedule: Schedule) -> Plan:
    """The plan of a schedule with its cost, without reasons and indicators, not yet checked."""
    missing = [schedule.network.bundles[index].task.id for index in schedule.unserved()]
    return plan_of(schedule.network.problem, routes_of(schedule), missing)


def plan_of(problem: Problem, routes: tuple[Route, ...], missing: Sequence[str]) -> Plan:
    """A bare plan of these routes: status, what is left out, cost."""
    return Plan(
        status="infeasible" if problem.binding & set(missing) else "feasible",
        routes=routes,
        unassigned=tuple(Unassigned(task) for task in missing),
        cost=cost_of(problem, routes, missing),
    )


class _Writer:
    """Writes one route down stop by stop."""

    def __init__(self, schedule: Schedule, shift: int) -> None:
        self.network = schedule.network
        self.shift = shift
        self.sequence = schedule.sequences[shift]
        self.timing = schedule.timings[shift]
        self.table = self.network.rows[shift]
        self.place = self.network.starts[shift]
        self.stayed_at: int | None = None  # where the last stop was served; None before the first
        self.travelled = False  # a break before the next stop already carries its travel
        self.load = self.network.initial[shift]

    def route(self) -> Route:
        """The whole route."""
        shift_id = self.network.shifts[self.shift].id
        begin, end = self.timing.begin, self.timing.end
        stops = [Stop("start", shift_id, begin, begin, begin, load=self._load())]
        for index, number in enumerate(self.sequence):
            node = self.network.nodes[number]
            if node.kind != "break":
                stops.append(self._stop(index, node))
            elif self.timing.sides[index] >= 0:
                stops.append(self._break(index, node))
        seconds, metres = self._travel(self.network.ends[self.shift])
        stops.append(
            Stop(
                "end", shift_id, end, end, end,
                travel_seconds=seconds, travel_metres=metres, load=self._load(),
            )
        )  # fmt: skip
        return with_totals(Route(shift_id, tuple(stops)))

    def _load(self) -> dict[str, int]:
        return dict(zip(self.network.dimensions, self.load, strict=True))

    def _travel(self, target: int | None) -> tuple[int, int]:
        if target is None or self.travelled:
            return (0, 0)
        return (self.table.seconds[self.place][target], self.table.metres[self.place][target])

    def _stop(self, index: int, node: Node) -> Stop:
        arrival, start = self.timing.arrivals[index], self.timing.starts[index]
        seconds, metres = self._travel(node.place)
        setup = 0 if self.stayed_at == node.place else node.setup
        self.load = tuple(have + more for have, more in zip(self.load, node.load, strict=True))
        self.place = self.stayed_at = node.leaves
        self.travelled = False
        return Stop(
            cast("PlanStopKind", node.kind), node.id, arrival, start, start + node.service,
            member=node.member, wait=start - arrival - setup, setup_seconds=setup,
            travel_seconds=seconds, travel_metres=metres, load=self._load(),
        )  # fmt: skip

    def _break(self, index: int, node: Node) -> Stop:
        arrival, start = self.timing.arrivals[index], self.timing.starts[index]
        seconds, metres = 0, 0
        if self.timing.sides[index] == 1:
            following = (self.network.nodes[number] for number in self.sequence[index + 1 :])
            target = next(other.place for other in following if other.kind != "break")
            seconds, metres = self._travel(target)
            self.place, self.travelled = target, True
        return Stop(
            "break", node.id, arrival, start, start + node.service, wait=start - arrival,
            travel_seconds=seconds, travel_metres=metres, load=self._load(),
        )  # fmt: skip


def with_totals(route: Route) -> Route:
    """The route with its sums: seconds of travel, service, wait, break, setup, work; metres; stops."""
    stops, inner = route.stops, route.stops[1:-1]
    served = [stop for stop in inner if stop.kind != "break"]
    rests = [stop for stop in inner if stop.kind == "break"]
    totals = {
        "travel_seconds": sum(stop.travel_seconds for stop in stops),
        "travel_metres": sum(stop.travel_metres for stop in stops),
        "service_seconds": sum(stop.departure - stop.start for stop in served),
        "setup_seconds": sum(stop.setup_seconds for stop in served),
        "wait_seconds": sum(stop.wait for stop in inner),
        "break_seconds": sum(stop.departure - stop.start for stop in rests),
        "work_seconds": route.work_seconds,
        "stops": len(served),
    }
    return replace(route, totals=totals)


def schedule_of(network: Network, plan: Plan) -> tuple[Schedule, list[str]]:
    """The plan's order of stops, timed afresh. Ids of tasks that no longer exist, are incomplete or no
    longer fit are left out and named."""
    schedule = Schedule(network)
    given = {route.shift: route for route in plan.routes}
    seen: set[int] = set()
    sequences = {
        index: _sequence(network, index, given.get(held.id), seen) for index, held in enumerate(network.shifts)
    }
    present = {number for sequence in sequences.values() for number in sequence}
    whole = {n for bundle in network.bundles if set(bundle.nodes) <= present for n in bundle.nodes}
    rests = {number for numbers in network.breaks for number in numbers}
    kept = whole | rests
    whole -= {
        number
        for task in misplaced(network, {i: [n for n in sequence if n in kept] for i, sequence in sequences.items()})
        for number in network.bundles[task].nodes
    }
    wanted = {
        index: with_room(network, index, [number for number in sequence if number in whole | rests])
        for index, sequence in sequences.items()
    }
    whole &= {number for sequence in wanted.values() for number in sequence}
    lost = [stop for stop in plan.starts() if stop not in network.node_of]
    dropped = {network.nodes[n].id for n in present - whole - rests} | {key[1] for key in lost}
    if not schedule.settle(wanted):
        for index, sequence in wanted.items():
            dropped |= _one_by_one(schedule, index, sequence)
    return schedule, sorted(dropped)


def hold_starts(schedule: Schedule, plan: Plan) -> None:
    """Start the stops of a schedule no earlier than the plan does, unless that breaks a rule or costs more."""
    network, before = schedule.network, schedule.copy()
    earliest: dict[int, int] = {}
    for route in plan.routes:
        shift = network.shift_index.get(route.shift, -1)
        known = {network.nodes[number].key: number for number in schedule.sequences[shift]} if shift >= 0 else {}
        earliest |= {known[stop.key]: stop.start for stop in route.stops if stop.key in known}
    if schedule.retime(range(len(network.shifts)), earliest) and schedule.cost() > before.cost():
        schedule.restore(before)


def _sequence(network: Network, shift: int, route: Route | None, seen: set[int]) -> list[int]:
    """The nodes of a route but those `seen` in another place, and where its breaks lie among them."""
    rests = {network.nodes[number].id: number for number in network.breaks[shift]}
    if route is None:
        return list(rests.values())
    found = []
    for stop in route.stops:
        if stop.kind == "break" and stop.id in rests:
            found.append(rests.pop(stop.id))
            continue
        number = network.node_of.get(stop.key)
        if number is not None and number not in seen and shift in network.nodes[number].allowed:
            seen.add(number)
            found.append(number)
    ahead = _ahead(network, shift, list(rests.values()), route)
    return [*ahead, *found, *(number for number in rests.values() if number not in ahead)]


def _ahead(network: Network, shift: int, rests: list[int], route: Route) -> list[int]:
    """Of the breaks that are no stops of a route those taken before it begins: as many as fit there, the others still
    after its end; none if no choice fits."""
    begin, end = route.stops[0].departure, route.stops[-1].arrival
    nodes, opens = network.nodes, network.shifts[shift].window[0]
    for count in range(len(rests), -1, -1):
        for ahead in combinations(rests, count):
            over = rested_by([nodes[number] for number in ahead], opens)
            behind = [nodes[number] for number in rests if number not in ahead]
            if over <= begin and rested_by(behind, end) < NEVER:
                return list(ahead)
    return []


def _one_by_one(schedule: Schedule, shift: int, sequence: list[int]) -> set[str]:
    """Keep of a sequence what fits, task by task in its order; only tasks wholly on this shift."""
    network, dropped = schedule.network, set()
    kept = set(network.breaks[shift])
    for number in sequence:
        if network.nodes[number].kind == "break" or number in kept:
            continue
        nodes = network.bundles[network.nodes[number].task].nodes
        trial = kept | set(nodes)
        stops = [n for n in sequence if n in trial]
        has_room = set(nodes) <= set(sequence) and with_room(network, shift, stops) == stops
        if has_room and schedule.settle({shift: stops}):
            kept = trial
        else:
            dropped.add(network.nodes[number].id)
    return dropped
