"""Routes of a provider's standing: verified, opened, warned, suspended, resumed."""

from typing import Annotated, Any
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from marketplace.base.actor import Role
from marketplace.providers import credit, onboarding, standing
from marketplace.providers.reach import OVERSIGHT
from marketplace.providers.routes.organisations import TAGS, provider_out
from marketplace.providers.schemas.organisations import CreditEventOut, CreditRecord, ProviderOut, ReasonIn
from marketplace.web.authentication import requires
from marketplace.web.dependencies import Acting, Home, Now, OnceGiven, Tx

BASE = "/v1/providers/{provider_id:uuid}"
OPERATORS = [requires(Role.OPERATOR)]


@post(
    f"{BASE}/verify",
    tags=TAGS,
    operation_id="verifyProvider",
    guards=[requires(Role.OFFICER, Role.OPERATOR)],
    status_code=200,
)
async def verify(
    provider_id: FromPath[UUID], tx: Tx, actor: Acting, now: Now, platform: Home, once: OnceGiven
) -> ProviderOut:
    """The papers are in order."""

    async def work() -> ProviderOut:
        return provider_out(await onboarding.verify(tx, provider_id, actor=actor, now=now), platform.policy.rating)

    return await once(tx, ProviderOut, work)


@post(f"{BASE}/activate", tags=TAGS, operation_id="activateProvider", guards=OPERATORS, status_code=200)
async def activate(
    provider_id: FromPath[UUID], tx: Tx, actor: Acting, now: Now, platform: Home, once: OnceGiven
) -> ProviderOut:
    """Open a verified organisation with trained staff for bookings."""

    async def work() -> ProviderOut:
        return provider_out(await onboarding.activate(tx, provider_id, actor=actor, now=now), platform.policy.rating)

    return await once(tx, ProviderOut, work)


@post(f"{BASE}/warn", tags=TAGS, operation_id="warnProvider", guards=OPERATORS, status_code=200)
async def warn(
    provider_id: FromPath[UUID],
    data: JSONBody[ReasonIn],
    tx: Tx,
    actor: Acting,
    now: Now,
    platform: Home,
    once: OnceGiven,
) -> ProviderOut:
    """Warn an organisation; it still serves, and the warning is shown."""

    async def work() -> ProviderOut:
        row = await standing.warn(tx, provider_id, actor=actor, now=now, reason=data.reason)
        return provider_out(row, platform.policy.rating)

    return await once(tx, ProviderOut, work)


@post(f"{BASE}/suspend", tags=TAGS, operation_id="suspendProvider", guards=OPERATORS, status_code=200)
async def suspend(
    provider_id: FromPath[UUID],
    data: JSONBody[ReasonIn],
    tx: Tx,
    actor: Acting,
    now: Now,
    platform: Home,
    once: OnceGiven,
) -> ProviderOut:
    """Stop new bookings at once. What is booked stays until a dispatcher moves it."""

    async def work() -> ProviderOut:
        row = await standing.suspend(tx, provider_id, actor=actor, now=now, reason=data.reason)
        return provider_out(row, platform.policy.rating)

    return await once(tx, ProviderOut, work)


@post(f"{BASE}/resume", tags=TAGS, operation_id="resumeProvider", guards=OPERATORS, status_code=200)
async def resume(
    provider_id: FromPath[UUID],
    data: JSONBody[ReasonIn],
    tx: Tx,
    actor: Acting,
    now: Now,
    platform: Home,
    once: OnceGiven,
) -> ProviderOut:
    """Lift a suspension or a warning; a valid licence is needed."""

    async def work() -> ProviderOut:
        row = await standing.resume(tx, provider_id, actor=actor, now=now, reason=data.reason)
        return provider_out(row, platform.policy.rating)

    return await once(tx, ProviderOut, work)


@get(f"{BASE}/credit", tags=TAGS, operation_id="showCreditRecord", guards=[requires(Role.PROVIDER, *OVERSIGHT)])
async def credit_record(
    provider_id: FromPath[UUID],
    tx: Tx,
    actor: Acting,
    limit: FromQuery[Annotated[int, QueryParameter(ge=1, le=200)]] = 50,
) -> CreditRecord:
    """A provider's own record, for itself and those who oversee it."""
    rows = await credit.events_of(tx, provider_id, actor=actor, limit=limit)
    shown = [CreditEventOut(**row.model_dump(include=set(CreditEventOut.model_fields))) for row in rows]
    return CreditRecord(provider_id=provider_id, events=shown)


HANDLERS: list[Any] = [verify, activate, warn, suspend, resume, credit_record]
