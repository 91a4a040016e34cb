"""Routes of matters: the list, and the decisions a person may take."""

from typing import Annotated, Any
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base.actor import STAFF, Role
from marketplace.bookings.models import Booking
from marketplace.matters import deciding
from marketplace.matters.listing import matters_for
from marketplace.matters.models import Matter
from marketplace.matters.schemas import FoundIn, GiveIn, JudgementIn, Kind, MatterOut, MatterPage, NoteIn, State
from marketplace.web.authentication import requires
from marketplace.web.dependencies import Acting, Home, Now, OnceGiven, Tx

TAGS = ["matters"]
MATTER = "/v1/matters/{matter_id:uuid}"
DISPATCHERS = [requires(Role.DISPATCHER, Role.OPERATOR)]
OfState = Annotated[State, QueryParameter(name="state")]  # `state` itself is a name of the framework's


def _out(matter: Matter, booking: Booking) -> MatterOut:
    of_booking = ("service", "day", "window_start", "window_end")
    return MatterOut.model_validate(
        matter.model_dump(include=set(MatterOut.model_fields))
        | {name: getattr(booking, name) for name in of_booking}
        | {"booking_state": booking.state}
    )


async def _shown(tx: AsyncSession, matter: Matter) -> MatterOut:
    return _out(matter, await tx.get_one(Booking, matter.booking_id))


@get("/v1/matters", tags=TAGS, operation_id="listMatters", guards=[requires(*STAFF)])
async def list_matters(
    tx: Tx,
    actor: Acting,
    now: Now,
    of_state: FromQuery[OfState] = "open",
    kind: FromQuery[Kind | None] = None,
    district_id: FromQuery[UUID | None] = None,
    after: FromQuery[UUID | None] = None,
    limit: FromQuery[Annotated[int, QueryParameter(ge=1, le=200)]] = 50,
) -> MatterPage:
    """What waits for a decision about bookings in one's reach, the most urgent first."""
    rows = await matters_for(
        tx, actor=actor, now=now, state=of_state, kind=kind, district_id=district_id, after=after, limit=limit
    )
    return MatterPage(
        matters=[_out(matter, booking) for matter, booking in rows],
        next_cursor=rows[-1][0].id if len(rows) == limit else None,
    )


@post(f"{MATTER}/move", tags=TAGS, operation_id="moveMatter", guards=DISPATCHERS, status_code=200)
async def move(
    matter_id: FromPath[UUID],
    data: JSONBody[GiveIn],
    tx: Tx,
    actor: Acting,
    now: Now,
    platform: Home,
    once: OnceGiven,
) -> MatterOut:
    """Another provider takes the booking over, for no more than was agreed; what it cost more is given back."""

    async def work() -> MatterOut:
        found = await deciding.give_to(tx, matter_id, data.offer_id, policy=platform.policy, actor=actor, now=now)
        return await _shown(tx, found)

    return await once(tx, MatterOut, work)


@post(f"{MATTER}/cancel", tags=TAGS, operation_id="cancelMatter", guards=DISPATCHERS, status_code=200)
async def cancel(
    matter_id: FromPath[UUID],
    data: JSONBody[NoteIn],
    tx: Tx,
    actor: Acting,
    now: Now,
    platform: Home,
    once: OnceGiven,
) -> MatterOut:
    """Nobody else can come: the booking is cancelled and everything given back."""

    async def work() -> MatterOut:
        found = await deciding.cancel(tx, matter_id, note=data.note, policy=platform.policy, actor=actor, now=now)
        return await _shown(tx, found)

    return await once(tx, MatterOut, work)


@post(f"{MATTER}/found", tags=TAGS, operation_id="closeWelfareCheck", guards=[requires(Role.OFFICER)], status_code=200)
async def found(
    matter_id: FromPath[UUID], data: JSONBody[FoundIn], tx: Tx, actor: Acting, now: Now, once: OnceGiven
) -> MatterOut:
    """An officer found out how the elder is who did not open."""

    async def work() -> MatterOut:
        done = await deciding.found(tx, matter_id, data.outcome, note=data.note, actor=actor, now=now)
        return await _shown(tx, done)

    return await once(tx, MatterOut, work)


@post(f"{MATTER}/judge", tags=TAGS, operation_id="judgeNoShow", guards=[requires(Role.OFFICER)], status_code=200)
async def judge(
    matter_id: FromPath[UUID],
    data: JSONBody[JudgementIn],
    tx: Tx,
    actor: Acting,
    now: Now,
    platform: Home,
    once: OnceGiven,
) -> MatterOut:
    """Confirm that the elder was absent, which keeps the fee of her terms, or overturn it, which gives all back."""

    async def work() -> MatterOut:
        done = await deciding.judge(
            tx, matter_id, absent=data.absent, note=data.note, policy=platform.policy, actor=actor, now=now
        )
        return await _shown(tx, done)

    return await once(tx, MatterOut, work)


ROUTES: list[Any] = [list_matters, move, cancel, found, judge]
