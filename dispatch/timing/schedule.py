"""A schedule: who serves what in which order, always timed to the earliest and always feasible.

A change is tried by `settle`: only the routes that changed, and those their crews and elders reach, are
timed again; if any rule breaks, everything is as it was.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from itertools import pairwise

from dispatch.timing.forward import EMPTY, Timing, forward, static_cost
from dispatch.timing.network import Network

MOST_PASSES_PER_ROUTE = 60  # a crew's circle that never settles is given up, not followed for ever


class Schedule:
    """Sequences and timings of all shifts. `shift_of` and `starts` of a node are −1 while it is not served."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.sequences: list[list[int]] = [list(rests) for rests in network.breaks]
        self.timings: list[Timing] = [EMPTY for _ in network.shifts]
        self.shift_of: list[int] = [-1] * len(network.nodes)
        self.bounds: dict[int, int] = {}
        self.fixed = [0] * len(network.shifts)
        self.starts = [-1] * len(network.nodes)

    def copy(self) -> Schedule:
        """An independent copy; timings are shared, for they are never changed."""
        twin = Schedule.__new__(Schedule)
        twin.network = self.network
        twin.sequences = [list(sequence) for sequence in self.sequences]
        twin.timings = list(self.timings)
        twin.shift_of = list(self.shift_of)
        twin.bounds = dict(self.bounds)
        twin.fixed = list(self.fixed)
        twin.starts = list(self.starts)
        return twin

    def restore(self, before: Schedule) -> None:
        """Be as a copy was."""
        self.sequences, self.timings, self.shift_of = before.sequences, before.timings, before.shift_of
        self.bounds, self.fixed, self.starts = before.bounds, before.fixed, before.starts

    def served(self, bundle: int) -> bool:
        """Whether a task is in the schedule (always as a whole)."""
        return self.shift_of[self.network.bundles[bundle].nodes[0]] >= 0

    def cost(self) -> int:
        """Everything the engine steers by: unserved, travel, lateness and the rest, fairness apart."""
        missing = sum(bundle.penalty for index, bundle in enumerate(self.network.bundles) if not self.served(index))
        return missing + sum(self.fixed) + sum(timing.cost for timing in self.timings)

    def unserved(self) -> list[int]:
        """The tasks left out, the costliest first."""
        found = [index for index in range(len(self.network.bundles)) if not self.served(index)]
        return sorted(found, key=lambda index: (-self.network.bundles[index].penalty, index))

    def settle(self, changed: Mapping[int, list[int]]) -> bool:
        """Put new sequences in place and time everything they touch. False, and nothing changed, if a
        rule on time breaks. Order, loads and skills are the caller's business."""
        bounds = dict(self.bounds)
        touched = {index: self._route(index) for index in changed}
        added = self._replace(changed)
        if self._fixpoint(list(changed), touched):
            for index in changed:
                self.fixed[index] = static_cost(self.network, index, self.sequences[index])
            return True
        for number in added:
            self.shift_of[number] = self.starts[number] = -1
        self.bounds = bounds
        for index, route in touched.items():
            self.sequences[index], self.timings[index], self.fixed[index] = route
            self._enter(index)
        return False

    def retime(self, shifts: Iterable[int], earliest: Mapping[int, int]) -> bool:
        """Time these shifts, which must be all that are coupled, afresh from earliest starts given by node (of breaks
        between two stops too). False, and nothing changed, if a rule on time breaks."""
        bounds, sequences = dict(self.bounds), {index: self.sequences[index] for index in shifts}
        for number in (number for sequence in sequences.values() for number in sequence):
            self.bounds.pop(number, None)
            self.starts[number] = -1  # a start of before must not push what is timed first
        self.bounds.update(earliest)
        done = self.settle(sequences)
        if not done:
            self.bounds = bounds
        return done

    def _route(self, index: int) -> tuple[list[int], Timing, int]:
        return (self.sequences[index], self.timings[index], self.fixed[index])

    def _enter(self, index: int) -> None:
        for number, start in zip(self.sequences[index], self.timings[index].starts, strict=False):
            if self.network.nodes[number].kind != "break":
                self.shift_of[number], self.starts[number] = index, start

    def _replace(self, changed: Mapping[int, list[int]]) -> list[int]:
        """Swap the sequences in; the nodes that were not served before."""
        stops = self.network.nodes
        before = {number for index in changed for number in self.sequences[index]}
        after = {number: index for index, sequence in changed.items() for number in sequence}
        for number in before - after.keys():
            self.shift_of[number] = self.starts[number] = -1
        for index, sequence in changed.items():
            self.sequences[index] = sequence
        for number, index in after.items():
            if stops[number].kind != "break":
                self.shift_of[number] = index
        return [number for number in after if number not in before]

    def _fixpoint(self, shifts: list[int], touched: dict[int, tuple[list[int], Timing, int]]) -> bool:
        budget = MOST_PASSES_PER_ROUTE * max(4, len(shifts))
        queue, queued = deque(shifts), set(shifts)
        passed: set[int] = set()
        while queue:
            budget -= 1
            index = queue.popleft()
            queued.discard(index)
            timing = forward(self.network, index, self.sequences[index], self.bounds)
            if timing is None or budget < 0:
                return False
            touched.setdefault(index, self._route(index))
            self.timings[index] = timing
            self._enter(index)
            if self.network.coupled:
                passed.add(index)
                pushed = [other for other in dict.fromkeys(self._follow(index)) if other not in queued]
                if not queue and not pushed:  # only settled starts tell which of an elder's visits comes first
                    pushed = list(dict.fromkeys(self._part_elders(passed)))
                queue.extend(pushed)
                queued.update(pushed)
        return True

    def _follow(self, index: int) -> list[int]:
        """Raise the bounds between this route's nodes and those linked with them; the routes to time again."""
        pushed: list[int] = []
        for number in self.sequences[index]:
            for other, seconds in self.network.links.get(number, ()):
                if self._raise(other, self.starts[number] + seconds):
                    pushed.append(self.shift_of[other])
            for source, seconds in self.network.sources.get(number, ()):
                if self.starts[source] >= 0 and self._raise(number, self.starts[source] + seconds):
                    pushed.append(index)
        return pushed

    def _raise(self, number: int, bound: int) -> bool:
        if self.shift_of[number] < 0 or self.starts[number] >= bound:
            return False
        self.bounds[number] = max(bound, self.bounds.get(number, 0))
        return True

    def _part_elders(self, shifts: Iterable[int]) -> list[int]:
        """Visits of one elder that overlap: the one that starts later waits for the other to be over."""
        pushed: list[int] = []
        for number in (number for index in sorted(shifts) for number in self.sequences[index]):
            group = self.network.groups.get(self.network.nodes[number].task)
            if group is not None and self.network.nodes[number].kind == "visit":
                pushed.extend(self._part(group))
        return pushed

    def _part(self, group: list[int]) -> list[int]:
        spans = sorted(span for task in group if (span := self._span(task)) is not None)
        pushed: list[int] = []
        for (_, over, _), (begin, _, later) in pairwise(spans):
            if begin < over:
                nodes = self.network.bundles[later].nodes
                pushed.extend(self.shift_of[number] for number in nodes if self._raise(number, over))
        return pushed

    def _span(self, task: int) -> tuple[int, int, int] | None:
        """From the first member's start to the last one's departure; None until all are timed."""
        nodes = self.network.bundles[task].nodes
        if any(self.starts[number] < 0 for number in nodes):
            return None
        ends = [self.starts[number] + self.network.nodes[number].service for number in nodes]
        return (min(self.starts[number] for number in nodes), max(ends), task)

    def remove(self, bundles: Iterable[int]) -> None:
        """Take tasks out. Removing never breaks a rule on time, save that a break or work limit may
        need the whole to be timed afresh, which is done."""
        gone = {number for bundle in bundles for number in self.network.bundles[bundle].nodes}
        changed = {self.shift_of[number] for number in gone} - {-1}
        for index in changed:
            self.sequences[index] = [number for number in self.sequences[index] if number not in gone]
            self.fixed[index] = static_cost(self.network, index, self.sequences[index])
        for number in gone:
            self.shift_of[number] = self.starts[number] = -1
        self.refresh(self.coupled(changed))

    def coupled(self, shifts: set[int]) -> set[int]:
        """These shifts and all that crews, sequences and elders tie to them, directly or not."""
        network, found, queue = self.network, set(shifts), list(shifts)
        while queue and network.coupled:
            for number in self.sequences[queue.pop()]:
                group = network.groups.get(network.nodes[number].task, ())
                tied = [node for task in group for node in network.bundles[task].nodes]
                tied += [other for other, _ in network.links.get(number, ())]
                tied += [other for other, _ in network.sources.get(number, ())]
                fresh = {self.shift_of[node] for node in tied} - found - {-1}
                found |= fresh
                queue.extend(fresh)
        return found

    def refresh(self, shifts: Iterable[int]) -> None:
        """Time these shifts afresh, without the bounds of what has gone. Tasks that no longer fit (travel
        tables need not keep the triangle inequality) are taken out, the cheapest first."""
        queue = sorted(shifts)
        while True:
            for index in queue:
                for number in self.sequences[index]:
                    self.bounds.pop(number, None)
                    self.starts[number] = -1
            if self._fixpoint(list(queue), {}):
                return
            tasks = {self.network.nodes[number].task for index in queue for number in self.sequences[index]}
            cheapest = min(tasks - {-1}, key=lambda task: (self.network.bundles[task].penalty, task))
            for number in self.network.bundles[cheapest].nodes:
                shift = self.shift_of[number]
                self.sequences[shift] = [other for other in self.sequences[shift] if other != number]
                self.fixed[shift] = static_cost(self.network, shift, self.sequences[shift])
                self.shift_of[number] = self.starts[number] = -1
