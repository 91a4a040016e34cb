"""What a change moves: the routes before and after, stop by stop."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from dispatch.live.values import Move
from dispatch.plan import PlanStopKind, Route
from dispatch.shifts import Shift

Key = tuple[str, str, int, str]  # kind, id, member; the shift of a break


def moves_between(before: Iterable[Route | None], after: Iterable[Route | None]) -> tuple[Move, ...]:
    """Every stop that starts at another time or on another shift, in the order of their new starts."""
    old, new = _starts(before), _starts(after)
    found = []
    for key in old.keys() | new.keys():
        was, now = old.get(key), new.get(key)
        if was == now:
            continue
        shift = now[0] if now else was[0] if was else ""
        from_shift = was[0] if was and now and was[0] != now[0] else None
        found.append(
            Move(
                cast("PlanStopKind", key[0]), key[1], key[2], shift,
                was[1] if was else None, now[1] if now else None, from_shift,
            )
        )  # fmt: skip
    return tuple(sorted(found, key=lambda move: (_when(move), move.shift, move.kind, move.id, move.member)))


def has_begun(move: Move, since: int, now: int) -> bool:
    """Whether a stop that was moved at a second has begun by now, before or after the move."""
    if move.kind == "break":  # nobody minds a rest regained, nor that one already over was told otherwise
        return move.before is not None and since < move.before <= now
    return any(start is not None and start <= now for start in (move.before, move.after))


def _when(move: Move) -> int:
    return move.after if move.after is not None else move.before or 0


def _starts(routes: Iterable[Route | None]) -> dict[Key, tuple[str, int]]:
    return {
        (stop.kind, stop.id, stop.member, route.shift if stop.kind == "break" else ""): (route.shift, stop.start)
        for route in routes
        if route is not None
        for stop in route.stops[1:-1]
    }


def overtime_seconds(shift: Shift, route: Route | None) -> int:
    """How long a shift works beyond its hours."""
    if route is None or shift.overtime_after_seconds is None:
        return 0
    return max(0, route.work_seconds - shift.overtime_after_seconds)
