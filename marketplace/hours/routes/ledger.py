"""What the ledger publishes to anybody, and the nights' cycles and alerts for those who watch over the branches."""

from dataclasses import asdict
from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from marketplace.base.actor import Role
from marketplace.hours.ledger.alerts import alerts_for, close_alert
from marketplace.hours.ledger.cycles import READERS, cycle_for, names_of, nights_for
from marketplace.hours.ledger.models import DebtAlert
from marketplace.hours.ledger.roots import roots
from marketplace.hours.ledger.schemas import (
    AlertList,
    AlertOut,
    CloseAlertIn,
    NightOut,
    NightPage,
    RootOut,
    RootPage,
)
from marketplace.hours.ledger.showing import cycle_out
from marketplace.web.authentication import requires
from marketplace.web.dependencies import Acting, Now, OnceGiven, Tx
from marketplace.web.formats import file_answer, wanted
from timebank.cycles import cycle_csv

TAGS = ["ledger"]
OfState = Annotated[Literal["open", "closed"], QueryParameter(name="state")]


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


@get("/v1/ledger/alerts", tags=TAGS, guards=[requires(*READERS)], operation_id="debtAlerts")
async def debt_alerts(tx: Tx, actor: Acting, of_state: FromQuery[OfState] = "open") -> AlertList:
    """Branches that owe the others more than their cap. Nobody is refused for it; an operator says what was done."""
    found = await alerts_for(tx, actor=actor, state=of_state)
    return AlertList(items=[_alert(one) for one in found])


@post(
    "/v1/ledger/alerts/{alert_id:uuid}/close",
    tags=TAGS,
    guards=[requires(Role.OPERATOR)],
    operation_id="closeDebtAlert",
    status_code=200,
)
async def close_debt_alert(
    alert_id: FromPath[UUID], data: JSONBody[CloseAlertIn], tx: Tx, actor: Acting, now: Now, once: OnceGiven
) -> AlertOut:
    """Say what was done about an alert. A branch that is above its cap on a later night opens another."""

    async def work() -> AlertOut:
        return _alert(await close_alert(tx, alert_id, note=data.note, actor=actor, now=now))

    return await once(tx, AlertOut, work)


def _alert(alert: DebtAlert) -> AlertOut:
    return AlertOut(**alert.model_dump(include=set(AlertOut.model_fields)))


HANDLERS: list[Any] = [ledger_roots, ledger_cycles, ledger_cycle, debt_alerts, close_debt_alert]
