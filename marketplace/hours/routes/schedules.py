"""Standing orders, and where one's excess goes."""

from functools import partial
from typing import Any
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, FromQuery, JSONBody

from marketplace.base.errors import Malformed
from marketplace.hours.giving import schedules
from marketplace.hours.giving.models import TransferSchedule
from marketplace.hours.giving.schemas import BecauseIn, ExcessIn, ScheduleIn, ScheduleOut
from marketplace.hours.members.excess import choose_pool
from marketplace.hours.members.notices import tell_member
from marketplace.hours.members.proxies import acting, seen_member
from marketplace.hours.schemas import MemberOut
from marketplace.web.authentication import signed_in
from marketplace.web.dependencies import Act, Acting, Doing, Now, Tx

TAGS = ["giving"]
# acts on what exists already are answered 200
step = partial(post, tags=TAGS, guards=[signed_in], status_code=200)


@step("/v1/me/excess", operation_id="chooseExcessPool")
async def choose_excess(data: JSONBody[ExcessIn], act: Doing) -> MemberOut:
    """Choose the pool to which one's minutes above the caps go."""

    async def work() -> MemberOut:
        acts = await acting(act.tx, data.on_behalf_of, scope="pay", actor=act.actor, now=act.now, reason=data.reason)
        rules = act.platform.policy.timebank
        member = await choose_pool(
            act.tx, acts.member, data.excess_to, rules=rules, actor=act.actor, on_behalf_of=acts.on_behalf_of
        )
        await tell_member(act.tx, acts, "excess", actor=act.actor)
        return MemberOut.of(member)

    return await act.once(MemberOut, work)


@post("/v1/schedules", tags=TAGS, guards=[signed_in], operation_id="scheduleHours")
async def schedule(data: JSONBody[ScheduleIn], act: Doing) -> ScheduleOut:
    """Give or donate at an instant, or every month; what cannot be given then is skipped, and told."""

    async def work() -> ScheduleOut:
        asked = data.gift or data.donation
        if asked is None:
            raise Malformed(reason="give a gift or a donation")
        acts = await acting(act.tx, asked.on_behalf_of, scope="pay", actor=act.actor, now=act.now, reason=asked.reason)
        row = await schedules.schedule(
            act.tx,
            acts,
            "gift" if data.gift else "donation",
            asked.model_dump(mode="json", exclude={"on_behalf_of", "reason"}),
            starts_at=data.starts_at,
            rule=data.rule,
            reason=asked.reason,
            rules=act.platform.policy.timebank.giving,
            actor=act.actor,
            now=act.now,
        )
        await tell_member(act.tx, acts, "schedule", actor=act.actor)
        return _schedule(row)

    return await act.once(ScheduleOut, work)


@get("/v1/schedules", tags=TAGS, guards=[signed_in], operation_id="listSchedules")
async def list_schedules(
    tx: Tx, actor: Acting, now: Now, member_id: FromQuery[UUID | None] = None
) -> list[ScheduleOut]:
    """One's own standing orders, or those of a named member whom one may see."""
    if member_id is None:
        member = (await acting(tx, None, scope="view", actor=actor, now=now, reason=None, active=False)).member
    else:
        member = await seen_member(tx, member_id, actor=actor, now=now)
    return [_schedule(row) for row in await schedules.schedules_of(tx, member.id)]


@step("/v1/schedules/{schedule_id:uuid}/pause", operation_id="pauseSchedule")
async def pause(schedule_id: FromPath[UUID], data: JSONBody[BecauseIn], act: Doing) -> ScheduleOut:
    """Give nothing by this schedule until it is resumed."""
    return await _steered(schedule_id, "paused", data, act)


@step("/v1/schedules/{schedule_id:uuid}/resume", operation_id="resumeSchedule")
async def resume(schedule_id: FromPath[UUID], data: JSONBody[BecauseIn], act: Doing) -> ScheduleOut:
    """Go on with the next occurrence; what fell due meanwhile is not made up for."""
    return await _steered(schedule_id, "active", data, act)


@step("/v1/schedules/{schedule_id:uuid}/end", operation_id="endSchedule")
async def end(schedule_id: FromPath[UUID], data: JSONBody[BecauseIn], act: Doing) -> ScheduleOut:
    """End a schedule for good."""
    return await _steered(schedule_id, "ended", data, act)


async def _steered(schedule_id: UUID, to: str, data: BecauseIn, act: Act) -> ScheduleOut:
    async def work() -> ScheduleOut:
        return _schedule(
            await schedules.steer(act.tx, schedule_id, to, actor=act.actor, now=act.now, reason=data.reason)
        )

    return await act.once(ScheduleOut, work)


def _schedule(row: TransferSchedule) -> ScheduleOut:
    return ScheduleOut(**row.model_dump(include=set(ScheduleOut.model_fields)))


HANDLERS: list[Any] = [choose_excess, schedule, list_schedules, pause, resume, end]
