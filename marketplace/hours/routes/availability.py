"""Availability: a volunteer offers a time, and takes it back."""

from typing import Any
from uuid import UUID

from litestar import post
from litestar.params import FromPath, JSONBody

from marketplace.hours.members.proxies import acting_member
from marketplace.hours.routes.tasks import TAKERS
from marketplace.hours.schemas import AvailableIn, AvailableOut, WhyIn
from marketplace.hours.tasks.availability import Available, declare, take_back
from marketplace.visits.models import Shift
from marketplace.web.authentication import requires
from marketplace.web.dependencies import Doing

TAGS = ["tasks"]


def _shown(shift: Shift) -> AvailableOut:
    shown = shift.model_dump(include={"starts_at", "ends_at", "state"})
    return AvailableOut(shift_id=shift.id, **shown)


@post("/v1/me/availability", tags=TAGS, guards=[requires(*TAKERS)], operation_id="offerTime")
async def offer_time(data: JSONBody[AvailableIn], act: Doing) -> AvailableOut:
    """Offer a time: tasks that are dispatched are planned into it, and each is then accepted or declined."""

    async def work() -> AvailableOut:
        member = await acting_member(act.tx, act.actor, data.member_id)
        available = Available(starts_at=data.starts_at, ends_at=data.ends_at, lon=data.place.lon, lat=data.place.lat)
        return _shown(await declare(act.tx, member, available, policy=act.platform.policy, now=act.now))

    return await act.once(AvailableOut, work)


@post(
    "/v1/me/availability/{shift_id:uuid}/withdraw",
    tags=TAGS,
    guards=[requires(*TAKERS)],
    operation_id="takeTimeBack",
    status_code=200,
)
async def take_time_back(shift_id: FromPath[UUID], data: JSONBody[WhyIn], act: Doing) -> AvailableOut:
    """Take a time back: tasks planned into it and not begun are open to others again."""

    async def work() -> AvailableOut:
        return _shown(await take_back(act.tx, shift_id, actor=act.actor, now=act.now, reason=data.reason))

    return await act.once(AvailableOut, work)


HANDLERS: list[Any] = [offer_time, take_time_back]
