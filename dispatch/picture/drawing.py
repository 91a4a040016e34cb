"""The picture as an SVG of its own, and the two drawings it consists of."""

from __future__ import annotations

from collections.abc import Container

from dispatch.picture.legend import defs, legend
from dispatch.picture.map import draw_map
from dispatch.picture.tags import Key, escaped
from dispatch.picture.timeline import draw_timeline, timeline_height
from dispatch.plan import Plan
from dispatch.problem import Problem
from dispatch.sentences import count_of

WIDTH, MAP_HEIGHT, HEAD, LEGEND = 1200, 560, 64, 66


def svg_picture(problem: Problem | None, plan: Plan, *, language: str = "en", changed: Container[Key] = ()) -> str:
    """The picture as one SVG document; without the problem there are no places, so no map."""
    frame = MAP_HEIGHT if problem else 0
    height = HEAD + frame + LEGEND + timeline_height(plan)
    title = headline(problem, plan, language)
    inner = draw_map(problem, plan, WIDTH, MAP_HEIGHT, language, changed) if problem else ""
    rows = draw_timeline(problem, plan, WIDTH, language, changed)
    parts = [
        _opening(height),
        f"<title>{escaped(title)}</title>",
        defs(),
        f'<rect width="{WIDTH}" height="{height}" class="paper" fill="#fcfcfa"/>',
        _line(30, title, 'font-size="20" font-weight="600" class="ink" fill="#1f2933"'),
        _line(52, figures(plan, language), 'font-size="13" class="soft" fill="#52606d"'),
        f'<g transform="translate(0 {HEAD})">{inner}</g>',
        f'<g transform="translate(24 {HEAD + frame + 14})">{legend(language)}</g>',
        f'<g transform="translate(0 {HEAD + frame + LEGEND})">{rows}</g>',
        "</svg>\n",
    ]
    return "\n".join(parts)


def map_drawing(problem: Problem, plan: Plan, changed: Container[Key], language: str) -> str:
    """The map alone."""
    return f"{_opening(MAP_HEIGHT)}{draw_map(problem, plan, WIDTH, MAP_HEIGHT, language, changed)}</svg>"


def timeline_drawing(problem: Problem | None, plan: Plan, changed: Container[Key], language: str) -> str:
    """Legend and timeline alone."""
    inner = draw_timeline(problem, plan, WIDTH, language, changed)
    return (
        f"{_opening(LEGEND + timeline_height(plan))}{defs()}"
        f'<g transform="translate(24 14)">{legend(language)}</g><g transform="translate(0 {LEGEND})">{inner}</g></svg>'
    )


def _opening(height: int) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" '
        f'height="{height}" font-family="system-ui, sans-serif" role="group">'
    )


def _line(y: int, text: str, style: str) -> str:
    return f'<text x="24" y="{y}" {style}>{escaped(text)}</text>'


def headline(problem: Problem | None, plan: Plan, language: str) -> str:
    """How much is served by how many."""
    asked = len(problem.tasks) if problem else len({key[1] for key in plan.starts()}) + len(plan.unassigned)
    served, shifts = asked - len(plan.unassigned), len(plan.routes)
    if language == "zh":
        return f"{shifts} 个班次服务 {served} / {asked} · {'可行' if plan.status == 'feasible' else '不可行'}"
    return f"{served} of {asked} served by {count_of(shifts, 'shift')} · {plan.status}"


def figures(plan: Plan, language: str) -> str:
    """Kilometres and hours in one line."""

    def hours(name: str) -> str:
        return f"{total(name) / 3600:.1f}"

    def total(name: str) -> int:
        return sum(route.totals.get(name, 0) for route in plan.routes)

    way, service, wait, work = (hours(f"{name}_seconds") for name in ("travel", "service", "wait", "work"))
    kilometres = f"{total('travel_metres') / 1000:.1f}"
    if language == "zh":
        return f"路程 {kilometres} 公里、{way} 小时 · 服务 {service} 小时 · 等待 {wait} 小时 · 工作 {work} 小时"
    return f"{kilometres} km and {way} h on the way · {service} h of service · {wait} h of waiting · {work} h of work"
