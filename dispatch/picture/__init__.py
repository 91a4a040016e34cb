"""A plan as one self-contained picture: the map of the routes above, a timeline per shift below.

Kinds of time differ by texture, height and outline as well as by colour, so that print and colour-blind
eyes tell them apart: service is solid and tall, travel a thin line, waiting dotted, a break hatched.
"""

from __future__ import annotations

from html import escape

from dispatch.picture.legend import defs, legend
from dispatch.picture.map import draw_map
from dispatch.picture.timeline import draw_timeline, timeline_height
from dispatch.plan import Plan
from dispatch.problem import Problem

__all__ = ["html_page", "svg_picture"]

WIDTH, MAP_HEIGHT, HEAD, LEGEND = 1200, 560, 64, 44


def svg_picture(problem: Problem, plan: Plan) -> str:
    """The picture as one SVG document."""
    height = HEAD + MAP_HEIGHT + LEGEND + timeline_height(plan)
    parts = [
        _opening(height),
        f"<title>{escape(_headline(problem, plan))}</title>",
        defs(),
        f'<rect width="{WIDTH}" height="{height}" fill="#fcfcfa"/>',
        _line(30, _headline(problem, plan), 'font-size="20" font-weight="600" fill="#1f2933"'),
        _line(52, _figures(plan), 'font-size="13" fill="#52606d"'),
        f'<g transform="translate(0 {HEAD})">{draw_map(problem, plan, WIDTH, MAP_HEIGHT)}</g>',
        f'<g transform="translate(24 {HEAD + MAP_HEIGHT + 14})">{legend()}</g>',
        f'<g transform="translate(0 {HEAD + MAP_HEIGHT + LEGEND})">{draw_timeline(problem, plan, WIDTH)}</g>',
        "</svg>\n",
    ]
    return "\n".join(parts)


def _opening(height: int) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" '
        f'height="{height}" font-family="system-ui, sans-serif" role="img">'
    )


def _line(y: int, text: str, style: str) -> str:
    return f'<text x="24" y="{y}" {style}>{escape(text)}</text>'


def html_page(problem: Problem, plan: Plan) -> str:
    """The picture in a page, with the unassigned tasks and their reasons listed below it."""
    rows = "".join(
        f"<tr><td>{escape(entry.id)}</td><td>"
        + "<br>".join(f"<b>{escape(r.code)}</b> {escape(r.detail)}" for r in entry.reasons)
        + f"</td><td>{escape(str((entry.nearest_change or {}).get('detail', '')))}</td></tr>"
        for entry in plan.unassigned
    )
    head = "<tr><th>Not served</th><th>Why</th><th>What would help</th></tr>"
    table = f"<table>{head}{rows}</table>" if rows else ""
    style = (
        "body{margin:0;background:#fcfcfa;font:14px/1.5 system-ui,sans-serif;color:#1f2933}"
        "main{max-width:1200px;margin:auto}svg{width:100%;height:auto}"
        "table{border-collapse:collapse;margin:16px 24px 48px}"
        "td,th{text-align:left;vertical-align:top;padding:6px 16px 6px 0;border-bottom:1px solid #d9e2ec}"
    )
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>Plan</title><style>{style}</style><main>{svg_picture(problem, plan)}{table}</main></html>\n"
    )


def _headline(problem: Problem, plan: Plan) -> str:
    asked = len(problem.tasks)
    return f"{asked - len(plan.unassigned)} of {asked} served by {len(plan.routes)} shifts · {plan.status}"


def _figures(plan: Plan) -> str:
    def total(name: str) -> int:
        return sum(route.totals.get(name, 0) for route in plan.routes)

    return (
        f"{total('travel_metres') / 1000:.1f} km and {total('travel_seconds') / 3600:.1f} h on the way · "
        f"{total('service_seconds') / 3600:.1f} h of service · {total('wait_seconds') / 3600:.1f} h of waiting · "
        f"{total('work_seconds') / 3600:.1f} h of work"
    )
