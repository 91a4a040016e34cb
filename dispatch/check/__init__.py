"""The independent judge of plans. It shares no code with the engine: only the problem, the plan, and the
travel tables are read, and every time, load, sum and cost is worked out again.
"""

from __future__ import annotations

from dispatch.check.bonds import (
    crew_complete,
    crew_stagger,
    different_caregiver,
    elder_overlap,
    same_caregiver,
    sequence_gap,
)
from dispatch.check.cargo import aboard, capacity, direct, max_ride, pickup_order
from dispatch.check.ledger import costs, status, totals
from dispatch.check.limits import breaks, overtime, shift_window, work
from dispatch.check.pins import pins
from dispatch.check.roster import excluded, membership, shapes, skills
from dispatch.check.times import clocks, travels, windows
from dispatch.check.violation import Violation
from dispatch.plan import Plan
from dispatch.problem import Problem

__all__ = ["Violation", "check"]

PER_PLAN = (
    travels, skills, excluded, clocks, windows, shift_window, breaks, work, overtime,
    capacity, pickup_order, max_ride, direct, aboard,
    crew_complete, crew_stagger, elder_overlap, same_caregiver, different_caregiver, sequence_gap,
    pins, status, totals, costs,
)  # fmt: skip


def check(problem: Problem, plan: Plan) -> list[Violation]:
    """Every constraint the plan breaks; empty means the plan is valid. A plan whose very shape is wrong
    (unknown ids, a stop twice, no start) is judged on that alone."""
    broken = [*shapes(problem, plan), *membership(problem, plan)]
    if broken:
        return broken
    return [violation for rule in PER_PLAN for violation in rule(problem, plan)]
