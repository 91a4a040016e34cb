"""What a readable problem asks for that nobody on the day can give: found before any search, named by pointer and
in words. Each is certain, whatever else is planned.

These are no faults of the document: the rest of the day can be planned, and the tasks named are left out of it.
"""

from __future__ import annotations

from dispatch.contradictions.alone import of_tasks
from dispatch.contradictions.needs import Day
from dispatch.contradictions.pins import of_pins
from dispatch.contradictions.relations import of_relations
from dispatch.errors import Fault
from dispatch.problem import Problem

__all__ = ["contradictions"]


def contradictions(problem: Problem) -> list[Fault]:
    """Tasks that no shift could ever serve (`visit v17 needs bath, no able shift on the day has it`); pins on shifts
    that may not serve what is pinned, or at times that leave no way; relations that cannot be kept. A pinned time
    stands in the place of windows."""
    day = Day(problem)
    alone = list(of_tasks(day))
    return [*alone, *of_pins(day), *of_relations(day, {fault.pointer for fault in alone})]
