"""Programmes: authorised ceilings of hours, budgets in money, agreements with providers. For operators."""

from typing import Any
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, JSONBody

from marketplace.base.actor import Role
from marketplace.base.errors import Malformed
from marketplace.hours.giving import granting
from marketplace.hours.giving.grant_schemas import (
    AgreementIn,
    AgreementOut,
    BudgetIn,
    CeilingIn,
    ProgrammeGrantIn,
    ProgrammeIn,
    ProgrammeOut,
)
from marketplace.hours.giving.schemas import OrderOut
from marketplace.hours.members import programmes, redemptions
from marketplace.hours.models import Agreement, Programme
from marketplace.hours.routes.giving import shown
from marketplace.web.authentication import requires
from marketplace.web.dependencies import Acting, Home, Now, OnceGiven, Tx

TAGS = ["grants"]
OPERATOR = requires(Role.OPERATOR)


@post("/v1/programmes", tags=TAGS, guards=[OPERATOR], operation_id="authoriseProgramme")
async def authorise(data: JSONBody[ProgrammeIn], tx: Tx, actor: Acting, now: Now, once: OnceGiven) -> ProgrammeOut:
    """Authorise a programme that may grant hours up to a ceiling."""

    async def work() -> ProgrammeOut:
        if data.valid_until < data.valid_from:
            raise Malformed(pointer="/valid_until", reason="a programme ends after it begins")
        authority = programmes.Authority(**data.model_dump())
        return _programme(await programmes.authorise(tx, authority, actor=actor, now=now))

    return await once(tx, ProgrammeOut, work)


@get("/v1/programmes", tags=TAGS, guards=[requires(Role.OFFICER, Role.OPERATOR)], operation_id="listProgrammes")
async def list_programmes(tx: Tx) -> list[ProgrammeOut]:
    """All programmes, with what each may issue and pay, the newest first."""
    return [_programme(row) for row in await programmes.all_programmes(tx)]


@post(
    "/v1/programmes/{programme_id:uuid}/ceiling",
    tags=TAGS,
    guards=[OPERATOR],
    status_code=200,
    operation_id="setProgrammeCeiling",
)
async def set_ceiling(
    programme_id: FromPath[UUID], data: JSONBody[CeilingIn], tx: Tx, actor: Acting, now: Now, once: OnceGiven
) -> ProgrammeOut:
    """Raise or lower what a programme may issue in all."""

    async def work() -> ProgrammeOut:
        return _programme(await programmes.set_ceiling(tx, programme_id, data.ceiling_minutes, actor=actor, now=now))

    return await once(tx, ProgrammeOut, work)


@post(
    "/v1/programmes/{programme_id:uuid}/budget",
    tags=TAGS,
    guards=[OPERATOR],
    status_code=200,
    operation_id="setProgrammeBudget",
)
async def set_budget(
    programme_id: FromPath[UUID], data: JSONBody[BudgetIn], tx: Tx, actor: Acting, now: Now, once: OnceGiven
) -> ProgrammeOut:
    """Authorise what a programme may pay providers for redeemed hours."""

    async def work() -> ProgrammeOut:
        return _programme(await redemptions.set_budget(tx, programme_id, data.budget_fen, actor=actor, now=now))

    return await once(tx, ProgrammeOut, work)


@post(
    "/v1/programmes/{programme_id:uuid}/agreements",
    tags=TAGS,
    guards=[OPERATOR],
    operation_id="agreeRedemption",
)
async def agree(
    programme_id: FromPath[UUID], data: JSONBody[AgreementIn], tx: Tx, actor: Acting, now: Now, once: OnceGiven
) -> AgreementOut:
    """Let the programme pay an offer's provider for every hour redeemed with it."""

    async def work() -> AgreementOut:
        row = await redemptions.agree(tx, programme_id, data.offer_id, data.fen_per_hour, actor=actor, now=now)
        return _agreement(row)

    return await once(tx, AgreementOut, work)


@get("/v1/programmes/{programme_id:uuid}/agreements", tags=TAGS, guards=[OPERATOR], operation_id="listAgreements")
async def list_agreements(programme_id: FromPath[UUID], tx: Tx) -> list[AgreementOut]:
    """For which offers a programme pays, or has paid, and how much."""
    return [_agreement(row) for row in await redemptions.agreements_of(tx, programme_id)]


@post(
    "/v1/agreements/{agreement_id:uuid}/end",
    tags=TAGS,
    guards=[OPERATOR],
    status_code=200,
    operation_id="endRedemptionAgreement",
)
async def end_agreement(agreement_id: FromPath[UUID], tx: Tx, actor: Acting, now: Now, once: OnceGiven) -> AgreementOut:
    """Pay for no new bookings of the offer; what was promised is paid."""

    async def work() -> AgreementOut:
        return _agreement(await redemptions.end_agreement(tx, agreement_id, actor=actor, now=now))

    return await once(tx, AgreementOut, work)


@post(
    "/v1/programmes/{programme_id:uuid}/grants",
    tags=TAGS,
    guards=[OPERATOR],
    operation_id="grantFromProgramme",
)
async def grant(
    programme_id: FromPath[UUID],
    data: JSONBody[ProgrammeGrantIn],
    tx: Tx,
    actor: Acting,
    now: Now,
    platform: Home,
    once: OnceGiven,
) -> OrderOut:
    """Issue minutes of a programme to a member or to a branch's pool, never above the ceiling."""

    async def work() -> OrderOut:
        return shown(
            await granting.grant_from_programme(
                tx, programme_id, **data.model_dump(), policy=platform.policy, actor=actor, now=now
            )
        )

    return await once(tx, OrderOut, work)


def _programme(row: Programme) -> ProgrammeOut:
    return ProgrammeOut(**row.model_dump(include=set(ProgrammeOut.model_fields)))


def _agreement(row: Agreement) -> AgreementOut:
    return AgreementOut(**row.model_dump(include=set(AgreementOut.model_fields)))


HANDLERS: list[Any] = [
    authorise,
    list_programmes,
    set_ceiling,
    set_budget,
    agree,
    list_agreements,
    end_agreement,
    grant,
]
