"""A delay in the state: whoever is late leaves her present stop later, and what hangs on it follows.

`Base` says what is delayed, and what must give way for it. Applied to the live tables, or to a twin of them.
"""

from __future__ import annotations

import numpy as np

from dispatch.errors import ChangeRefused, UnknownStop
from dispatch.live.excuse import excuse
from dispatch.live.kernels.delaying import catch_up, put_off, stand_at
from dispatch.live.kernels.promises import promise_all
from dispatch.live.kernels.searching import drop
from dispatch.live.seating import leg_of
from dispatch.live.values import Base, Endangered, StopKey
from dispatch.live.warm import Routes, Warm
from dispatch.live.writing import changed_shifts
from dispatch.plan import Plan, Route
from dispatch.search import columns as c


def observed(plan: Plan, key: StopKey, at: int, *, finished: bool) -> Base:
    """By how much a stop that was seen to start or end is late. Raises UnknownStop."""
    for route in plan.routes:
        for stop in route.stops[1:-1]:
            if stop.key == key:
                return Base(route.shift, max(0, at - (stop.departure if finished else stop.start)), behind=key)
    raise UnknownStop(*key)


def delayed(warm: Warm, base: Base) -> bool:
    """Take out and put off what a base says; False if a rule then breaks."""
    for one in base.excuses:
        excuse(warm, one)
    if base.loose:
        warm.rests.free(warm.number_of[base.shift], warm.now)
    number, leg = warm.number_of.get(base.shift, -1), left_late(warm, base)
    if leg >= 0 and base.late_seconds:
        warm.rests.reopen(number, int(warm.tables.state.rows[leg, c.DEP]))
        stand_at(*warm.tables.handles, leg)
    tasks = np.array([warm.tables.number[name] for name in base.taken_out], np.int64)
    if len(tasks) and not drop(*warm.tables.handles, tasks):
        return False
    if not base.late_seconds:
        return True
    resting, leaves = _is_resting(warm, base), _leaves(warm, base)
    return bool(put_off(*warm.tables.handles, number, base.late_seconds, resting, leaves))


def left_late(warm: Warm, base: Base) -> int:
    """The leg of the stop that was seen; −1 if none was."""
    if base.behind is None:
        return -1
    kind, name, member = base.behind
    return leg_of(warm.tables, name, kind, member)


def left_behind(warm: Warm, base: Base) -> int:
    """The leg that she leaves late: of the stop that was seen, or else of the last one to have begun by the plan."""
    return left_late(warm, base) if base.behind is not None else int(warm.tables.live.tails[warm.number_of[base.shift]])


def _leaves(warm: Warm, base: Base) -> int:
    """When a shift's caregiver was to leave for her first stop by the plan, if she has not reached it; else NEVER."""
    route = warm.routes.get(warm.number_of[base.shift])
    if route is None or base.behind is not None or route.stops[1].start <= warm.now:
        return c.NEVER
    return route.stops[0].departure


def _is_resting(warm: Warm, base: Base) -> bool:
    """Whether a shift's caregiver has begun a break behind her last stop that has begun."""
    route = warm.routes.get(warm.number_of[base.shift])
    starts = [stop for stop in route.stops[1:-1] if stop.start <= warm.now] if route is not None else []
    return base.behind is None and bool(starts) and starts[-1].kind == "break"


def written_late(warm: Warm, base: Base, before: np.ndarray) -> tuple[Routes, tuple[Endangered, ...]]:
    """The routes after a delay, as a plan can say them: nobody serves longer, who is late waits before her next stop. A
    box just fetched rides longer there than in truth: by how much too long. Raises ChangeRefused if breaks then cannot
    be where they were."""
    facts, state, live = warm.tables.handles
    changed = changed_shifts(warm.tables, before)
    if not base.late_seconds:
        return warm.written(changed), ()
    number = warm.number_of[base.shift]
    changed = sorted({*changed, number})
    for route in changed:
        warm.rests.put_off(route, warm.breaks(route))
    promise_all(facts, state, live)
    fetched, rides = _fetched(warm, base), warm.tables.facts.legs[:, c.RIDE]
    most = int(rides[fetched]) if fetched >= 0 else -1
    if most >= 0:
        rides[fetched] += base.late_seconds
    resting, leaves = _is_resting(warm, base), _leaves(warm, base)
    if not catch_up(facts, state, live, number, base.late_seconds, resting, leaves):
        raise ChangeRefused(["the breaks do not fit behind the delay"])
    routes = warm.written(changed)
    if most < 0:
        return routes, ()
    over = _rides(routes[number], warm.tables.ids[int(warm.tables.facts.legs[fetched, c.TASK])]) - most
    rides[fetched] = most
    found = _too_long(warm, base, fetched, over) if over > 0 else ()
    return routes, found


def _fetched(warm: Warm, base: Base) -> int:
    """The drop-off of what the late caregiver has just fetched; −1 if that is nothing."""
    facts = warm.tables.facts.legs
    leg = left_behind(warm, base)
    return int(facts[leg, c.PARTNER]) if leg < warm.tables.sentinels and facts[leg, c.KIND] == c.PICKUP else -1


def _rides(route: Route | None, name: str) -> int:
    """How long a delivery rides on a route."""
    stops = {stop.kind: stop for stop in route.stops if stop.id == name} if route is not None else {}
    return stops["dropoff"].arrival - stops["pickup"].departure if len(stops) > 1 else 0


def _too_long(warm: Warm, base: Base, fetched: int, over: int) -> tuple[Endangered, ...]:
    name = warm.tables.ids[int(warm.tables.facts.legs[fetched, c.TASK])]
    found = Endangered("max_ride", base.shift, "dropoff", name, 0, int(warm.tables.state.rows[fetched, c.START]), over)
    excuse(warm, found)
    return (found,)
