"""A population of plans, each settled by a search of its own, to be crossed: what one search cannot leave any more,
another never met. It pays where the budget is many times what a search needs to settle; found on routing instances of
100 and 200 customers with long routes, where ten seconds settle one search forty times.
"""

from __future__ import annotations

import numpy as np

from dispatch.search.budget import Budget
from dispatch.search.crossing import Parent

MEMBERS = 12
MEMBER_SHARE = 0.025  # of the budget, to grow a member
CHILD_HEAT = 0.5  # first temperature of a child, in average costs of a stop
LEAST_ROUNDS = 2_500  # of the budget per task, or one search takes it all
SMALL = 200  # tasks; above, a search needs more rounds per task to settle: 1,000 customers had too few with 2,650


def is_worth_while(budget: Budget, tasks: int) -> bool:
    """Whether a budget lets so many searches settle."""
    return budget.whole >= LEAST_ROUNDS * tasks * max(1.0, tasks / SMALL)


class Population:
    """The cheapest plans met, no two of the same cost."""

    def __init__(self) -> None:
        self.members: list[Parent] = []

    def is_full(self) -> bool:
        """Whether there are enough members to cross."""
        return len(self.members) >= MEMBERS

    def two(self, draw: np.random.Generator) -> tuple[Parent, Parent]:
        """Two members at random."""
        one, two = draw.choice(len(self.members), 2, replace=False)
        return self.members[one], self.members[two]

    def take_in(self, plan: Parent) -> None:
        """Keep a plan if it is new; a full population loses its dearest."""
        if any(plan.cost == member.cost for member in self.members):
            return
        self.members.append(plan)
        if len(self.members) > MEMBERS:
            self.members.sort(key=lambda member: member.cost)
            self.members.pop()
