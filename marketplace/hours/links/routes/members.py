"""A member's payments to members of other banks."""

from typing import Annotated, Any
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from marketplace.hours.links import paying, quoting
from marketplace.hours.links.models import PaymentRequest
from marketplace.hours.links.schemas import PaymentQuoteOut, RelayIn, RelayOut, RelayPage
from marketplace.hours.members.proxies import member_for
from marketplace.web.authentication import signed_in
from marketplace.web.dependencies import Acting, Home, Now, OnceGiven, Tx
from timebank.links import Relay

TAGS = ["links"]


def payment_out(found: Relay | PaymentRequest) -> RelayOut:
    """A payment as its member sees it."""
    return relay_out(found) if isinstance(found, Relay) else _request_out(found)


def _request_out(request: PaymentRequest) -> RelayOut:
    return RelayOut.model_validate(
        {
            "id": request.id,
            "direction": "out",
            "minutes": request.minutes,
            "payer": request.payer,
            "payee": request.payee,
            "state": request.state,
            "reason": request.decision,
            "prepared_at": request.asked_at,
            "expires_at": request.expires_at,
            "ended_at": request.decided_at,
            "confirmed": False,
        }
    )


def relay_out(relay: Relay) -> RelayOut:
    """A payment that goes its way."""
    return RelayOut(
        id=relay.id,
        direction=relay.direction,
        minutes=relay.amount,
        payer=relay.payer,
        payee=relay.payee,
        state=relay.state,
        reason=relay.reason,
        prepared_at=relay.prepared_at,
        expires_at=relay.expires_at,
        ended_at=relay.ended_at,
        confirmed=relay.confirmed_at is not None,
    )


@post("/v1/members/{member_id:uuid}/relays", tags=TAGS, guards=[signed_in], operation_id="payOutside")
async def pay(
    member_id: FromPath[UUID],
    data: JSONBody[RelayIn],
    tx: Tx,
    actor: Acting,
    now: Now,
    platform: Home,
    once: OnceGiven,
) -> RelayOut:
    """Pay a member of another bank. The minutes are set aside at once; it is final when the state is `committed`.

    Above the limit of the rule set a second person agrees first (`pending`).
    """

    async def work() -> RelayOut:
        member, policy = await member_for(tx, member_id, actor=actor), platform.policy
        return payment_out(await paying.pay(tx, member, data.payee, data.minutes, policy=policy, actor=actor, now=now))

    return await once(tx, RelayOut, work)


@post(
    "/v1/members/{member_id:uuid}/relays/quote",
    tags=TAGS,
    guards=[signed_in],
    operation_id="quotePayOutside",
    status_code=200,
)
async def quote(member_id: FromPath[UUID], data: JSONBody[RelayIn], actor: Acting, platform: Home) -> PaymentQuoteOut:
    """Try it without paying: may the payee be paid, and how much is there room for? Answers as the payment would."""
    return await quoting.quote(platform, member_id, data.payee, data.minutes, actor=actor)


@get("/v1/members/{member_id:uuid}/relays", tags=TAGS, guards=[signed_in], operation_id="listRelays")
async def list_relays(
    member_id: FromPath[UUID],
    tx: Tx,
    actor: Acting,
    limit: FromQuery[Annotated[int, QueryParameter(ge=1, le=200)]] = 50,
) -> RelayPage:
    """A member's payments to and from other banks, newest first."""
    member = await member_for(tx, member_id, actor=actor)
    return RelayPage(relays=[payment_out(one) for one in await paying.payments_of(tx, member, limit=limit)])


@get("/v1/members/{member_id:uuid}/relays/{relay_id:uuid}", tags=TAGS, guards=[signed_in], operation_id="showRelay")
async def show_relay(member_id: FromPath[UUID], relay_id: FromPath[UUID], tx: Tx, actor: Acting) -> RelayOut:
    """One payment and how it stands."""
    return payment_out(await paying.payment_for(tx, await member_for(tx, member_id, actor=actor), relay_id))


@post(
    "/v1/members/{member_id:uuid}/relays/{relay_id:uuid}/cancel",
    tags=TAGS,
    guards=[signed_in],
    operation_id="cancelRelay",
    status_code=200,
)
async def cancel(
    member_id: FromPath[UUID], relay_id: FromPath[UUID], tx: Tx, actor: Acting, now: Now, once: OnceGiven
) -> RelayOut:
    """Call a payment off that is not decided yet: the minutes are free at once."""

    async def work() -> RelayOut:
        member = await member_for(tx, member_id, actor=actor)
        return payment_out(await paying.call_off(tx, member, relay_id, actor=actor, now=now))

    return await once(tx, RelayOut, work)


HANDLERS: list[Any] = [pay, quote, list_relays, show_relay, cancel]
