"""The problem compiled for timing: numbered nodes, travel rows, links between starts, who may serve what."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import replace

from dispatch.objective import MANDATORY_UNSERVED
from dispatch.places import Place
from dispatch.problem import Problem
from dispatch.shifts import Break, Shift
from dispatch.tasks import Delivery, Pin, Task, Visit
from dispatch.timing.nodes import Bundle, Node
from dispatch.travel import Table, tables


class Network:
    """All nodes and rules of one problem. Immutable once made; schedules refer to it by number."""

    def __init__(
        self, problem: Problem, travel: Mapping[str, Table] | None = None, dimensions: Iterable[str] = ()
    ) -> None:
        """`travel` may be handed on from a network over the same places. `dimensions` are named besides those of the
        problem's deliveries."""
        self.problem = problem
        self.travel = dict(travel) if travel is not None else tables(problem)
        self.shifts = problem.shifts
        self.rows = [self.travel[shift.mode] for shift in problem.shifts]
        self.starts = [problem.place_index[shift.start] for shift in problem.shifts]
        self.ends = [None if s.end is None else problem.place_index[s.end] for s in problem.shifts]
        names = sorted({name for delivery in problem.deliveries for name in delivery.load} | set(dimensions))
        self.dimensions = names
        self.capacities = [tuple(shift.capacity.get(name, 0) for name in names) for shift in problem.shifts]
        self.shift_index = {shift.id: index for index, shift in enumerate(problem.shifts)}
        self.shifts_of: dict[str, list[int]] = defaultdict(list)
        for index, shift in enumerate(problem.shifts):
            self.shifts_of[shift.caregiver].append(index)
        self.nodes: list[Node] = []
        self.bundles: list[Bundle] = []
        self.aboard = self._aboard()
        self._able_to: dict[tuple[object, ...], list[int]] = {}
        for task in problem.tasks.values():
            self._add(task)
        self.tasks = {bundle.task.id: index for index, bundle in enumerate(self.bundles)}
        self.node_of = {node.key: index for index, node in enumerate(self.nodes)}
        self.pinned_time: dict[int, int] = {}
        self.prefix: list[list[int]] = [[] for _ in problem.shifts]
        for pin in problem.pins:
            self._pin(pin)
        self._bar_late_pickups()
        self.links: dict[int, list[tuple[int, int]]] = defaultdict(list)
        self._link_crews()
        self._link_sequences()
        self.sources: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for source, targets in self.links.items():
            for target, seconds in targets:
                self.sources[target].append((source, seconds))
        self.groups = self._elders()
        self.coupled = bool(self.links or self.groups)
        self.same, self.different = self._relations()
        self.breaks = [
            [self._break(index, rest) for rest in shift.breaks_in_turn] for index, shift in enumerate(self.shifts)
        ]
        self.initial = [self._initial(shift) for shift in self.shifts]
        self.published = self._published()
        objective = problem.objective
        self.timed_cost = bool(
            objective.wait_second
            or (objective.moved_second and self.published)
            or any(node.late_weight is not None for node in self.nodes)
            or any(shift.overtime_after_seconds is not None for shift in self.shifts)
        )

    def _aboard(self) -> dict[str, tuple[int, int]]:
        return {
            entry.delivery: (index, entry.picked_up_seconds)
            for index, shift in enumerate(self.shifts)
            for entry in shift.aboard
        }

    def _add(self, task: Task) -> None:
        bonus, strange = self._bonus(task)
        for node in self._new_bundle(task):
            node.allowed = self._able_shifts(task, node)
            if node.kind != "pickup":
                node.bonus, node.strange = bonus, strange

    def _new_bundle(self, task: Task) -> list[Node]:
        number, first = len(self.bundles), len(self.nodes)
        binding = task.id in self.problem.binding
        penalty = MANDATORY_UNSERVED if binding else self.problem.objective.unserved * task.priority
        made = self._visit(task, number) if isinstance(task, Visit) else self._delivery(task, number)
        self.nodes.extend(made)
        self.bundles.append(Bundle(task, list(range(first, len(self.nodes))), penalty))
        if isinstance(task, Delivery) and len(made) == 2:
            made[0].partner, made[1].partner = first + 1, first
        for node in made:
            node.setup = self.problem.places[node.place].setup_seconds
        return made

    def _bonus(self, task: Task) -> tuple[dict[int, int], int]:
        """Cost of coming instead of the best preferred caregiver, by shift of the preferred ones, and of all others."""
        if not task.preferred or not self.problem.objective.unpreferred:
            return {}, 0
        best = max(task.preferred.values())
        weight = self.problem.objective.unpreferred
        return {
            index: weight * (best - bonus)
            for caregiver, bonus in task.preferred.items()
            for index in self.shifts_of.get(caregiver, ())
        }, weight * best

    def _able_shifts(self, task: Task, node: Node) -> list[int]:
        """The shifts that may serve a node. Nodes that ask the same share one list, which nobody changes."""
        load = frozenset(task.load.items()) if isinstance(task, Delivery) else frozenset()
        asked = (node.skills, frozenset(task.excluded), load, self.aboard.get(task.id))
        if asked not in self._able_to:
            able = [index for index, shift in enumerate(self.shifts) if self._able(task, node, shift)]
            self._able_to[asked] = able
        return self._able_to[asked]

    def _able(self, task: Task, node: Node, shift: Shift) -> bool:
        if not node.skills <= shift.skills or shift.caregiver in task.excluded:
            return False
        if isinstance(task, Delivery):
            if task.id in self.aboard:  # whether or not there is room for it
                return self.shifts[self.aboard[task.id][0]] is shift
            return shift.holds(task.load)
        return True

    def _visit(self, visit: Visit, number: int) -> list[Node]:
        place = self.problem.place_index[visit.place]
        leaves = place if visit.end is None else self.problem.place_index[visit.end]
        still = (0,) * len(self.dimensions)
        return [
            Node(
                "visit", visit.id, index, number, place, leaves, member.service_seconds, visit.windows,
                late_weight=visit.late_second, load=still, skills=member.skills,
            )
            for index, member in enumerate(visit.crew)
        ]  # fmt: skip

    def _delivery(self, delivery: Delivery, number: int) -> list[Node]:
        amount = tuple(delivery.load.get(name, 0) for name in self.dimensions)
        pickup_at = self.problem.place_index[delivery.pickup.place]
        dropoff_at = self.problem.place_index[delivery.dropoff.place]
        pickup = Node(
            "pickup", delivery.id, 0, number, pickup_at, pickup_at,
            delivery.pickup.service_seconds, delivery.pickup.windows, load=amount,
            skills=delivery.skills, direct=delivery.direct,
        )  # fmt: skip
        dropoff = Node(
            "dropoff", delivery.id, 0, number, dropoff_at, dropoff_at,
            delivery.dropoff.service_seconds, delivery.dropoff.windows, late_weight=delivery.late_second,
            load=tuple(-part for part in amount), skills=delivery.skills,
            max_ride=delivery.max_ride_seconds, direct=delivery.direct,
        )  # fmt: skip
        if delivery.id not in self.aboard:
            return [pickup, dropoff]
        dropoff.picked_up = self.aboard[delivery.id][1]
        return [dropoff]

    def _break(self, index: int, rest: Break) -> int:
        still = (0,) * len(self.dimensions)
        node = Node("break", rest.id, 0, -1, -1, -1, rest.seconds, (rest.window,), load=still, allowed=[index])
        self.nodes.append(node)
        return len(self.nodes) - 1

    def _initial(self, shift: Shift) -> tuple[int, ...]:
        loads = [self.problem.tasks[entry.delivery] for entry in shift.aboard]
        return tuple(
            sum(load.load.get(name, 0) for load in loads if isinstance(load, Delivery)) for name in self.dimensions
        )

    def _pin(self, pin: Pin) -> None:
        number = self.node_of[pin.stop.key]
        node = self.nodes[number]
        shift = self.shift_index[pin.shift]
        if pin.start_seconds is not None:
            node.windows = ((pin.start_seconds, pin.start_seconds),)
            node.late_weight = None
            self.pinned_time[number] = pin.start_seconds
        if pin.hold == "time":
            return
        held = [number] if node.partner < 0 else [number, node.partner]
        for other in held:
            self.nodes[other].allowed = [index for index in self.nodes[other].allowed if index == shift]
        if pin.hold == "prefix":
            self.prefix[shift].append(number)

    def _bar_late_pickups(self) -> None:
        """What is pinned to the head of a route, but its pickup behind it or not at all, no shift can serve."""
        for prefix in self.prefix:
            for rank, number in enumerate(prefix):
                node = self.nodes[number]
                if node.kind == "dropoff" and node.partner >= 0 and node.partner not in prefix[:rank]:
                    node.allowed = self.nodes[node.partner].allowed = []

    def _link(self, source: int, target: int, seconds: int) -> None:
        """start(target) ≥ start(source) + seconds, when both are served."""
        self.links[source].append((target, seconds))

    def _link_crews(self) -> None:
        for bundle in self.bundles:
            if isinstance(bundle.task, Visit) and len(bundle.nodes) > 1:
                least, most = bundle.task.stagger
                first, *others = bundle.nodes
                for other in others:
                    self._link(first, other, least)
                    self._link(other, first, -most)

    def _link_sequences(self) -> None:
        for relation in self.problem.relations:
            if relation.kind != "sequence":
                continue
            for earlier, later in zip(relation.of, relation.of[1:], strict=False):
                for one in self._ends_of(earlier, last=True):
                    for two in self._ends_of(later, last=False):
                        self._link(one, two, self.nodes[one].service + relation.gap[0])
                        self._link(two, one, -self.nodes[one].service - relation.gap[1])

    def _ends_of(self, task_id: str, *, last: bool) -> list[int]:
        bundle = self.bundles[self.tasks[task_id]]
        if isinstance(bundle.task, Visit):
            return bundle.nodes
        return [bundle.nodes[-1] if last else bundle.nodes[0]]

    def _elders(self) -> dict[int, list[int]]:
        """For each visit of an elder with several: all of that elder's visits, by task number."""
        by_elder: dict[str, list[int]] = defaultdict(list)
        for number, bundle in enumerate(self.bundles):
            if isinstance(bundle.task, Visit) and bundle.task.elder is not None:
                by_elder[bundle.task.elder].append(number)
        return {number: group for group in by_elder.values() if len(group) > 1 for number in group}

    def _relations(self) -> tuple[dict[int, list[int]], dict[int, list[int]]]:
        same: dict[int, list[int]] = defaultdict(list)
        different: dict[int, list[int]] = defaultdict(list)
        for relation in self.problem.relations:
            if relation.kind == "sequence":
                continue
            numbers = [self.tasks[task_id] for task_id in relation.of]
            chosen = same if relation.kind == "same_caregiver" else different
            for number in numbers:
                chosen[number].extend(other for other in numbers if other != number)
        return same, different

    def _published(self) -> dict[int, tuple[int, int]]:
        """The baseline's (shift, start) by node, where both still exist; shift −1 if that shift is gone."""
        if self.problem.baseline is None:
            return {}
        return {
            self.node_of[key]: (self.shift_index.get(shift, -1), start)
            for key, (shift, start) in self.problem.baseline.starts().items()
            if key in self.node_of
        }

    def altered(self, task: Task) -> Network:
        """A twin in which one task has other windows, load, ride or lateness: the same nodes otherwise."""
        twin = copy(self)
        twin.nodes = list(self.nodes)
        number = self.tasks[task.id]
        made = self._visit(task, number) if isinstance(task, Visit) else self._delivery(task, number)
        for index, new in zip(self.bundles[number].nodes, made, strict=True):
            old = self.nodes[index]
            if index in self.pinned_time:
                new.windows, new.late_weight = old.windows, None
            new.setup, new.allowed, new.partner = old.setup, old.allowed, old.partner
            new.bonus, new.strange = old.bonus, old.strange
            twin.nodes[index] = new
        twin.timed_cost = self.timed_cost or task.late_second is not None
        return twin

    def with_only(self, task: Task, places: tuple[Place, ...]) -> Network:
        """A network of one task that the problem does not have, its nodes as they would be there, and no shifts. They
        name their places by their index in `places`; who may serve them is left out."""
        twin = copy(self)
        visits, deliveries = ((task,), ()) if isinstance(task, Visit) else ((), (task,))
        twin.problem = replace(
            self.problem, places=places, visits=visits, deliveries=deliveries,
            shifts=(), relations=(), pins=(), baseline=None,
        )  # fmt: skip
        twin.nodes, twin.bundles, twin.prefix, twin.published = [], [], [], {}
        twin._new_bundle(task)  # noqa: SLF001  # its own kind
        return twin
