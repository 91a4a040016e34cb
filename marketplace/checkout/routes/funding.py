"""An authority's money for a programme."""

from typing import Annotated, Any
from uuid import UUID

from litestar import post
from litestar.params import FromPath, JSONBody
from pydantic import Field

from marketplace.base.actor import Role
from marketplace.checkout.funding import fund
from marketplace.web.authentication import requires
from marketplace.web.dependencies import Acting, Now, OnceGiven, Tx
from marketplace.web.schemas import In, Out


class FundingIn(In):
    """What has arrived, and the bank's reference of it."""

    amount_fen: Annotated[int, Field(gt=0, le=1_000_000_000_000, examples=[10_000_000])]
    reference: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,60}$", examples=["20260302-0001"])]


class FundingOut(Out):
    """What was paid in for the programme in all."""

    programme_id: UUID
    funded_fen: int = Field(examples=[10_000_000])


@post(
    "/v1/programmes/{programme_id:uuid}/fundings",
    tags=["grants"],
    guards=[requires(Role.OPERATOR)],
    operation_id="fundProgramme",
)
async def fund_programme(
    programme_id: FromPath[UUID], data: JSONBody[FundingIn], tx: Tx, actor: Acting, now: Now, once: OnceGiven
) -> FundingOut:
    """Book money that an authority paid in for redeemed hours: out of it the gateway pays the providers."""

    async def work() -> FundingOut:
        funded_fen = await fund(tx, programme_id, data.reference, data.amount_fen, actor=actor, now=now)
        return FundingOut(programme_id=programme_id, funded_fen=funded_fen)

    return await once(tx, FundingOut, work)


ROUTES: list[Any] = [fund_programme]
