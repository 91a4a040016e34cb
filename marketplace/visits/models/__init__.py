"""Tables of visits: who attends and when they work, what is attended, by whom, and the evidence of it."""

from marketplace.visits.models.assignments import ASSIGNMENT_STEPS, Assignment
from marketplace.visits.models.evidence import CheckEvent
from marketplace.visits.models.performers import Performer, Shift
from marketplace.visits.models.visits import STARTED, VISIT_STEPS, Visit

__all__ = ["ASSIGNMENT_STEPS", "STARTED", "VISIT_STEPS", "Assignment", "CheckEvent", "Performer", "Shift", "Visit"]
