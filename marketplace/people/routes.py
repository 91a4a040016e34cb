"""Routes of people: signing in, oneself, regions, elders, grants."""

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import delete, get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from sqlalchemy import select
from sqlmodel import col

from marketplace.base.actor import STAFF, Role
from marketplace.base.errors import Malformed
from marketplace.base.tokens import LIFETIME
from marketplace.people import codes, elders, grants, signing_in
from marketplace.people.models import Account, Elder, FamilyGrant
from marketplace.people.regions import all_regions
from marketplace.people.schemas import (
    CodeIn,
    CodeOut,
    ElderIn,
    ElderOut,
    ElderPage,
    GrantIn,
    GrantOut,
    Me,
    ProofIn,
    RefreshIn,
    RegionOut,
    SignedIn,
    SignIn,
)
from marketplace.web.authentication import requires, signed_in
from marketplace.web.dependencies import Acting, Home, Now, OnceGiven, Tx

SIGN_IN = ["sign-in"]
PEOPLE = ["people"]


@post("/v1/sign-in/code", tags=SIGN_IN, status_code=202, operation_id="askCode")
async def ask_code(data: JSONBody[CodeIn], tx: Tx, platform: Home) -> CodeOut:
    """Ask for a one-time code. The answer is the same whether or not the number has an account."""
    code = await codes.ask_code(tx, platform.vault, data.phone, at=datetime.now(UTC))
    return CodeOut(sent=True, demo_code=code if platform.settings.demo else None)


@post("/v1/sign-in", tags=SIGN_IN, status_code=200, operation_id="signIn")
async def sign_in(data: JSONBody[SignIn], tx: Tx, platform: Home) -> SignedIn:
    """Sign in with a one-time code, or with a password."""
    if (data.code is None) == (data.password is None):
        raise Malformed(reason="give a code or a password, one of them")
    return _signed_in(await signing_in.sign_in(platform, tx, data.phone, code=data.code, password=data.password))


@post("/v1/sign-in/refresh", tags=SIGN_IN, status_code=200, operation_id="refreshSignIn")
async def refresh(data: JSONBody[RefreshIn], platform: Home) -> SignedIn:
    """Exchange the newest refresh token for a new pair. An older one ends the whole sign-in."""
    return _signed_in(await signing_in.refresh(platform, data.refresh_token))


@post("/v1/sign-out", tags=SIGN_IN, status_code=204, operation_id="signOut")
async def sign_out(data: JSONBody[RefreshIn], platform: Home) -> None:
    """End this sign-in; its access token runs out within ten minutes."""
    await signing_in.sign_out(platform, data.refresh_token)


def _signed_in(session: signing_in.Session) -> SignedIn:
    account_id = session.actor.account_id
    assert account_id is not None  # noqa: S101 - a session is always an account's
    return SignedIn(
        access_token=session.access_token,
        expires_in_seconds=int(LIFETIME.total_seconds()),
        refresh_token=session.refresh_token,
        account_id=account_id,
        roles=sorted(session.actor.roles),
    )


@get("/v1/me", tags=PEOPLE, guards=[signed_in], operation_id="showMe")
async def me(tx: Tx, actor: Acting) -> Me:
    """The signed-in account, and the elder it belongs to, if it is an elder's."""
    account = await tx.get_one(Account, actor.account_id)
    elder_id = await tx.scalar(select(col(Elder.id)).where(col(Elder.account_id) == account.id))  # visible: oneself
    return Me(
        account_id=account.id,
        name=account.name,
        roles=sorted(actor.roles),
        language=actor.language,
        region_path=actor.region_path,
        provider_id=actor.provider_id,
        elder_id=elder_id,
    )


@get("/v1/regions", tags=PEOPLE, operation_id="listRegions")
async def regions(tx: Tx) -> list[RegionOut]:
    """The whole region tree, ancestors first."""
    return [RegionOut(**region.model_dump()) for region in await all_regions(tx)]


@post("/v1/elders", tags=PEOPLE, guards=[requires(Role.OFFICER, Role.OPERATOR)], operation_id="registerElder")
async def register(
    data: JSONBody[ElderIn], tx: Tx, actor: Acting, now: Now, platform: Home, once: OnceGiven
) -> ElderOut:
    """Register an elder in one's own region."""

    async def work() -> ElderOut:
        elder = await elders.register_elder(tx, platform.vault, data, actor=actor, now=now)
        return await elders.shown(tx, platform.vault, elder)

    return await once(tx, ElderOut, work)


@get("/v1/elders", tags=PEOPLE, guards=[signed_in], operation_id="listElders")
async def list_elders(
    tx: Tx,
    actor: Acting,
    now: Now,
    platform: Home,
    after: FromQuery[UUID | None] = None,
    limit: FromQuery[Annotated[int, QueryParameter(ge=1, le=200)]] = 50,
) -> ElderPage:
    """Elders one may see, page by page: pass `next_cursor` as `after`."""
    rows = await elders.elders_for(tx, actor=actor, now=now, after=after, limit=limit)
    shown = [await elders.shown(tx, platform.vault, elder) for elder in rows]
    return ElderPage(elders=shown, next_cursor=rows[-1].id if len(rows) == limit else None)


@get("/v1/elders/{elder_id:uuid}", tags=PEOPLE, guards=[signed_in], operation_id="showElder")
async def show_elder(elder_id: FromPath[UUID], tx: Tx, actor: Acting, now: Now, platform: Home) -> ElderOut:
    """One elder, if one may see her."""
    return await elders.shown(tx, platform.vault, await elders.elder_for(tx, elder_id, actor=actor, now=now))


@post("/v1/elders/{elder_id:uuid}/grants", tags=PEOPLE, guards=[signed_in], operation_id="giveGrant")
async def give_grant(
    elder_id: FromPath[UUID], data: JSONBody[GrantIn], tx: Tx, actor: Acting, now: Now, once: OnceGiven
) -> GrantOut:
    """Let a family member act for an elder."""

    async def work() -> GrantOut:
        return _grant_out(await grants.grant(tx, elder_id, data, actor=actor, now=now))

    return await once(tx, GrantOut, work)


@delete(
    "/v1/elders/{elder_id:uuid}/grants/{grant_id:uuid}",
    tags=PEOPLE,
    guards=[signed_in],
    status_code=200,
    operation_id="revokeGrant",
)
async def revoke_grant(elder_id: FromPath[UUID], grant_id: FromPath[UUID], tx: Tx, actor: Acting, now: Now) -> GrantOut:
    """End a grant at once."""
    return _grant_out(await grants.revoke(tx, elder_id, grant_id, actor=actor, now=now))


@post(
    "/v1/elders/{elder_id:uuid}/grants/{grant_id:uuid}/proof",
    tags=PEOPLE,
    guards=[requires(*STAFF)],
    status_code=200,
    operation_id="proveRelation",
)
async def prove_relation(
    elder_id: FromPath[UUID],
    grant_id: FromPath[UUID],
    data: JSONBody[ProofIn],
    tx: Tx,
    actor: Acting,
    now: Now,
    once: OnceGiven,
) -> GrantOut:
    """Say which paper proves that the two are related: only then may hours be redeemed for her."""

    async def work() -> GrantOut:
        return _grant_out(await grants.prove(tx, elder_id, grant_id, data.proof, actor=actor, now=now))

    return await once(tx, GrantOut, work)


def _grant_out(row: FamilyGrant) -> GrantOut:
    return GrantOut(**row.model_dump(include=set(GrantOut.model_fields)))


ROUTES: list[Any] = [
    ask_code,
    sign_in,
    refresh,
    sign_out,
    me,
    regions,
    register,
    list_elders,
    show_elder,
    give_grant,
    revoke_grant,
    prove_relation,
]
