"""Dispatch: plans home visits and deliveries for a district's day. Pure values in and out; no clock but
the search's own limit, no database, no web. Publishable by itself.
"""

from dispatch.interrupt import answer_while_importing

answer_while_importing()  # before all that takes a second to import

# ruff: noqa: E402
from dispatch.account.difference import Difference, difference
from dispatch.account.shares import Breakdown, Share, cost_by_stop
from dispatch.account.why import Why, why
from dispatch.change import enact, improve, insert
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
from dispatch.explain import explain
from dispatch.indicators import indicators
from dispatch.live import LivePlan
from dispatch.plan import Plan
from dispatch.problem import Problem
from dispatch.proof import Bound, lower_bound
from dispatch.solve import solve

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
