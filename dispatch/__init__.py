"""Dispatch: plans home visits and deliveries for a district's day. Pure values in and out; no clock but
the search's own limit, no database, no web. Publishable by itself.
"""

from dispatch.interrupt import answer_while_importing

answer_while_importing()  # before all that takes a second to import

# ruff: noqa: E402
from importlib import import_module
from typing import TYPE_CHECKING

from dispatch.account.difference import Difference, difference
from dispatch.account.shares import Breakdown, Share, cost_by_stop
from dispatch.check import Violation, check
from dispatch.contradictions import contradictions
from dispatch.document import dump_plan, dump_problem, parse_plan, parse_problem, read_plan, read_problem
from dispatch.errors import (
    ChangeRefused,
    DocumentInvalid,
    EngineFault,
    Fault,
    PlanInvalid,
    PlanUnfit,
    ProblemInvalid,
    StaleProposal,
    TaskRefused,
    UnknownStop,
    UnknownTask,
)
from dispatch.indicators import indicators
from dispatch.plan import Plan
from dispatch.problem import Problem

if TYPE_CHECKING:
    from dispatch.account.why import Why, why
    from dispatch.change import enact, improve, insert
    from dispatch.explaining import explain
    from dispatch.live import LivePlan
    from dispatch.proof import Bound, lower_bound
    from dispatch.solving import solve

# What searches or proves is loaded when it is first asked for: numba and OR-Tools take most of a second and 80 MB, and
# a program that only reads, checks and compares plans needs neither.
_LOADED_WHEN_ASKED_FOR = {
    "Bound": "dispatch.proof",
    "LivePlan": "dispatch.live",
    "Why": "dispatch.account.why",
    "enact": "dispatch.change",
    "explain": "dispatch.explaining",
    "improve": "dispatch.change",
    "insert": "dispatch.change",
    "lower_bound": "dispatch.proof",
    "solve": "dispatch.solving",
    "why": "dispatch.account.why",
}


def __getattr__(name: str) -> object:
    if name not in _LOADED_WHEN_ASKED_FOR:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_LOADED_WHEN_ASKED_FOR[name]), name)


__all__ = [
    "Bound",
    "Breakdown",
    "ChangeRefused",
    "Difference",
    "DocumentInvalid",
    "EngineFault",
    "Fault",
    "LivePlan",
    "Plan",
    "PlanInvalid",
    "PlanUnfit",
    "Problem",
    "ProblemInvalid",
    "Share",
    "StaleProposal",
    "TaskRefused",
    "UnknownStop",
    "UnknownTask",
    "Violation",
    "Why",
    "check",
    "contradictions",
    "cost_by_stop",
    "difference",
    "dump_plan",
    "dump_problem",
    "enact",
    "explain",
    "improve",
    "indicators",
    "insert",
    "lower_bound",
    "parse_plan",
    "parse_problem",
    "read_plan",
    "read_problem",
    "solve",
    "why",
]
