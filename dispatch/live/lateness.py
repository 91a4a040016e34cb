"""Running late: a delay carried through a route and all that hangs on it, and what it breaks.

First as strictly as every change. Where that breaks a rule, on a twin of the tables in which windows, rides, shifts and
breaks have no end, so that it can be said by how much each is missed.
"""

from __future__ import annotations

from copy import copy
from dataclasses import replace

import numpy as np

from dispatch.errors import ChangeRefused, UnknownStop
from dispatch.live.kernels.delaying import catch_up, put_off, stand_at
from dispatch.live.kernels.handle import SHUT
from dispatch.live.kernels.promises import promise_all
from dispatch.live.kernels.searching import drop
from dispatch.live.moves import moves_between
from dispatch.live.proposing import proposals
from dispatch.live.values import Base, Endangered, Lateness, Proposal, StopKey
from dispatch.live.warm import Routes, Warm
from dispatch.live.writing import changed_shifts
from dispatch.live.yielding import open_tasks
from dispatch.plan import Plan, Route, Stop
from dispatch.problem import Problem
from dispatch.search import columns as c
from dispatch.shifts import Shift
from dispatch.tasks import Delivery


def lateness_of(warm: Warm, problem: Problem, base: Base, *, k: int, version: int) -> Lateness:
    """What a delay does to the plan; nothing is changed. Raises ChangeRefused if it reaches what has begun
    elsewhere."""
    if not base.late_seconds:
        return Lateness(base.shift, 0, (), (), (), version, base)
    before = warm.tables.state.rows.copy()
    twin = twin_of(warm, base, lenient=False)
    strict = delayed(twin, base)
    if not strict:
        twin = twin_of(warm, base, lenient=True)
        if not delayed(twin, base):
            raise ChangeRefused(["the delay reaches what has begun elsewhere"])
    after = twin.written(changed_shifts(twin.tables, before))
    planned = warm.before(after)
    broken = endangered(problem, planned, after)
    if not strict and not broken:
        raise ChangeRefused(["the delay breaks what no single stop is named for: a gap, a stagger, breaks in a row"])
    moves = moves_between(planned.values(), after.values())
    found = repairs(warm, base, broken, k=k, version=version)
    return Lateness(base.shift, base.late_seconds, moves, broken, found, version, base)


def observed(plan: Plan, key: StopKey, at: int, *, finished: bool) -> Base:
    """By how much a stop that was seen to start or end is late. Raises UnknownStop."""
    for route in plan.routes:
        for stop in route.stops[1:-1]:
            if stop.key == key:
                return Base(route.shift, max(0, at - (stop.departure if finished else stop.start)), behind=key)
    raise UnknownStop(*key)


def twin_of(warm: Warm, base: Base, *, lenient: bool) -> Warm:
    """A copy that may be changed at will, the caregiver where she was seen; `lenient`: one in which nothing that has
    not begun can be too late."""
    twin, tables = copy(warm), copy(warm.tables)
    facts, state, live = tables.facts, tables.state, tables.live
    tables.facts = facts._replace(
        **{name: getattr(facts, name).copy() for name in ("legs", "windows", "routes", "breaks", "tasks", "bonds")}
    )
    tables.state = state._replace(
        **{name: getattr(state, name).copy() for name in ("rows", "loads", "counters", "mark")}
    )
    tables.live = live._replace(
        **{
            name: getattr(live, name).copy()
            for name in ("legs", "promise", "begun", "tails", "counters", "best", "bears", "rested")
        }
    )
    tables.handles = (tables.facts.handle(), tables.state.handle(), tables.live.handle())
    twin.tables = tables
    twin.rests = warm.rests.over(tables.facts.breaks)
    twin.look_at(tables.state.rows)
    if (leg := _left_late(twin, base)) >= 0:
        stand_at(*tables.handles, leg)
    if lenient:
        _relax(twin)
    return twin


def _relax(warm: Warm) -> None:
    facts, shut, count = warm.tables.facts, warm.tables.live.legs, warm.tables.sentinels
    legs, routes = facts.legs, facts.routes
    facts.bonds[:, 3] = c.FOREVER
    open_ = np.flatnonzero(~warm.tables.live.begun)
    ends = warm.tables.live.windows[np.maximum(0, legs[open_, c.LAST_WINDOW] - 1), 1]
    legs[open_, c.SOFT] = np.minimum(legs[open_, c.SOFT], ends)
    legs[open_, c.CLOSE] = shut[open_, SHUT] = c.FOREVER
    legs[:count, c.RIDE] = -1
    routes[:, c.CLOSES] = routes[:, c.LONGEST] = c.FOREVER
    warm.rests.relax(warm.now)


def _is_resting(warm: Warm, base: Base) -> bool:
    """Whether a shift's caregiver has begun a break behind her last stop that has begun."""
    route = warm.routes.get(warm.number_of[base.shift])
    starts = [stop for stop in route.stops[1:-1] if stop.start <= warm.now] if route is not None else []
    return base.behind is None and bool(starts) and starts[-1].kind == "break"


def delayed(warm: Warm, base: Base) -> bool:
    """Take out and put off what a base says; False if a rule then breaks."""
    tasks = np.array([warm.tables.number[name] for name in base.taken_out], np.int64)
    if len(tasks) and not drop(*warm.tables.handles, tasks):
        return False
    if not base.late_seconds:
        return True
    number, leg = warm.number_of[base.shift], _left_late(warm, base)
    if leg >= 0:
        since = int(warm.tables.state.rows[leg, c.DEP])
        warm.rests.reopen(number, since, lenient=bool(warm.tables.facts.routes[number, c.CLOSES] == c.FOREVER))
        stand_at(*warm.tables.handles, leg)
    resting, leaves = _is_resting(warm, base), _leaves(warm, base)
    return bool(put_off(*warm.tables.handles, number, base.late_seconds, resting, leaves))


def _leaves(warm: Warm, base: Base) -> int:
    """When a shift's caregiver was to leave for her first stop by the plan, if she has not reached it; else NEVER."""
    route = warm.routes.get(warm.number_of[base.shift])
    if route is None or base.behind is not None or route.stops[1].start <= warm.now:
        return c.NEVER
    return route.stops[0].departure


def _left_late(warm: Warm, base: Base) -> int:
    """The leg of the stop that was seen; −1 if none was."""
    if base.behind is None:
        return -1
    kind, name, member = base.behind
    legs = warm.tables.legs_of(warm.tables.number[name])
    return legs[-1] if kind == "dropoff" else legs[member]


def written_late(warm: Warm, base: Base, before: np.ndarray) -> Routes:
    """The routes after a delay, as a plan can say them: nobody serves longer, who is late waits before her next stop.
    Raises ChangeRefused if breaks then cannot be where they were."""
    facts, state, live = warm.tables.handles
    changed = changed_shifts(warm.tables, before)
    if base.late_seconds:
        number = warm.number_of[base.shift]
        changed = sorted({*changed, number})
        for route in changed:
            warm.rests.put_off(route, warm.breaks(route))
        promise_all(facts, state, live)
        resting, leaves = _is_resting(warm, base), _leaves(warm, base)
        if not catch_up(facts, state, live, number, base.late_seconds, resting, leaves):
            raise ChangeRefused(["the breaks do not fit behind the delay"])
    return warm.written(changed)


def endangered(problem: Problem, before: Routes, after: Routes) -> tuple[Endangered, ...]:
    """What the delayed routes break that the plan's own do not, the earliest stop first."""
    held: dict[tuple[str, str, int], int | None] = {}
    for pin in problem.pins:
        held[pin.stop.kind, pin.stop.id, pin.stop.member] = pin.start_seconds
    found: list[Endangered] = []
    for number, route in after.items():
        if route is not None:
            known = {
                (one.cause, one.kind, one.id, one.member): one.seconds for one in _broken(problem, before[number], held)
            }
            found.extend(
                one
                for one in _broken(problem, route, held)
                if one.seconds > known.get((one.cause, one.kind, one.id, one.member), 0)
            )
    return tuple(sorted(found, key=lambda one: (one.start, one.shift, one.id, one.member)))


def _broken(problem: Problem, route: Route | None, held: dict[tuple[str, str, int], int | None]) -> list[Endangered]:
    if route is None:
        return []
    shift = problem.shift_of[route.shift]
    picked = {entry.delivery: entry.picked_up_seconds for entry in shift.aboard}
    ends = {rest.id: rest.window[1] for rest in shift.breaks}
    over: list[tuple[str, Stop, int]] = []
    for stop in route.stops[1:-1]:
        if stop.kind == "break":
            over.append(("break", stop, stop.start - ends.get(stop.id, stop.start)))
            continue
        task = problem.tasks[stop.id]
        windows = task.windows if not isinstance(task, Delivery) else getattr(task, stop.kind).windows
        pinned = held.get(stop.key)
        over.append(("window", stop, stop.start - (windows[-1][1] if pinned is None else pinned)))
        if stop.kind == "pickup":
            picked[stop.id] = stop.departure
        elif isinstance(task, Delivery) and task.max_ride_seconds is not None:
            over.append(("max_ride", stop, stop.arrival - picked[stop.id] - task.max_ride_seconds))
    end = route.stops[-1]
    over.append(("shift_window", end, end.arrival - shift.window[1]))
    if shift.longest_work_seconds is not None:
        over.append(("max_work", end, route.work_seconds - shift.longest_work_seconds))
    over.extend(("break", replace(end, kind="break", id=name), late) for name, late in _owed(shift, route))
    return [
        Endangered(cause, route.shift, stop.kind, stop.id, stop.member, stop.start, seconds)  # type: ignore[arg-type]
        for cause, stop, seconds in over
        if seconds > 0
    ]


def _owed(shift: Shift, route: Route) -> list[tuple[str, int]]:
    """Breaks that are owed after the route's end, each with the seconds by which it then starts too late."""
    clock, home, found = shift.window[0], route.stops[-1].arrival, []
    taken = {stop.id for stop in route.stops if stop.kind == "break"}
    for rest in shift.breaks_in_turn:
        begins = max(clock, rest.window[0])
        if rest.id in taken:
            continue
        if begins <= rest.window[1] and begins + rest.seconds <= route.stops[0].departure:
            clock = begins + rest.seconds
        else:
            begins = max(home, rest.window[0])
            found.append((rest.id, begins - rest.window[1]))
            home = begins + rest.seconds
    return found


def repairs(warm: Warm, base: Base, broken: tuple[Endangered, ...], *, k: int, version: int) -> tuple[Proposal, ...]:
    """Ways to serve the first endangered task elsewhere, with the delay; the others are left out as far as they must
    be."""
    tables, order = warm.tables, _in_danger(warm, base, broken)
    found = _rescue(warm, base, order)
    if found is None:
        return ()
    twin, trial = found
    penalty = int(tables.facts.tasks[tables.number[order[0]], c.PENALTY])
    spent = twin.total() - warm.total() - penalty
    proposed = proposals(twin, tables.tasks[order[0]], k=k, version=version, base=trial)
    return tuple(replace(one, cost=one.cost + spent) for one in proposed)


def relieved(warm: Warm, base: Base, broken: tuple[Endangered, ...]) -> Base:
    """The delay without as many of the tasks that it endangers, and then of the others on those shifts, the last first,
    as must be for the rest to fit. Raises ChangeRefused."""
    if not broken:
        return base
    shifts = sorted({warm.number_of[one.shift] for one in broken})
    names = (warm.tables.ids[task] for task in reversed(open_tasks(twin_of(warm, base, lenient=False), shifts)))
    others = [name for name in names if not _was_seen(base, name)]
    found = _rescue(warm, base, tuple(dict.fromkeys([*_in_danger(warm, base, broken), *others])))
    if found is None:
        raise ChangeRefused(["what has begun cannot be kept with the delay"])
    return found[1]


def _in_danger(warm: Warm, base: Base, broken: tuple[Endangered, ...]) -> tuple[str, ...]:
    """The endangered tasks of which nothing has begun."""
    tables = twin_of(warm, base, lenient=False).tables
    names = dict.fromkeys(one.id for one in broken if one.kind in ("visit", "pickup", "dropoff"))
    return tuple(
        name
        for name in names
        if not any(tables.live.begun[tables.legs_of(tables.number[name])]) and not _was_seen(base, name)
    )


def _was_seen(base: Base, name: str) -> bool:
    """Whether a task has begun for sure, though a member of its crew whose start hangs on it may be still to come."""
    return base.behind is not None and base.behind[1] == name


def _rescue(warm: Warm, base: Base, order: tuple[str, ...]) -> tuple[Warm, Base] | None:
    """A twin with the delay in which the first of the endangered tasks is out, and as many more as must be for the rest
    to fit; None if that is not enough."""
    for count in range(1, len(order) + 1):
        trial = replace(base, taken_out=order[:count])
        twin = twin_of(warm, base, lenient=False)
        if delayed(twin, trial):
            return twin, trial
    return None
