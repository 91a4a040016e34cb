"""The picture as a page of one file: map and timeline linked, a stop's cost on a click, what is left out and why, the
indicators, and what differs from another plan. It asks nothing of any host; ids come from strangers and are escaped.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from dispatch.account.difference import Difference, difference
from dispatch.account.shares import cost_by_stop
from dispatch.account.words import Language, clock, difference_in_words, spoken, terms_in_words, unassigned_in
from dispatch.picture.drawing import figures, headline, map_drawing, timeline_drawing
from dispatch.picture.legend import label
from dispatch.picture.tags import Key, escaped, name_of
from dispatch.plan import Plan, Route, Stop
from dispatch.problem import Problem

POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
HERE = Path(__file__).parent


def html_page(problem: Problem | None, plan: Plan, *, language: Language = "en", against: Plan | None = None) -> str:
    """The page of a plan, valid for the problem if that is given. With `against`, a plan of the same problem, it tells
    what differs from it, and stops that changed wear a ring."""

    def say(zh: str, en: str) -> str:
        return escaped(spoken((zh, en), language))

    told = difference(problem, against, plan) if problem and against else None
    changed = _changed(told, plan)
    charts = f'<div class="wide">{timeline_drawing(problem, plan, changed, language)}</div>'
    if problem:
        charts = f'<div class="wide map">{map_drawing(problem, plan, changed, language)}</div>{charts}'
    hint = say("点选一站，看它的时间与花费。", "Choose a stop to see its times and what it costs.")
    return "".join([
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{say('排班方案', 'Plan')}</title><style>{_file('page.css')}</style></head><body><main>",
        f"<h1>{escaped(headline(problem, plan, language))}</h1><p>{escaped(figures(plan, language))}</p>",
        f'<div class="split"><div>{charts}</div>',
        f'<aside class="stop" id="stop" aria-live="polite"><p>{hint}</p></aside></div>',
        _unassigned(plan, language),
        _compared(told, language),
        _indicators(plan, language),
        f'<script type="application/json" id="stops">{_data(problem, plan, language)}</script>',
        f"<script>{_file('page.js')}</script></main></body></html>\n",
    ])  # fmt: skip


def _file(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")


def _changed(told: Difference | None, plan: Plan) -> set[Key]:
    if told is None:
        return set()
    changes = {(change.kind, change.id, change.member) for change in (*told.moved, *told.retimed)}
    return changes | {key for key in plan.starts() if key[1] in told.served}


def _table(title: str, head: Iterable[str], rows: Iterable[str]) -> str:
    body = "".join(rows)
    cells = "".join(f'<th scope="col">{name}</th>' for name in head)
    return f'<h2>{title}</h2><div class="wide"><table><tr>{cells}</tr>{body}</table></div>' if body else ""


def _unassigned(plan: Plan, language: Language) -> str:
    rows = (
        f"<tr><td>{escaped(entry.id)}</td><td>"
        + "<br>".join(f"<b>{escaped(reason.code)}</b> {escaped(reason.detail)}" for reason in entry.reasons)
        + f"</td><td>{escaped(str((entry.nearest_change or {}).get('detail', '')))}</td></tr>"
        for entry in (unassigned_in(language, one) for one in plan.unassigned)
    )
    pairs = (("未排", "Not served"), ("原因", "Why"), ("可行的最小变动", "What would help"))
    heads = [spoken(pair, language) for pair in pairs]
    return _table(heads[0], heads, rows)


def _compared(told: Difference | None, language: Language) -> str:
    if told is None:
        return ""
    lines = "".join(f"<li>{escaped(line)}</li>" for line in difference_in_words(told, language))
    return f'<h2>{spoken(("与另一方案相比", "Against the other plan"), language)}</h2><ul id="difference">{lines}</ul>'


def _indicators(plan: Plan, language: Language) -> str:
    rows = (f"<tr><td>{escaped(name)}</td><td>{escaped(value)}</td></tr>" for name, value in _flat(plan.indicators))
    heads = [spoken(("指标", "Indicator"), language), spoken(("数值", "Value"), language)]
    return _table(heads[0], heads, rows)


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, str]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", str(value)


def _data(problem: Problem | None, plan: Plan, language: Language) -> str:
    """What the page tells of each stop, as JSON that cannot end its script element."""
    shares = {share.key: share for share in cost_by_stop(problem, plan).shares} if problem else {}
    told = {}
    for route in plan.routes:
        for stop in route.stops:
            if stop.kind in ("visit", "pickup", "dropoff"):
                rows = _rows(problem, route, stop, language)
                share = shares.get(stop.key)
                if share is not None:
                    own, shared = (terms_in_words(terms, language) for terms in (share.own, share.shared))
                    rows.append((spoken(("花费", "cost"), language), str(share.total)))
                    rows.append((spoken(("本站", "its own"), language), own))
                    rows.append((spoken(("分摊", "shared by the route"), language), shared))
                told[name_of(stop.key)] = {"title": f"{label(stop.kind, language)} {stop.id}", "rows": rows}
    text = json.dumps(told, ensure_ascii=False)
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _rows(problem: Problem | None, route: Route, stop: Stop, language: Language) -> list[tuple[str, str]]:
    who = f"{problem.shift_of[route.shift].caregiver} ({route.shift})" if problem else route.shift
    values = (
        (("谁", "who"), who),
        (("到达", "arrives"), clock(stop.arrival)),
        (("准备", "setup"), clock(stop.setup_seconds)),
        (("等待", "waits"), clock(stop.wait)),
        (("开始", "starts"), clock(stop.start)),
        (("离开", "leaves"), clock(stop.departure)),
        (("路上", "way"), f"{clock(stop.travel_seconds)}, {stop.travel_metres} m"),
    )
    return [(spoken(pair, language), value) for pair, value in values]
