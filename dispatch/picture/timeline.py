"""The timeline: one row per shift, hours across; what is done when, and a label where it fits."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

from dispatch.picture.legend import colour
from dispatch.plan import Plan, Route, Stop
from dispatch.problem import Problem

ROW, LEFT, RIGHT, TOP = 34, 190, 28, 30
STEPS = (60, 300, 600, 1800, 3600, 7200, 14_400, 86_400)


def timeline_height(plan: Plan) -> int:
    """Pixels the timeline takes."""
    return TOP + ROW * len(plan.routes) + 24


def draw_timeline(problem: Problem, plan: Plan, width: int) -> str:
    """Rows for every route, in the plan's order."""
    if not plan.routes:
        return ""
    begin = min(route.stops[0].departure for route in plan.routes)
    end = max(route.stops[-1].arrival for route in plan.routes)
    step = next((step for step in STEPS if (end - begin) / step <= 14), max(1, (end - begin) // 10))
    begin -= begin % step
    end += -end % step
    scale = (width - LEFT - RIGHT) / max(1, end - begin)

    def x(second: int) -> float:
        return LEFT + (second - begin) * scale

    height = TOP + ROW * len(plan.routes)
    parts = [_hour(x(second), height, clock(second)) for second in range(begin, end + 1, step)]
    parts += [_row(problem, route, rank, x) for rank, route in enumerate(plan.routes)]
    return "".join(parts)


def _hour(x: float, height: int, label: str) -> str:
    return (
        f'<line x1="{x:.1f}" y1="{TOP - 6}" x2="{x:.1f}" y2="{height}" stroke="#e4e7eb"/>'
        f'<text x="{x:.1f}" y="{TOP - 12}" font-size="12" text-anchor="middle" fill="#52606d">{label}</text>'
    )


def clock(second: int) -> str:
    """Seconds of the horizon as hours and minutes."""
    return f"{second // 3600:02d}:{second % 3600 // 60:02d}"


def _row(problem: Problem, route: Route, rank: int, x: Callable[[int], float]) -> str:
    shift = problem.shift_of[route.shift]
    middle = TOP + ROW * rank + ROW / 2
    who = escape(f"{shift.caregiver} · {shift.mode}"[:28])
    parts = [
        _label(middle - 2, escape(shift.id[:22]), f'font-size="12.5" font-weight="600" fill="{colour(rank)}"'),
        _label(middle + 11, who, 'font-size="10.5" fill="#7b8794"'),
    ]
    clock_at = route.stops[0].departure
    for stop in route.stops[1:]:
        parts.append(_stop(stop, clock_at, rank, middle, x))
        clock_at = stop.departure
    return "".join(parts)


def _label(y: float, text: str, style: str) -> str:
    return f'<text x="24" y="{y:.1f}" {style}>{text}</text>'


def _stop(stop: Stop, left_at: int, rank: int, middle: float, x: Callable[[int], float]) -> str:
    ink = colour(rank)
    parts = []
    if stop.travel_seconds:
        parts.append(
            f'<line x1="{x(left_at):.1f}" y1="{middle:.1f}" x2="{x(stop.arrival):.1f}" y2="{middle:.1f}" '
            f'stroke="{ink}" stroke-width="3"/>'
        )
    if stop.start > stop.arrival:
        parts.append(
            f'<rect x="{x(stop.arrival):.1f}" y="{middle - 6:.1f}" width="{x(stop.start) - x(stop.arrival):.1f}" '
            f'height="12" fill="url(#wait)"/>'
        )
    wide = x(stop.departure) - x(stop.start)
    if stop.kind != "end" and wide > 0:
        rest = stop.kind == "break"
        fill = 'fill="url(#rest)" stroke="#7b8794"' if rest else f'fill="{ink}" stroke="#fff"'
        title = f"{stop.kind} {stop.id} {clock(stop.start)}–{clock(stop.departure)}"
        parts.append(
            f'<rect x="{x(stop.start):.1f}" y="{middle - 11:.1f}" width="{wide:.1f}" height="22" rx="3" {fill}>'
            f"<title>{escape(title)}</title></rect>"
        )
        if not rest and wide > 6.2 * len(stop.id) + 6:
            parts.append(
                f'<text x="{x(stop.start) + wide / 2:.1f}" y="{middle + 4:.1f}" font-size="11" '
                f'text-anchor="middle" fill="#fff">{escape(stop.id)}</text>'
            )
    return "".join(parts)
