"""Alerts of links whose banks do not agree."""

from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from marketplace.hours.ledger.schemas import CloseAlertIn
from marketplace.hours.links import alerts
from marketplace.hours.links.models import LinkAlert
from marketplace.hours.links.routes.operators import GUARDS
from marketplace.hours.links.schemas import LinkAlertList, LinkAlertOut
from marketplace.web.dependencies import Acting, Now, OnceGiven, Tx

TAGS = ["links"]
OfState = Annotated[Literal["open", "closed"], QueryParameter(name="state")]


def _out(alert: LinkAlert) -> LinkAlertOut:
    return LinkAlertOut.model_validate(alert.model_dump(include=set(LinkAlertOut.model_fields)))


@get("/v1/links/alerts", tags=TAGS, guards=GUARDS, operation_id="linkAlerts")
async def link_alerts(tx: Tx, of_state: FromQuery[OfState] = "open") -> LinkAlertList:
    """Links that are suspended because the two banks do not agree; an operator says what was done."""
    return LinkAlertList(items=[_out(one) for one in await alerts.alerts(tx, state=of_state)])


@post(
    "/v1/links/alerts/{alert_id:uuid}/close",
    tags=TAGS,
    guards=GUARDS,
    operation_id="closeLinkAlert",
    status_code=200,
)
async def close_link_alert(
    alert_id: FromPath[UUID], data: JSONBody[CloseAlertIn], tx: Tx, actor: Acting, now: Now, once: OnceGiven
) -> LinkAlertOut:
    """Say what was done about an alert. Books that differ again open another."""

    async def work() -> LinkAlertOut:
        return _out(await alerts.close_alert(tx, alert_id, note=data.note, actor=actor, now=now))

    return await once(tx, LinkAlertOut, work)


HANDLERS: list[Any] = [link_alerts, close_link_alert]
