"""The three sets by name: how each is read, stated, handed over and judged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Generic, TypeVar

from dispatch.benchmarks.instances.lilim import LiLim, read_lilim
from dispatch.benchmarks.instances.mankowska import Mankowska, read_mankowska
from dispatch.benchmarks.instances.vrptw import Vrptw, read_vrptw
from dispatch.benchmarks.judges.lilim import judge_lilim
from dispatch.benchmarks.judges.mankowska import judge_mankowska
from dispatch.benchmarks.judges.score import Score
from dispatch.benchmarks.judges.vrptw import judge_vrptw
from dispatch.benchmarks.models.lilim import lilim_problem, lilim_routes
from dispatch.benchmarks.models.mankowska import mankowska_problem, mankowska_routes
from dispatch.benchmarks.models.vrptw import vrptw_problem, vrptw_routes
from dispatch.benchmarks.names import SetName
from dispatch.benchmarks.solutions import NodeRoutes, read_care, read_nodes, write_care, write_nodes
from dispatch.plan import Plan
from dispatch.problem import Problem

I = TypeVar("I")  # noqa: E741  # an instance


@dataclass(frozen=True)
class Family(Generic[I]):
    """A set of instances of one kind. `text` is the file of a plan's solution, `judge` reads such a text."""

    read: Callable[[Path], I]
    problem: Callable[[I], Problem]
    text: Callable[[I, Plan], str]
    judge: Callable[[I, str, str], Score]  # (instance, text, what the text is called in errors)
    suffix: str
    decimals: int  # of its published costs
    vehicles_first: bool = False


def _priced(routes: NodeRoutes, judge: Callable[[NodeRoutes], Score]) -> str:
    return write_nodes(replace(routes, cost=round(judge(routes).cost, 6)))


FAMILIES: dict[str, Family[Any]] = {
    SetName.VRPTW: Family[Vrptw](
        read=read_vrptw,
        problem=vrptw_problem,
        text=lambda instance, plan: _priced(vrptw_routes(plan), lambda routes: judge_vrptw(instance, routes)),
        judge=lambda instance, text, source: judge_vrptw(instance, read_nodes(text, source)),
        suffix=".sol",
        decimals=1,
    ),
    SetName.LILIM: Family[LiLim](
        read=read_lilim,
        problem=lilim_problem,
        text=lambda instance, plan: _priced(lilim_routes(plan), lambda routes: judge_lilim(instance, routes)),
        judge=lambda instance, text, source: judge_lilim(instance, read_nodes(text, source)),
        suffix=".sol",
        decimals=2,
        vehicles_first=True,
    ),
    SetName.MANKOWSKA: Family[Mankowska](
        read=read_mankowska,
        problem=mankowska_problem,
        text=lambda instance, plan: write_care(mankowska_routes(instance, plan)),
        judge=lambda instance, text, source: judge_mankowska(instance, read_care(text, source)),
        suffix=".json",
        decimals=3,
    ),
}
