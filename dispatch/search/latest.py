"""Latest starts: how late a stop may begin for everything behind it on its route, by hard windows alone.

Breaks, rides, crews and bonds are left out, so for plain problems the bound is exact and otherwise it is never too low.
"""

from __future__ import annotations

from dispatch.search.columns import (
    CLOSES,
    FIRST_WINDOW,
    FOREVER,
    LAST_WINDOW,
    LATEST,
    NEVER,
    PRED,
    ROUTE,
    SERVICE,
    SOFT,
    SUCC,
)
from dispatch.search.compiled import inner
from dispatch.search.state import BEHIND, touch
from dispatch.search.timing import way_seconds


@inner
def settle_behind(facts, state):
    """Bring the latest starts up to date, from each leg in `behind` towards its route's start."""
    rows, legs = state.rows, facts.legs
    sentinels = legs.shape[0] - 2 * facts.routes.shape[0]
    for place in range(state.counters[BEHIND]):
        leg = state.behind[place]
        while leg < sentinels and rows[leg, ROUTE] >= 0:
            latest = latest_start(facts, state, leg)
            if latest == rows[leg, LATEST]:
                break
            touch(state, leg)
            rows[leg, LATEST] = latest
            leg = rows[leg, PRED]
    state.counters[BEHIND] = 0


@inner
def latest_start(facts, state, leg):
    """The last start that hard windows behind it allow, were there no breaks, rides, crews or bonds."""
    legs, route = facts.legs, state.rows[leg, ROUTE]
    follower = state.rows[leg, SUCC]
    limit = state.rows[follower, LATEST] - way_seconds(facts, route, leg, follower) - legs[leg, SERVICE]
    return last_within(facts, leg, min(limit, facts.routes[route, CLOSES]))


@inner
def last_within(facts, leg, limit):
    """The last second up to a limit at which a leg may start; NEVER if there is none."""
    legs = facts.legs
    if legs[leg, SOFT] < FOREVER and limit > legs[leg, SOFT]:
        return limit
    for window in range(legs[leg, LAST_WINDOW] - 1, legs[leg, FIRST_WINDOW] - 1, -1):
        if facts.windows[window, 0] <= limit:
            return min(limit, facts.windows[window, 1])
    return NEVER
