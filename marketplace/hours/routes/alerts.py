"""Routes of alerts: what waits for somebody to look at it, and saying what was done."""

from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from marketplace.base.actor import Role
from marketplace.hours.alerts import service
from marketplace.hours.alerts.models import Alert
from marketplace.hours.alerts.schemas import AlertList, AlertOut, CloseAlertIn
from marketplace.web.authentication import requires
from marketplace.web.dependencies import Acting, Now, OnceGiven, Tx

TAGS = ["ledger"]
OfState = Annotated[Literal["open", "closed"], QueryParameter(name="state")]


@get("/v1/ledger/alerts", tags=TAGS, guards=[requires(*service.READERS)], operation_id="listAlerts")
async def list_alerts(tx: Tx, actor: Acting, of_state: FromQuery[OfState] = "open") -> AlertList:
    """What the program noticed and cannot mend: a branch above its cap, a link that diverged. Nobody is refused for
    it. An officer sees those of her branches."""
    found = await service.alerts_for(tx, actor=actor, state=of_state)
    return AlertList(items=[_alert(one) for one in found])


@post(
    "/v1/ledger/alerts/{alert_id:uuid}/close",
    tags=TAGS,
    guards=[requires(Role.OPERATOR, Role.OFFICER)],
    operation_id="closeAlert",
    status_code=200,
)
async def close_alert(
    alert_id: FromPath[UUID], data: JSONBody[CloseAlertIn], tx: Tx, actor: Acting, now: Now, once: OnceGiven
) -> AlertOut:
    """Say what was done about an alert; a branch's debt is closed by operators alone. What happens again opens
    another."""

    async def work() -> AlertOut:
        return _alert(await service.close_alert(tx, alert_id, note=data.note, actor=actor, now=now))

    return await once(tx, AlertOut, work)


def _alert(alert: Alert) -> AlertOut:
    return AlertOut(**alert.model_dump(include=set(AlertOut.model_fields)))


HANDLERS: list[Any] = [list_alerts, close_alert]
