"""Jobs of planning: noticing what changes a day, and planning it."""

from contextlib import suppress
from datetime import date
from uuid import UUID

from marketplace.base.actor import Actor
from marketplace.base.clock import local_day
from marketplace.base.database import transaction
from marketplace.base.outbox import Message
from marketplace.base.platform import Platform
from marketplace.planning import service
from marketplace.planning.day import worked_days
from marketplace.planning.errors import AlreadyPlanning
from marketplace.providers.models import BARRED, Provider
from marketplace.visits.recalling import recall
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


async def replan_provider(platform: Platform, message: Message) -> None:
    """A provider may serve no more, or again: its people are recalled, the days they work on want another plan."""
    now, provider_id = platform.now(), UUID(message.ids["provider_id"])
    async with transaction(platform.db) as tx:
        provider = await tx.get_one(Provider, provider_id, with_for_update={"read": True})
        if provider.state in BARRED:
            await recall(tx, provider_id, actor=Actor.system(), now=now, reason=f"provider {provider.state}")
        for district_id, day in await worked_days(tx, provider_id, since=now):
            await service.follow_change(tx, district_id, day, now=now)


async def plan_day(platform: Platform, message: Message) -> None:
    """Plan a district's day, if what was asked is not answered yet.

    While another run holds the day there is nothing to do: it sees in the end that more was asked, and sends again.
    """
    with suppress(AlreadyPlanning):
        await service.plan_day(platform, UUID(message.ids["district_id"]), date.fromisoformat(message.ids["day"]))
