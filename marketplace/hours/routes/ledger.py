"""What the ledger publishes to anybody, and the nights' cycles for those who watch over the branches."""

from dataclasses import asdict
from datetime import date
from typing import Annotated, Any

from litestar import Request, Response, get
from litestar.params import FromPath, FromQuery, QueryParameter

from marketplace.hours.ledger.cycles import READERS, cycle_for, names_of, nights_for
from marketplace.hours.ledger.roots import roots
from marketplace.hours.ledger.schemas import NightOut, NightPage, RootOut, RootPage
from marketplace.hours.ledger.showing import cycle_out
from marketplace.web.authentication import requires
from marketplace.web.dependencies import Acting, Tx
from marketplace.web.formats import file_answer, wanted
from timebank.cycles import cycle_csv

TAGS = ["ledger"]


@get("/v1/ledger/roots", tags=TAGS, operation_id="ledgerRoots", exclude_from_auth=True)
async def ledger_roots(
    tx: Tx,
    before: FromQuery[date | None] = None,
    limit: FromQuery[Annotated[int, QueryParameter(ge=1, le=400)]] = 31,
) -> RootPage:
    """The roots of past days, for anybody to keep: a statement or an export that does not fit them was changed."""
    found = await roots(tx, before=before, limit=limit)
    cursor = found[-1].on_day if len(found) == limit else None
    return RootPage(items=[RootOut(**asdict(one)) for one in found], next_before=cursor)


@get("/v1/ledger/cycles", tags=TAGS, guards=[requires(*READERS)], operation_id="ledgerCycles")
async def ledger_cycles(
    tx: Tx,
    actor: Acting,
    before: FromQuery[date | None] = None,
    limit: FromQuery[Annotated[int, QueryParameter(ge=1, le=400)]] = 31,
) -> NightPage:
    """The nights' cycles, summed over the branches that one may see: an officer her own, others all."""
    found = await nights_for(tx, actor=actor, before=before, limit=limit)
    cursor = found[-1].on_day if len(found) == limit else None
    return NightPage(items=[NightOut(**asdict(one)) for one in found], next_before=cursor)


@get("/v1/ledger/cycles/{day:date}", tags=TAGS, guards=[requires(*READERS)], operation_id="ledgerCycle")
async def ledger_cycle(request: Request[Any, Any, Any], day: FromPath[date], tx: Tx, actor: Acting) -> Response[Any]:
    """One night's cycle: gross, net and partners per branch; with `Accept` or `?format=csv` as CSV."""
    cycle, whole = await cycle_for(tx, day, actor=actor)
    if wanted(request, "json", "csv") == "csv":
        return file_answer(cycle_csv(cycle), "csv", name=f"cycle-{day}")
    return Response(cycle_out(cycle, await names_of(tx), whole=whole))


HANDLERS: list[Any] = [ledger_roots, ledger_cycles, ledger_cycle]
