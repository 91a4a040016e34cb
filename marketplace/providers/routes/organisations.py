"""Routes of organisations: application, papers, verification, standing."""

from typing import Annotated, Any
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from sqlalchemy import select
from sqlmodel import col

from marketplace.base.actor import Role
from marketplace.base.clock import local_day
from marketplace.base.errors import Unknown
from marketplace.base.policy import RatingRules
from marketplace.providers import credentials, onboarding
from marketplace.providers.models import Credential, Provider
from marketplace.providers.rating import bayesian_mean
from marketplace.providers.reach import MANAGERS, OVERSIGHT, overseen, visible_provider
from marketplace.providers.schemas.organisations import (
    CredentialCheckIn,
    CredentialIn,
    CredentialOut,
    ProviderFile,
    ProviderIn,
    ProviderOut,
    ProviderPage,
    RatingOut,
)
from marketplace.web.authentication import requires, signed_in
from marketplace.web.dependencies import Acting, Home, Now, OnceGiven, Tx

TAGS = ["providers"]


def provider_out(row: Provider, rules: RatingRules) -> ProviderOut:
    """A provider as everybody may see it, its mean with its count."""
    rating = RatingOut(mean=bayesian_mean(row.rating_sum, row.rating_count, rules), count=row.rating_count)
    return ProviderOut(**row.model_dump(include=set(ProviderOut.model_fields) - {"rating"}), rating=rating)


def credential_out(row: Credential) -> CredentialOut:
    """A paper."""
    return CredentialOut(**row.model_dump(include=set(CredentialOut.model_fields)))


@post(
    "/v1/providers",
    tags=TAGS,
    operation_id="applyAsProvider",
    guards=[requires(Role.PROVIDER, Role.OFFICER, Role.OPERATOR)],
)
async def apply(
    data: JSONBody[ProviderIn], tx: Tx, actor: Acting, now: Now, platform: Home, once: OnceGiven
) -> ProviderOut:
    """Apply with an organisation; a provider's account becomes its admin (sign in anew to act for it)."""

    async def work() -> ProviderOut:
        return provider_out(await onboarding.apply(tx, data, actor=actor, now=now), platform.policy.rating)

    return await once(tx, ProviderOut, work)


@get("/v1/providers", tags=TAGS, operation_id="listProviders", guards=[signed_in])
async def list_providers(
    tx: Tx,
    actor: Acting,
    platform: Home,
    district_id: FromQuery[UUID | None] = None,
    after: FromQuery[UUID | None] = None,
    limit: FromQuery[Annotated[int, QueryParameter(ge=1, le=200)]] = 50,
) -> ProviderPage:
    """Organisations that serve, and the others among those one manages; pass `next_cursor` as `after`."""
    query = select(Provider).where(visible_provider(actor)).order_by(col(Provider.id)).limit(limit)
    if district_id is not None:
        query = query.where(col(Provider.district_id) == district_id)
    if after is not None:
        query = query.where(col(Provider.id) > after)
    rows = list(await tx.scalars(query))
    return ProviderPage(
        providers=[provider_out(row, platform.policy.rating) for row in rows],
        next_cursor=rows[-1].id if len(rows) == limit else None,
    )


@get("/v1/providers/{provider_id:uuid}", tags=TAGS, operation_id="showProvider", guards=[signed_in])
async def show(provider_id: FromPath[UUID], tx: Tx, actor: Acting, platform: Home) -> ProviderOut:
    """One organisation."""
    row = await tx.scalar(select(Provider).where(col(Provider.id) == provider_id, visible_provider(actor)))
    if row is None:
        raise Unknown(what="provider")
    return provider_out(row, platform.policy.rating)


@get(
    "/v1/providers/{provider_id:uuid}/file",
    tags=TAGS,
    operation_id="showProviderFile",
    guards=[requires(Role.PROVIDER, *OVERSIGHT)],
)
async def show_file(provider_id: FromPath[UUID], tx: Tx, actor: Acting, now: Now, platform: Home) -> ProviderFile:
    """An organisation's papers and the onboarding checklist of today."""
    provider = await overseen(tx, provider_id, actor=actor)
    return ProviderFile(
        provider=provider_out(provider, platform.policy.rating),
        legal_person_code=provider.legal_person_code,
        checklist=await onboarding.checklist(tx, provider, local_day(now)),
        credentials=[credential_out(row) for row in await credentials.credentials_of(tx, provider.id)],
    )


@post(
    "/v1/providers/{provider_id:uuid}/credentials",
    tags=TAGS,
    operation_id="submitCredential",
    guards=[requires(*MANAGERS)],
)
async def submit_credential(
    provider_id: FromPath[UUID], data: JSONBody[CredentialIn], tx: Tx, actor: Acting, now: Now, once: OnceGiven
) -> CredentialOut:
    """Hand in a paper, new or renewed. It counts once an officer has checked it."""

    async def work() -> CredentialOut:
        return credential_out(await credentials.submit(tx, provider_id, data, actor=actor, now=now))

    return await once(tx, CredentialOut, work)


@post(
    "/v1/providers/{provider_id:uuid}/credentials/{credential_id:uuid}/check",
    tags=TAGS,
    operation_id="checkCredential",
    guards=[requires(Role.OFFICER, Role.OPERATOR)],
)
async def check_credential(
    provider_id: FromPath[UUID],
    credential_id: FromPath[UUID],
    data: JSONBody[CredentialCheckIn],
    tx: Tx,
    actor: Acting,
    now: Now,
    once: OnceGiven,
) -> CredentialOut:
    """Accept or refuse a paper. A renewed licence brings a lapsed organisation back."""

    async def work() -> CredentialOut:
        return credential_out(
            await credentials.check(
                tx, provider_id, credential_id, accepted=data.accepted, reason=data.reason, actor=actor, now=now
            )
        )

    return await once(tx, CredentialOut, work)


HANDLERS: list[Any] = [apply, list_providers, show, show_file, submit_credential, check_credential]
