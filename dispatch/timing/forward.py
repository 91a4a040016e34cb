"""The forward pass: the earliest timing of one route under lower bounds given from outside.

All steps are monotone (a later departure never gives an earlier arrival), so repeating the pass with
raised bounds converges to the earliest schedule, or proves there is none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import permutations
from typing import NamedTuple

from dispatch.objective import priced
from dispatch.timing.network import Network
from dispatch.timing.nodes import Node

NEVER = 1 << 60


class Timing(NamedTuple):
    """One timed route. Lists run along its sequence, breaks included; `cost` holds what timing decides:
    lateness, waiting, overtime, moved seconds. A break outside the route (before or after) has side −1."""

    begin: int
    end: int
    starts: list[int]
    arrivals: list[int]
    sides: list[int]  # of breaks: 0 at the stop before, 1 at the stop after, -1 outside the route
    rest: int
    cost: int


EMPTY = Timing(0, 0, [], [], [], 0, 0)


def forward(
    network: Network, shift: int, sequence: list[int], bounds: Mapping[int, int], leave: int = 0
) -> Timing | None:
    """The earliest timing of a sequence, or None. `bounds` are earliest starts by node; `leave` the
    earliest departure. Rides and work limits are met by leaving a pickup or the start later."""
    if not any(network.nodes[number].kind != "break" for number in sequence):
        return EMPTY._replace(starts=[0] * len(sequence), arrivals=[0] * len(sequence), sides=[-1] * len(sequence))
    raised = dict(bounds)
    excess = None
    while True:
        timing = _pass(network, shift, sequence, raised, leave)
        if timing is None:
            return None
        late = _excess(network, shift, sequence, timing, raised)
        if late is None:
            return _put_off(network, shift, sequence, timing, raised)
        over, leave_at = late
        if excess is not None and over >= excess:
            return None  # a later departure no longer helps
        excess = over
        leave = max(leave, leave_at)


def _put_off(network: Network, shift: int, sequence: list[int], timing: Timing, bounds: Mapping[int, int]) -> Timing:
    """The same route begun later, where that saves overtime, ends no later and moves no stop that others wait for."""
    after = network.shifts[shift].overtime_after_seconds
    over = 0 if after is None else timing.end - timing.begin - timing.rest - after
    if over <= 0 or not network.problem.objective.overtime_second:
        return timing
    leave = timing.begin + over
    for _ in range(3):  # each trial gives up what made the end later; the second or third is exact
        trial = _pass(network, shift, sequence, bounds, leave)
        if trial is not None and trial.end <= timing.end:
            kept = trial.cost < timing.cost and _same_for_others(network, sequence, timing, trial)
            return trial if kept and _excess(network, shift, sequence, trial, dict(bounds)) is None else timing
        leave -= over if trial is None else trial.end - timing.end
        if leave <= timing.begin:
            break
    return timing


def _same_for_others(network: Network, sequence: list[int], one: Timing, two: Timing) -> bool:
    """Whether the stops that crews, sequences or an elder's other visits wait for start as before."""
    return all(
        one.starts[index] == two.starts[index]
        for index, number in enumerate(sequence)
        if number in network.links or number in network.sources or network.nodes[number].task in network.groups
    )


def _excess(
    network: Network, shift: int, sequence: list[int], timing: Timing, raised: dict[int, int]
) -> tuple[int, int] | None:
    """The seconds by which rides and work exceed their limits; raises the bounds that may cure it."""
    total = 0
    for index, number in enumerate(sequence):
        node = network.nodes[number]
        if node.max_ride is None:
            continue
        if node.picked_up is not None:
            over = timing.arrivals[index] - node.picked_up - node.max_ride
            if over > 0:
                return (NEVER, timing.begin)
            continue
        pickup = sequence.index(node.partner)
        left = timing.starts[pickup] + network.nodes[node.partner].service
        over = timing.arrivals[index] - left - node.max_ride
        if over > 0:
            total += over
            raised[node.partner] = max(raised.get(node.partner, 0), timing.starts[pickup] + over)
    longest = network.shifts[shift].longest_work_seconds
    leave = timing.begin
    if longest is not None:
        over = timing.end - timing.begin - timing.rest - longest
        if over > 0:
            total += over
            leave += over
    return (total, leave) if total else None


def _pass(network: Network, shift: int, sequence: list[int], bounds: Mapping[int, int], leave: int) -> Timing | None:
    nodes = network.nodes
    opens, closes = network.shifts[shift].window
    starts, arrivals, sides = [0] * len(sequence), [0] * len(sequence), [-1] * len(sequence)
    seconds = network.rows[shift].seconds
    departure, place, begin, rest, cost = max(opens, leave), network.starts[shift], -1, 0, 0
    pending: list[int] = []
    for index, number in enumerate(sequence):
        node = nodes[number]
        if node.kind == "break":
            pending.append(index)
            continue
        if begin < 0:
            departure, pending = max(departure, rested_by([nodes[sequence[slot]] for slot in pending], opens)), []
        travel = seconds[place][node.place]
        arrival = departure + travel
        if pending:
            rests = [nodes[sequence[slot]] for slot in pending]
            crossed = cross(rests, [bounds.get(sequence[slot], 0) for slot in pending], departure, travel)
            if crossed is None:
                return None
            arrival = crossed[0]
            for slot, (reached, begun, side) in zip(pending, crossed[1], strict=True):
                arrivals[slot], starts[slot], sides[slot] = reached, begun, side
            rest += sum(taken.service for taken in rests)
            pending = []
        setup = node.setup if begin < 0 or place != node.place else 0
        start = node.opens(max(arrival + setup, bounds.get(number, 0)))
        if start is None or start > closes:
            return None
        if begin < 0:
            begin = start - setup - travel
            arrival = start - setup
        arrivals[index], starts[index] = arrival, start
        cost += _stop_cost(network, shift, number, start, start - arrival - setup)
        departure, place = start + node.service, node.leaves
    home = network.ends[shift]
    end = departure if home is None else departure + seconds[place][home]
    if end > closes or rested_by([nodes[sequence[slot]] for slot in pending], end) == NEVER:
        return None
    cost += _overtime(network, shift, end - begin - rest)
    return Timing(begin, end, starts, arrivals, sides, rest, cost)


def rested_by(rests: Sequence[Node], clock: int) -> int:
    """When breaks outside the route that are taken from `clock` on are over, in the best order; NEVER if one starts too
    late in every order."""
    if len(rests) < 2:
        return _in_turn(rests, clock)
    return min(_in_turn(order, clock) for order in permutations(rests))


def _in_turn(rests: Iterable[Node], clock: int) -> int:
    for rest in rests:
        clock = max(clock, rest.windows[0][0])
        if clock > rest.windows[0][1]:
            return NEVER
        clock += rest.service
    return clock


def cross(
    rests: list[Node], bounds: list[int], departure: int, travel: int
) -> tuple[int, list[tuple[int, int, int]]] | None:
    """Take breaks between two stops, none before its bound: the travel comes before one of them or after all. When
    the next stop is reached, at the earliest, and (arrival, start, side) of each break; None if no way fits."""
    best: tuple[int, list[tuple[int, int, int]]] | None = None
    for split in range(len(rests), -1, -1):
        clock, taken = departure, []
        for rank, rest in enumerate(rests):
            arrival = clock + (travel if rank == split else 0)
            start = max(arrival, rest.windows[0][0], bounds[rank])
            if start > rest.windows[0][1]:
                break
            taken.append((arrival, start, 1 if rank == split else 0))
            clock = start + rest.service
        else:
            ready = clock + (travel if split == len(rests) else 0)
            if best is None or ready < best[0]:
                best = (ready, taken)
    return best


def _stop_cost(network: Network, shift: int, number: int, start: int, wait: int) -> int:
    objective, node = network.problem.objective, network.nodes[number]
    cost = 0
    if node.late_weight is not None and start > node.windows[-1][1]:
        cost += objective.late_second * node.late_weight * (start - node.windows[-1][1])
    if objective.wait_second and wait:
        cost += priced(objective.wait_second, network.shifts[shift].cost.get("wait_second", 1), wait)
    if objective.moved_second and number in network.published:
        cost += objective.moved_second * abs(start - network.published[number][1])
    return cost


def _overtime(network: Network, shift: int, work: int) -> int:
    held = network.shifts[shift]
    if held.overtime_after_seconds is None or work <= held.overtime_after_seconds:
        return 0
    factor = held.cost.get("overtime_second", 1)
    return priced(network.problem.objective.overtime_second, factor, work - held.overtime_after_seconds)


def static_cost(network: Network, shift: int, sequence: list[int]) -> int:
    """What a sequence costs whatever its times: travel, the shift itself, preferences, moved stops."""
    objective, held = network.problem.objective, network.shifts[shift]
    table, place, total, used = network.rows[shift], network.starts[shift], 0, False
    seconds, metres = 0, 0
    for number in sequence:
        node = network.nodes[number]
        if node.kind == "break":
            continue
        used = True
        seconds += table.seconds[place][node.place]
        metres += table.metres[place][node.place]
        total += stop_preference(network, shift, number)
        place = node.leaves
    home = network.ends[shift]
    if not used:
        return 0
    if home is not None:
        seconds += table.seconds[place][home]
        metres += table.metres[place][home]
    amounts = {"travel_second": seconds, "travel_metre": metres, "shift_used": 1}
    return total + sum(
        priced(getattr(objective, term), held.cost.get(term, 1), amount) for term, amount in amounts.items()
    )


def travel_weights(network: Network, shift: int) -> tuple[float, float]:
    """The shift's cost per second and per metre of travel."""
    objective, factors = network.problem.objective, network.shifts[shift].cost
    return (
        objective.travel_second * factors.get("travel_second", 1),
        objective.travel_metre * factors.get("travel_metre", 1),
    )


def stop_preference(network: Network, shift: int, number: int) -> int:
    """What serving a node by this shift costs in preferences and in disturbing the baseline."""
    cost = network.nodes[number].bonus.get(shift, network.nodes[number].strange)
    if number in network.published and network.published[number][0] != shift:
        cost += network.problem.objective.moved_stop
    return cost
