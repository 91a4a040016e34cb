"""Searches in several processes tell one another of the best plan each has met."""

from __future__ import annotations

from queue import Empty, Full
from typing import Any

from dispatch.search.crossing import Parent

ROOM = 16  # plans that may wait for a search; it is told of no more until it has looked


def inboxes(context: Any, searches: int) -> list[Any]:
    """A queue of plans for each search, of a multiprocessing context."""
    return [context.Queue(ROOM) for _ in range(searches)]


class Mates:
    """What one search hears from and tells the others. It never waits for them: a plan for whom has not looked lately,
    or is gone, is dropped."""

    def __init__(self, boxes: list[Any], mine: int) -> None:
        self.mine = boxes[mine]
        self.others = [box for number, box in enumerate(boxes) if number != mine]
        self.told: int | None = None
        for box in self.others:
            box.cancel_join_thread()  # or this process could not end while nobody reads

    def tell(self, plan: Parent) -> None:
        """Tell the others of a plan if it is cheaper than what they were told before."""
        if self.told is not None and plan.cost >= self.told:
            return
        self.told = plan.cost
        for box in self.others:
            try:
                box.put_nowait(plan)
            except Full:
                continue

    def heard(self) -> list[Parent]:
        """The plans that the others told of since the last call."""
        plans: list[Parent] = []
        while True:
            try:
                plans.append(self.mine.get_nowait())
            except Empty:
                return plans
