"""Recombination: OR-Tools chooses anew among all routes a search has met; its choice replaces the best if cheaper."""

from __future__ import annotations

from dispatch.exact.partition import Column, choose
from dispatch.search import columns as c
from dispatch.search.engine import Search
from dispatch.search.pool import PooledRoute

WORK = 2.0  # deterministic seconds of CP-SAT where iterations are counted
MOST_COLUMNS = 6_000  # the cheapest per stop are offered beyond


def recombine(search: Search, *, seconds: float, seed: int, counted: bool) -> bool:
    """Choose among the pool; True if the search's best became cheaper. Routes that hang together by crews or bonds stay
    as they are, and their tasks and shifts are not in play."""
    facts, pool = search.facts, search.pool
    present = pool.routes_of(search.best)
    kept = {number for number, route, _ in present if pool.bound[list(route.legs)].any()}
    free = [(route, cost) for number, route, cost in present if number not in kept]
    busy = {
        int(task) for number, route, _ in present if number in kept for task in facts.legs[list(route.legs), c.TASK]
    }
    offered = dict(free)
    for route, cost in sorted(pool.costs.items(), key=lambda entry: entry[1] / len(entry[0].legs)):
        if len(offered) >= MOST_COLUMNS:
            break
        offered.setdefault(route, cost)
    columns: list[Column] = []
    routes: list[PooledRoute] = []
    now = {route for route, _ in free}
    for route, cost in offered.items():
        tasks = frozenset(facts.legs[list(route.legs), c.TASK].tolist())
        if not tasks & busy:
            columns.append(Column(route.type_, tasks, cost, chosen=route in now))
            routes.append(route)
    if not columns:
        return False
    in_play = set().union(*(column.tasks for column in columns))
    penalties = {task: int(facts.tasks[task, c.PENALTY]) for task in in_play}
    chosen = choose(
        columns, penalties, _free_shifts(search, kept), seconds=seconds, seed=seed, work=WORK if counted else None
    )
    return chosen is not None and search.replace([routes[place] for place in chosen], kept)


def _free_shifts(search: Search, kept: set[int]) -> dict[int, int]:
    """How many routes of each type may be chosen."""
    counts: dict[int, int] = {}
    for number, type_ in enumerate(search.pool.types):
        if number not in kept:
            counts[type_] = counts.get(type_, 0) + 1
    return counts
