"""Routes of the console: the day as a page and as what the page refreshes itself from."""

from typing import Any

from litestar import Request, Response, Router, get
from litestar.exceptions import ValidationException
from litestar.params import FromQuery
from litestar.response import Redirect

from marketplace.base.actor import STAFF, Actor, Role
from marketplace.base.errors import DomainError, NotSignedIn, Unknown
from marketplace.console import files
from marketplace.console.bank import alerts, branches, cycles, members, students
from marketplace.console.bank.counter import page as counter
from marketplace.console.bank.giving import decisions, grants, monthly, orders
from marketplace.console.day.districts import chosen, day_of, districts_for
from marketplace.console.day.lines import clock
from marketplace.console.day.page import day_page
from marketplace.console.day.reading import read_rows
from marketplace.console.public import certificates
from marketplace.console.rendering import language, page, render
from marketplace.console.sign_in import routes as sign_in
from marketplace.console.sign_in.visitor import CONSOLE, visitor_of
from marketplace.console.words import speaker
from marketplace.web.authentication import requires
from marketplace.web.dependencies import Acting, Home, Now, Tx
from marketplace.web.problem import status_of

FRAGMENTS = ("counts", "matters", "hours", "timeline", "unassigned", "exceptions", "visits")

Asked = Request[Any, Any, Any]


@get("/console/day", include_in_schema=False)
async def show_day(
    request: Asked,
    tx: Tx,
    now: Now,
    platform: Home,
    day: FromQuery[str | None] = None,
    district: FromQuery[str | None] = None,
) -> Response[Any]:
    """The dispatcher's page; a regulator is led on to hers."""
    visitor = await visitor_of(request, platform, roles=CONSOLE)
    if not visitor.actor.is_any(*STAFF):
        return Redirect(sign_in.home_of(request, visitor.actor), status_code=303, cookies=visitor.cookies)
    districts = await districts_for(tx, visitor.actor)
    here = chosen(districts, district)
    date = day_of(day, now)
    rows = await read_rows(tx, here, date, actor=visitor.actor, now=now)
    return page(
        request,
        "day.html",
        cookies=visitor.cookies,
        page=day_page(rows, speaker(language(request))),
        districts=districts,
        token=visitor.token,
        may=_may(visitor.actor),
        today=day_of(None, now),
    )


@get("/console/day.json", guards=[requires(*STAFF)], include_in_schema=False)
async def refresh_day(
    request: Asked,
    tx: Tx,
    actor: Acting,
    now: Now,
    day: FromQuery[str | None] = None,
    district: FromQuery[str | None] = None,
) -> Response[dict[str, Any]]:
    """What an open page takes over: the map's figures, each visit's panel, and the page's parts drawn anew."""
    here = chosen(await districts_for(tx, actor), district)
    say = speaker(language(request))
    found = day_page(await read_rows(tx, here, day_of(day, now), actor=actor, now=now), say)
    may = _may(actor)
    values = {"page": found, "may": may}
    names = [name for name in FRAGMENTS if name != "hours" or may["approve"]]
    body = {
        "as_of": say("as_of", time=clock(now)),
        "planning": found.planning(say),
        "map": found.drawn(),
        "panels": found.panels(say),
        "parts": {name: render(f"part_{name}.html", language(request), **values) for name in names},
    }
    return Response(body, headers={"Cache-Control": "no-store"})


def _may(actor: Actor) -> dict[str, bool]:
    """What the page offers; the API has the last word."""
    return {
        "plan": actor.is_any(Role.DISPATCHER),
        "approve": actor.is_any(Role.OFFICER),
        "bank": actor.is_any(Role.OFFICER, Role.OPERATOR),
        "reassign": actor.is_any(Role.DISPATCHER, Role.OPERATOR),
    }


def on_error(request: Asked, error: DomainError) -> Response[str]:
    """A page that says what was wrong."""
    return page(request, "error.html", status_code=status_of(type(error)), sentence=error.sentence(language(request)))


def on_malformed(request: Asked, _error: ValidationException) -> Response[str]:
    """A query that cannot be read is an address that does not exist."""
    return on_error(request, Unknown())


PAGES = Router(
    "/",
    route_handlers=[
        sign_in.entry,
        show_day,
        *certificates.HANDLERS,
        *branches.HANDLERS,
        *cycles.HANDLERS,
        *alerts.HANDLERS,
        *orders.HANDLERS,
        *decisions.HANDLERS,
        *grants.HANDLERS,
        *monthly.HANDLERS,
        *members.HANDLERS,
        *students.HANDLERS,
        *counter.HANDLERS,
    ],
    exception_handlers={
        NotSignedIn: sign_in.to_sign_in,
        DomainError: on_error,
        ValidationException: on_malformed,
    },
)

ROUTES: list[Any] = [PAGES, refresh_day, *sign_in.ROUTES, *files.ROUTES]
