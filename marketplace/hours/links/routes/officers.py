"""What a branch's officers do with payments to other banks that wait for a second person."""

from functools import partial
from typing import Annotated, Any
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from marketplace.base.actor import Role
from marketplace.hours.giving.schemas import BecauseIn, DecisionIn
from marketplace.hours.links import paying, requests
from marketplace.hours.links.models import PaymentRequest
from marketplace.hours.links.routes.members import relay_out
from marketplace.hours.links.schemas import PaymentRequestList, PaymentRequestOut, RelayOut, RequestState
from marketplace.web.authentication import requires
from marketplace.web.dependencies import Acting, Doing, Tx

TAGS = ["links"]
GUARDS = [requires(Role.OFFICER, Role.OPERATOR)]
decision = partial(post, tags=TAGS, guards=GUARDS, status_code=200)


def _out(request: PaymentRequest) -> PaymentRequestOut:
    return PaymentRequestOut.model_validate(request.model_dump(include=set(PaymentRequestOut.model_fields)))


@get("/v1/payment-requests", tags=TAGS, guards=GUARDS, operation_id="listPaymentRequests")
async def list_requests(
    tx: Tx,
    actor: Acting,
    only: FromQuery[Annotated[RequestState, QueryParameter(name="state")]] = "pending",
) -> PaymentRequestList:
    """Payments to other banks above the limit, by members of one's branches."""
    return PaymentRequestList(items=[_out(one) for one in await requests.requests_for(tx, actor=actor, state=only)])


@decision("/v1/payment-requests/{request_id:uuid}/approve", operation_id="approvePayment")
async def approve(request_id: FromPath[UUID], data: JSONBody[DecisionIn], act: Doing) -> RelayOut:
    """Agree to a payment, as another person than the payer: it goes its way."""

    async def work() -> RelayOut:
        return relay_out(await paying.approve(act.tx, request_id, actor=act.actor, now=act.now, reason=data.reason))

    return await act.once(RelayOut, work)


@decision("/v1/payment-requests/{request_id:uuid}/reject", operation_id="rejectPayment")
async def reject(request_id: FromPath[UUID], data: JSONBody[BecauseIn], act: Doing) -> PaymentRequestOut:
    """Do not agree: the minutes are the payer's again."""

    async def work() -> PaymentRequestOut:
        return _out(await requests.reject(act.tx, request_id, actor=act.actor, now=act.now, reason=data.reason))

    return await act.once(PaymentRequestOut, work)


HANDLERS: list[Any] = [list_requests, approve, reject]
