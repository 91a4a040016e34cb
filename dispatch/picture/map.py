"""The map: every route a line in its colour, stops numbered in driving order, what is not served crossed."""

from __future__ import annotations

import math
from collections.abc import Callable, Container

from dispatch.picture.legend import colour, dash, label
from dispatch.picture.tags import Key, escaped, tagged
from dispatch.plan import Plan, Route, Stop
from dispatch.problem import Problem
from dispatch.tasks import Delivery

MARGIN = 36
Point = tuple[float, float]


def draw_map(problem: Problem, plan: Plan, width: int, height: int, language: str, changed: Container[Key] = ()) -> str:
    """All routes in one frame, true to scale. Stops in `changed` (kind, id, member) wear a ring."""
    to_page = _projection(problem, width, height)
    parts = [
        f'<rect x="12" width="{width - 24}" height="{height}" rx="8" class="field" fill="#f1f4f2" stroke="#d9e2ec"/>'
    ]
    ways = [(rank, route, _points(problem, route, to_page)) for rank, route in enumerate(plan.routes)]
    parts += [_line(rank, points, route.shift) for rank, route, points in ways]
    parts += [_crossed(problem, entry.id, to_page, language) for entry in plan.unassigned]
    taken: dict[Point, int] = {}
    for rank, route, points in ways:
        parts.append(_start(rank, _beside(points[0], taken), route.shift))
        numbered = 0
        for stop, point in zip(route.stops[1:-1], points[1:-1], strict=True):
            if stop.kind != "break":
                numbered += 1
                mark = _mark(rank, stop, _beside(point, taken), f"{numbered}", language)
                parts.append(tagged(route.shift, stop, mark, changed=stop.key in changed))
    return "".join(parts)


def _projection(problem: Problem, width: int, height: int) -> Callable[[str], Point]:
    """Place id → page: equirectangular about the middle latitude, or the plane as it is."""
    raw = {place.id: place.lonlat or place.xy or (0.0, 0.0) for place in problem.places}
    globe = any(place.lonlat for place in problem.places)
    middle = sum(point[1] for point in raw.values()) / max(1, len(raw))
    squeeze = math.cos(math.radians(middle)) if globe else 1.0
    flat = {name: (lon * squeeze, -lat) for name, (lon, lat) in raw.items()}
    left, top = min(x for x, _ in flat.values()), min(y for _, y in flat.values())
    wide = max(x for x, _ in flat.values()) - left
    high = max(y for _, y in flat.values()) - top
    scale = min(
        (width - 2 * MARGIN - 24) / wide if wide else math.inf,
        (height - 2 * MARGIN) / high if high else math.inf,
    )
    scale = scale if math.isfinite(scale) else 1.0
    right, down = (width - wide * scale) / 2, (height - high * scale) / 2
    return lambda name: (right + (flat[name][0] - left) * scale, down + (flat[name][1] - top) * scale)


def _place(problem: Problem, stop: Stop, here: str) -> str:
    task = problem.tasks.get(stop.id)
    if stop.kind in ("start", "end", "break") or task is None:
        return here
    if isinstance(task, Delivery):
        return task.pickup.place if stop.kind == "pickup" else task.dropoff.place
    return task.place


def _points(problem: Problem, route: Route, to_page: Callable[[str], Point]) -> list[Point]:
    shift = problem.shift_of[route.shift]
    here, points = shift.start, []
    for stop in route.stops:
        here = (shift.end or here) if stop.kind == "end" else _place(problem, stop, here)
        points.append(to_page(here))
    return points


def _beside(point: Point, taken: dict[Point, int]) -> Point:
    """The point, or beside it if it carries a mark already: rows of six to the right."""
    rank = taken.get(point, 0)
    taken[point] = rank + 1
    return (point[0] + 18 * (rank % 6), point[1] + 19 * (rank // 6))


def _line(rank: int, points: list[Point], shift: str) -> str:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return (
        f'<polyline data-shift="{escaped(shift)}" points="{path}" fill="none" stroke="{colour(rank)}" '
        'stroke-width="2.2" '
        f'stroke-opacity="0.75" stroke-linejoin="round" stroke-dasharray="{dash(rank)}"/>'
    )


def _start(rank: int, point: Point, shift: str) -> str:
    x, y = point
    return (
        f'<path data-shift="{escaped(shift)}" d="M{x:.1f} {y - 9:.1f} l9 9 -9 9 -9 -9 Z" '
        f'fill="#fff" stroke="{colour(rank)}" stroke-width="2.5">'
        f"<title>{escaped(shift)}</title></path>"
    )


def _mark(rank: int, stop: Stop, point: Point, number: str, language: str) -> str:
    x, y = point
    fill = f'fill="{colour(rank)}" stroke="#fff" stroke-width="1.5"'
    shape = {
        "visit": f'<circle cx="{x:.1f}" cy="{y:.1f}" r="9" {fill}/>',
        "pickup": f'<path d="M{x - 10:.1f} {y + 8:.1f} l10 -19 10 19 Z" {fill}/>',
        "dropoff": f'<rect x="{x - 8:.1f}" y="{y - 8:.1f}" width="16" height="16" {fill}/>',
    }[stop.kind]
    return (
        f"<title>{escaped(f'{number}. {label(stop.kind, language)} {stop.id}')}</title>{shape}"
        f'<text x="{x:.1f}" y="{y + 3.6:.1f}" font-size="10" font-weight="600" text-anchor="middle" '
        f'fill="#fff">{number}</text><circle class="ring" cx="{x:.1f}" cy="{y:.1f}" r="13" fill="none"/>'
    )


def _crossed(problem: Problem, task_id: str, to_page: Callable[[str], Point], language: str) -> str:
    task = problem.tasks[task_id]
    x, y = to_page(task.dropoff.place if isinstance(task, Delivery) else task.place)
    title = f"{task_id}: {label('not served', language)}"
    return (
        f'<path d="M{x - 7:.1f} {y - 7:.1f} l14 14 M{x + 7:.1f} {y - 7:.1f} l-14 14" stroke="#c8553d" '
        f'stroke-width="3"><title>{escaped(title)}</title></path>'
    )
