"""A night's cycle for officers, operators and regulators: who owed whom, as a picture, as a table of pairs, and line
by line; to be taken along as CSV or JSON."""

from datetime import date
from typing import Any

from litestar import Request, Response, get
from litestar.params import FromPath, FromQuery

from marketplace.console.bank.frame import framed, opened
from marketplace.console.bank.pairs import Pairs, pairs
from marketplace.console.day.districts import NoDay
from marketplace.console.rendering import language
from marketplace.hours.alerts.service import alerts_for
from marketplace.hours.ledger.cycles import cycle_for, names_of, nights_for
from marketplace.hours.ledger.schemas import CycleOut
from marketplace.hours.ledger.showing import cycle_out
from marketplace.web.dependencies import Home, Tx
from marketplace.web.formats import file_answer, wanted
from timebank.cycles import cycle_csv

SHADES = 4
SHOWN_NIGHTS = 31


@get("/console/cycles", include_in_schema=False)
async def show_cycles(
    request: Request[Any, Any, Any], tx: Tx, platform: Home, day: FromQuery[str | None] = None
) -> Response[str]:
    """The newest cycle, or that of a day, among the nights before it."""
    visitor = await opened(request, platform, "cycles")
    nights = await nights_for(tx, actor=visitor.actor, before=None, limit=SHOWN_NIGHTS)
    wanted = _day(day) or (nights[0].on_day if nights else None)
    found = None
    if wanted is not None:
        cycle, whole = await cycle_for(tx, wanted, actor=visitor.actor)
        found = cycle_out(cycle, await names_of(tx), whole=whole)
    zh = language(request) == "zh"
    alerts = await alerts_for(tx, actor=visitor.actor, state="open")
    return framed(
        request,
        "cycles.html",
        visitor,
        "cycles",
        cycle=found,
        nights=nights,
        names=_names(found, zh=zh),
        picture=_picture(found, zh=zh),
        matrix=matrix(found),
        alerts=[one for one in alerts if one.kind == "debt_above_cap"],
    )


@get("/console/cycles/{day:date}", include_in_schema=False)
async def take_cycle(request: Request[Any, Any, Any], day: FromPath[date], tx: Tx, platform: Home) -> Response[Any]:
    """A night as a file, for whoever may see the page: the same as the API gives out."""
    visitor = await opened(request, platform, "cycles")
    cycle, whole = await cycle_for(tx, day, actor=visitor.actor)
    form = wanted(request, "csv", "json")
    text = cycle_csv(cycle)
    if form == "json":
        text = cycle_out(cycle, await names_of(tx), whole=whole).model_dump_json(indent=2)
    answer = file_answer(text, form, name=f"cycle-{day}")
    for cookie in visitor.cookies:
        answer.set_cookie(cookie)
    return answer


def _day(text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError as error:
        raise NoDay from error


def _names(found: CycleOut | None, *, zh: bool) -> dict[str, str]:
    """How every branch and partner of the cycle is called, by district; the city is ``."""
    named = {} if found is None else {str(one.district_id): one for one in found.lines}
    called = {key: one.name_zh if zh else one.name_en for key, one in named.items()}
    for line in found.lines if found else ():
        for one in line.partners:
            called.setdefault(str(one.district_id or ""), one.name_zh if zh else one.name_en)
    return called


def _picture(found: CycleOut | None, *, zh: bool) -> Pairs:
    lines = found.lines if found else ()
    return pairs([(line.name_zh if zh else line.name_en, line.owes, line.is_owed) for line in lines])


def matrix(found: CycleOut | None) -> dict[str, dict[str, tuple[int, int]]]:
    """What each branch owes each partner net (row owes column), with a shade from 0 to 4; both by district."""
    nets = {
        str(line.district_id): {str(one.district_id or ""): max(0, one.net) for one in line.partners}
        for line in (found.lines if found else ())
    }
    most = max((net for row in nets.values() for net in row.values()), default=0) or 1
    return {
        branch: {partner: (net, -(-net * SHADES // most)) for partner, net in row.items()}
        for branch, row in nets.items()
    }


HANDLERS: list[Any] = [show_cycles, take_cycle]
