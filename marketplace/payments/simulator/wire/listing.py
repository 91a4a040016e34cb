"""Lists as the provider pages them: newest first, cursors by id, at most 100, filters by time and by field."""

import json
from typing import Any

from marketplace.payments.simulator.desk import Body, Desk
from marketplace.payments.simulator.wire.errors import bad_parameter, missing
from marketplace.payments.simulator.wire.params import Params

COMPARISONS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


class Filter:
    """Conditions in SQL on `o` (objects) and what fills their placeholders."""

    def __init__(self, kind: str) -> None:
        self._conditions = ["o.kind = ?"]
        self._values: list[Any] = [kind]

    def where(self, condition: str, *values: Any) -> None:
        """Add a condition; its text is ours, values only ever fill placeholders."""
        self._conditions.append(condition)
        self._values.extend(values)

    def field(self, name: str, value: str | None) -> None:
        """Keep objects whose field equals the value; None keeps all."""
        if value is not None:
            self.where("json_extract(o.body, '$.' || ?) = ?", name, value)

    def rows(self, desk: Desk, *, forward: bool, limit: int, joined: str = "") -> list[Body]:
        """Read up to `limit` objects in the order asked for."""
        text = (
            f"SELECT o.body FROM objects o {joined} WHERE {' AND '.join(self._conditions)} "  # noqa: S608 - ours
            f"ORDER BY o.seq {'ASC' if forward else 'DESC'} LIMIT ?"
        )
        return [json.loads(row[0]) for row in desk.db.execute(text, (*self._values, limit))]


def page(desk: Desk, params: Params, chosen: Filter, *, url: str, joined: str = "") -> Body:
    """Answer one page. Takes limit, created, starting_after and ending_before, then refuses leftovers."""
    limit = params.whole("limit", most=100) or 10
    after, before = params.text("starting_after"), params.text("ending_before")
    _created(params, chosen)
    params.done()
    if after and before:
        raise bad_parameter("Use only one of starting_after and ending_before.", param="ending_before")
    if after:
        chosen.where("o.seq < ?", _place(desk, after, "starting_after"))
    if before:
        chosen.where("o.seq > ?", _place(desk, before, "ending_before"))
    found = chosen.rows(desk, forward=before is not None, limit=limit + 1, joined=joined)
    kept = found[:limit]
    data = kept[::-1] if before else kept
    return {"object": "list", "url": url, "has_more": len(found) > limit, "data": data}


def _created(params: Params, chosen: Filter) -> None:
    bounds = Params(params.mapping("created"))  # a bare created=T is not spoken here
    for name, sign in COMPARISONS.items():
        bound = bounds.whole(name, least=0, most=10**11)
        if bound is not None:
            chosen.where(f"o.created {sign} ?", bound)
    bounds.done()


def _place(desk: Desk, object_id: str, param: str) -> int:
    row = desk.db.execute("SELECT seq FROM objects WHERE id = ?", (object_id,)).fetchone()
    if row is None:
        raise missing("object", object_id, param=param)
    return int(row[0])
