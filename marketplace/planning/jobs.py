"""Jobs of planning: noticing what changes a day, and planning it."""

from contextlib import suppress
from datetime import date
from uuid import UUID

from marketplace.base.clock import local_day
from marketplace.base.database import transaction
from marketplace.base.outbox import Message
from marketplace.base.platform import Platform
from marketplace.planning import service
from marketplace.planning.errors import AlreadyPlanning
from marketplace.visits.service import visits_of


async def request_plan(platform: Platform, message: Message) -> None:
    """A booking came or went, or a shift fell out: its day wants another plan."""
    now = platform.now()
    async with transaction(platform.db) as tx:
        if "booking_id" in message.ids:
            visits = await visits_of(tx, "booking", UUID(message.ids["booking_id"]))
            days = {(visit.district_id, local_day(visit.window_start)) for visit in visits}
        else:
            days = {(UUID(message.ids["district_id"]), date.fromisoformat(message.ids["day"]))}
        for district_id, day in sorted(days):
            await service.follow_change(tx, district_id, day, now=now)


async def plan_day(platform: Platform, message: Message) -> None:
    """Plan a district's day, if what was asked is not answered yet.

    While another run holds the day there is nothing to do: it sees in the end that more was asked, and sends again.
    """
    with suppress(AlreadyPlanning):
        await service.plan_day(platform, UUID(message.ids["district_id"]), date.fromisoformat(message.ids["day"]))
