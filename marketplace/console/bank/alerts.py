"""Alerts: what the program noticed and cannot mend; whoever may says what was done. Regulators look."""

from typing import Any

from litestar import Response, get

from marketplace.console.bank.frame import Asked, framed, opened
from marketplace.console.bank.naming import Reader, names_for
from marketplace.console.rendering import language
from marketplace.hours.alerts.service import alerts_for, may_close
from marketplace.web.dependencies import Home, Now, Tx

SHOWN_CLOSED = 50


@get("/console/alerts", include_in_schema=False)
async def show_alerts(request: Asked, tx: Tx, now: Now, platform: Home) -> Response[str]:
    """What is open with a form to close it, and what was closed, with what was done."""
    visitor = await opened(request, platform, "alerts")
    actor = visitor.actor
    waiting = await alerts_for(tx, actor=actor, state="open")
    closed = await alerts_for(tx, actor=actor, state="closed", limit=SHOWN_CLOSED)
    closers = {one.closed_by for one in closed if one.closed_by is not None}
    return framed(
        request,
        "alerts.html",
        visitor,
        "alerts",
        open=[(one, may_close(one, actor)) for one in waiting],
        closed=closed,
        names=await names_for(tx, (), closers, Reader(actor, now, language(request))),
    )


HANDLERS: list[Any] = [show_alerts]
