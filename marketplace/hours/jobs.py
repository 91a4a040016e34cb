"""Jobs of hours: consumers of outbox messages. Each acts on the task as it stands, so repetition is harmless."""

from datetime import date
from uuid import UUID

from marketplace.base.database import transaction
from marketplace.base.outbox import Message
from marketplace.base.platform import Platform
from marketplace.hours import cycles
from marketplace.hours.branches.nights import keep_night
from marketplace.hours.ledger.alerts import raise_alert
from marketplace.hours.ledger.roots import close_day
from marketplace.hours.nights import day_before
from marketplace.hours.tasks import crediting, ending


async def credit(platform: Platform, message: Message) -> None:
    """A visit was approved or missed: if it was a task's, its minutes reach the volunteer or go back."""
    if message.ids["cause_kind"] != "task":
        return
    async with transaction(platform.db) as tx:
        task_id = UUID(message.ids["cause_id"])
        await crediting.follow_visit(tx, task_id, rules=platform.policy.timebank, now=platform.now())


async def task_expired(platform: Platform, message: Message) -> None:
    """A task's window opens: has anybody taken it?"""
    async with transaction(platform.db) as tx:
        await ending.expire(tx, UUID(message.ids["id"]), now=platform.now())


async def cycle_due(platform: Platform, message: Message) -> None:  # noqa: ARG001 - a consumer takes both
    """A night has come: net the day before between the branches, then make its root, which the cycle is under, and keep
    the branches' figures."""
    now, rules = platform.now(), platform.policy.timebank
    async with transaction(platform.db) as tx:
        await cycles.run_night(tx, rules=rules, now=now)
    async with transaction(platform.db) as tx:  # killed before this, the message comes again and finds the cycle run
        await close_day(tx, day_before(now))
    async with transaction(platform.db) as tx:
        await keep_night(tx, day_before(now), rules=rules, now=now)


async def debt_above_cap(platform: Platform, message: Message) -> None:
    """A branch owes more than its cap: an alert for the operator, one as long as it lasts."""
    async with transaction(platform.db) as tx:
        day = date.fromisoformat(message.ids["day"])
        await raise_alert(tx, UUID(message.ids["district_id"]), day, now=platform.now())
