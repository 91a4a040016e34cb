"""The timeline: one row per shift, hours across; what is done when, and a label where it fits."""

from __future__ import annotations

from collections.abc import Callable, Container
from itertools import pairwise

from dispatch.cost import lateness, overtime_seconds
from dispatch.picture.legend import CREW, LATE, colour, label
from dispatch.picture.tags import Key, escaped, tagged
from dispatch.plan import Plan, Route, Stop
from dispatch.problem import Problem
from dispatch.sentences import clock

ROW, LEFT, RIGHT, TOP = 34, 190, 28, 30
STEPS = (60, 300, 600, 1800, 3600, 7200, 14_400, 86_400)


def timeline_height(plan: Plan) -> int:
    """Pixels the timeline takes."""
    return TOP + ROW * len(plan.routes) + 24


def draw_timeline(problem: Problem | None, plan: Plan, width: int, language: str, changed: Container[Key] = ()) -> str:
    """Rows for every route, in the plan's order; crews joined by a line. Stops in `changed` wear a ring."""
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
    parts += [_row(problem, route, rank, x, changed, language) for rank, route in enumerate(plan.routes)]
    parts += _crews(plan, x)
    return "".join(parts)


def _hour(x: float, height: int, time: str) -> str:
    return (
        f'<line x1="{x:.1f}" y1="{TOP - 6}" x2="{x:.1f}" y2="{height}" class="rule" stroke="#e4e7eb"/>'
        f'<text x="{x:.1f}" y="{TOP - 12}" font-size="12" text-anchor="middle" class="soft" fill="#52606d">'
        f"{time}</text>"
    )


def _crews(plan: Plan, x: Callable[[int], float]) -> list[str]:
    """A dashed line from one member's start to the next one's."""
    members: dict[str, list[tuple[int, int, int]]] = {}
    for rank, route in enumerate(plan.routes):
        for stop in route.stops:
            if stop.kind == "visit":
                members.setdefault(stop.id, []).append((stop.member, rank, stop.start))
    return [
        f'<line class="crew" x1="{x(one[2]):.1f}" y1="{_middle(one[1]):.1f}" x2="{x(two[2]):.1f}" '
        f'y2="{_middle(two[1]):.1f}" stroke="{CREW}" stroke-width="2" stroke-dasharray="4 3"/>'
        for crew in members.values()
        for one, two in pairwise(sorted(crew))
    ]


def _middle(rank: int) -> float:
    return TOP + ROW * rank + ROW / 2


def _row(
    problem: Problem | None, route: Route, rank: int, x: Callable[[int], float], changed: Container[Key], language: str
) -> str:
    middle = _middle(rank)
    shift = problem.shift_of[route.shift] if problem else None
    who = escaped(f"{shift.caregiver} · {shift.mode}"[:28]) if shift else ""
    parts = [
        f'<g data-row="1" data-shift="{escaped(route.shift)}" tabindex="0">',
        _label(middle - 2, escaped(route.shift[:22]), f'font-size="12.5" font-weight="600" fill="{colour(rank)}"'),
        _label(middle + 11, who, 'font-size="10.5" fill="#7b8794"'),
        "</g>",
    ]
    clock_at = route.stops[0].departure
    for stop in route.stops[1:]:
        name = "" if stop.kind == "end" else label(stop.kind, language)
        bar = _stop(stop, name, clock_at, rank, middle, x) + (_late(problem, stop, middle, x) if problem else "")
        if stop.kind in ("break", "end"):
            parts.append(f'<g data-shift="{escaped(route.shift)}">{bar}</g>')
        else:
            parts.append(tagged(route.shift, stop, bar + _ring(stop, middle, x), changed=stop.key in changed))
        clock_at = stop.departure
    return "".join(parts) + (_overtime(problem, route, middle, x) if problem else "")


def _ring(stop: Stop, middle: float, x: Callable[[int], float]) -> str:
    wide = max(4.0, x(stop.departure) - x(stop.start))
    return (
        f'<rect class="ring" x="{x(stop.start) - 2:.1f}" y="{middle - 13:.1f}" width="{wide + 4:.1f}" height="26" '
        'rx="4" fill="none"/>'
    )


def _late(problem: Problem, stop: Stop, middle: float, x: Callable[[int], float]) -> str:
    """A red line under the seconds from the window's end to the start."""
    late = (lateness(problem, stop) or (0, 0))[0]
    if not late:
        return ""
    return (
        f'<line class="late" x1="{x(stop.start - late):.1f}" y1="{middle + 14:.1f}" x2="{x(stop.start):.1f}" '
        f'y2="{middle + 14:.1f}" stroke="{LATE}" stroke-width="4"><title>{clock(late)}</title></line>'
    )


def _overtime(problem: Problem, route: Route, middle: float, x: Callable[[int], float]) -> str:
    """A double red line over the last seconds of the route, as many as are overtime."""
    over = overtime_seconds(problem, route)
    if not over:
        return ""
    end = route.stops[-1].arrival
    return (
        f'<path class="overtime" d="M{x(end - over):.1f} {middle - 16:.1f} H{x(end):.1f} M{x(end - over):.1f} '
        f'{middle - 13:.1f} H{x(end):.1f}" stroke="{LATE}" stroke-width="1.5" fill="none">'
        f"<title>{clock(over)}</title></path>"
    )


def _label(y: float, text: str, style: str) -> str:
    return f'<text x="24" y="{y:.1f}" {style}>{text}</text>'


def _stop(stop: Stop, name: str, left_at: int, rank: int, middle: float, x: Callable[[int], float]) -> str:
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
        title = f"{name} {stop.id} {clock(stop.start)}–{clock(stop.departure)}"
        parts.append(
            f'<rect x="{x(stop.start):.1f}" y="{middle - 11:.1f}" width="{wide:.1f}" height="22" rx="3" {fill}>'
            f"<title>{escaped(title)}</title></rect>"
        )
        if not rest and wide > 6.2 * len(stop.id) + 6:
            parts.append(
                f'<text x="{x(stop.start) + wide / 2:.1f}" y="{middle + 4:.1f}" font-size="11" '
                f'text-anchor="middle" fill="#fff">{escaped(stop.id)}</text>'
            )
    return "".join(parts)
