"""Timing along a route of a plain problem, where a stop starts as soon as it is reached and open, and nothing else."""

from __future__ import annotations

from dispatch.search.columns import (
    CLOSE,
    CLOSES,
    COST,
    COUNT,
    DEP,
    OPEN,
    PRED,
    ROUTE,
    SERVICE,
    START,
    SUCC,
    USED,
    WAY,
)  # fmt: skip
from dispatch.search.compiled import inner
from dispatch.search.facts import LIKED
from dispatch.search.state import TOTAL, touch
from dispatch.search.timing import way_seconds


@inner
def plain_walked(facts, state, leg):
    """Time a leg of a plain problem and go on along its route while starts change; False if one does not fit."""
    rows, legs = state.rows, facts.legs
    counters, liked = state.counters, facts.flags[LIKED]
    routes = facts.routes
    sentinels = legs.shape[0] - 2 * routes.shape[0]
    route = rows[leg, ROUTE]
    while True:
        pred = rows[leg, PRED]
        start, cost = rows[pred, DEP] + way_seconds(facts, route, pred, leg), rows[pred, WAY]
        if leg >= sentinels:
            if rows[leg - routes.shape[0], COUNT] == 0:
                cost = 0
            else:
                cost += routes[route, USED]
            if start > routes[route, CLOSES]:
                return False
        else:
            start = max(start, legs[leg, OPEN])
            if start > legs[leg, CLOSE] or start > routes[route, CLOSES]:
                return False
            if liked:
                cost += facts.liking[leg, route]
        if start == rows[leg, START] and cost == rows[leg, COST]:
            return True
        touch(state, leg)
        counters[TOTAL] += cost - rows[leg, COST]
        rows[leg, COST] = cost
        if start == rows[leg, START] or leg >= sentinels:
            rows[leg, START] = start
            return True
        rows[leg, START], rows[leg, DEP] = start, start + legs[leg, SERVICE]
        leg = rows[leg, SUCC]
