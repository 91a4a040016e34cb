"""A plan under way: what comes up during the day is answered in milliseconds.

A published plan is kept warm in the search's compiled state. Its starts are promises: a stop starts later only where a
change leaves no other way, and never earlier. New tasks take spare rows, so that nothing is compiled or copied for a
proposal. Every change is checked as a whole plan before it counts. No clock: times are arguments.
"""

from dispatch.live.plan import LivePlan
from dispatch.live.tables import Spare
from dispatch.live.values import Endangered, Lateness, Move, Placement, Proposal, Removal

__all__ = ["Endangered", "Lateness", "LivePlan", "Move", "Placement", "Proposal", "Removal", "Spare"]
