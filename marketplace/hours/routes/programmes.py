"""Programmes: authorised ceilings of hours, budgets in money, agreements with providers. For operators."""

from functools import partial
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
from marketplace.web.dependencies import Doing, Tx

TAGS = ["grants"]
OPERATOR = requires(Role.OPERATOR)
# acts on what exists already are answered 200
change = partial(post, tags=TAGS, guards=[OPERATOR], status_code=200)


@post("/v1/programmes", tags=TAGS, guards=[OPERATOR], operation_id="authoriseProgramme")
async def authorise(data: JSONBody[ProgrammeIn], act: Doing) -> ProgrammeOut:
    """Authorise a programme that may grant hours up to a ceiling."""

    async def work() -> ProgrammeOut:
        if data.valid_until < data.valid_from:
            raise Malformed(pointer="/valid_until", reason="a programme ends after it begins")
        authority = programmes.Authority(**data.model_dump())
        return _programme(await programmes.authorise(act.tx, authority, actor=act.actor, now=act.now))

    return await act.once(ProgrammeOut, work)


@get("/v1/programmes", tags=TAGS, guards=[requires(Role.OFFICER, Role.OPERATOR)], operation_id="listProgrammes")
async def list_programmes(tx: Tx) -> list[ProgrammeOut]:
    """All programmes, with what each may issue and pay, the newest first."""
    return [_programme(row) for row in await programmes.all_programmes(tx)]


@change("/v1/programmes/{programme_id:uuid}/ceiling", operation_id="setProgrammeCeiling")
async def set_ceiling(programme_id: FromPath[UUID], data: JSONBody[CeilingIn], act: Doing) -> ProgrammeOut:
    """Raise or lower what a programme may issue in all."""

    async def work() -> ProgrammeOut:
        return _programme(
            await programmes.set_ceiling(act.tx, programme_id, data.ceiling_minutes, actor=act.actor, now=act.now)
        )

    return await act.once(ProgrammeOut, work)


@change("/v1/programmes/{programme_id:uuid}/budget", operation_id="setProgrammeBudget")
async def set_budget(programme_id: FromPath[UUID], data: JSONBody[BudgetIn], act: Doing) -> ProgrammeOut:
    """Authorise what a programme may pay providers for redeemed hours."""

    async def work() -> ProgrammeOut:
        return _programme(
            await redemptions.set_budget(act.tx, programme_id, data.budget_fen, actor=act.actor, now=act.now)
        )

    return await act.once(ProgrammeOut, work)


@post(
    "/v1/programmes/{programme_id:uuid}/agreements",
    tags=TAGS,
    guards=[OPERATOR],
    operation_id="agreeRedemption",
)
async def agree(programme_id: FromPath[UUID], data: JSONBody[AgreementIn], act: Doing) -> AgreementOut:
    """Let the programme pay an offer's provider for every hour redeemed with it."""

    async def work() -> AgreementOut:
        row = await redemptions.agree(
            act.tx, programme_id, data.offer_id, data.fen_per_hour, actor=act.actor, now=act.now
        )
        return _agreement(row)

    return await act.once(AgreementOut, work)


@get("/v1/programmes/{programme_id:uuid}/agreements", tags=TAGS, guards=[OPERATOR], operation_id="listAgreements")
async def list_agreements(programme_id: FromPath[UUID], tx: Tx) -> list[AgreementOut]:
    """For which offers a programme pays, or has paid, and how much."""
    return [_agreement(row) for row in await redemptions.agreements_of(tx, programme_id)]


@change("/v1/agreements/{agreement_id:uuid}/end", operation_id="endRedemptionAgreement")
async def end_agreement(agreement_id: FromPath[UUID], act: Doing) -> AgreementOut:
    """Pay for no new bookings of the offer; what was promised is paid."""

    async def work() -> AgreementOut:
        return _agreement(await redemptions.end_agreement(act.tx, agreement_id, actor=act.actor, now=act.now))

    return await act.once(AgreementOut, work)


@post(
    "/v1/programmes/{programme_id:uuid}/grants",
    tags=TAGS,
    guards=[OPERATOR],
    operation_id="grantFromProgramme",
)
async def grant(
    programme_id: FromPath[UUID],
    data: JSONBody[ProgrammeGrantIn],
    act: Doing,
) -> OrderOut:
    """Issue minutes of a programme to a member or to a branch's pool, never above the ceiling."""

    async def work() -> OrderOut:
        return shown(
            await granting.grant_from_programme(
                act.tx, programme_id, **data.model_dump(), policy=act.platform.policy, actor=act.actor, now=act.now
            )
        )

    return await act.once(OrderOut, work)


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
