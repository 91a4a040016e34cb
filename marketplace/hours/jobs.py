"""Jobs of hours: consumers of outbox messages. Each acts on the task as it stands, so repetition is harmless."""

from datetime import date
from uuid import UUID

from marketplace.base.database import transaction
from marketplace.base.errors import DomainError
from marketplace.base.outbox import Message
from marketplace.base.platform import Platform
from marketplace.hours import cycles
from marketplace.hours.alerts import debt
from marketplace.hours.branches.nights import keep_night
from marketplace.hours.ledger.roots import close_day
from marketplace.hours.members.guardians import come_of_age
from marketplace.hours.members.standing.incidents import lift_suspension
from marketplace.hours.nights import day_before
from marketplace.hours.tasks import answering, crediting, dispatching, ending
from marketplace.hours.tasks.giving_back import recall_task, tasks_ahead
from marketplace.hours.tasks.series import rolling


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


async def answer_due(platform: Platform, message: Message) -> None:
    """A task is reserved, and a yes was waited for long enough."""
    async with transaction(platform.db) as tx:
        await answering.lapse(tx, UUID(message.ids["id"]), now=platform.now())


async def follow_plan(platform: Platform, message: Message) -> None:
    """A day was planned, or a shift fell out: who is sent to the tasks that are dispatched?"""
    district_id, day = UUID(message.ids["district_id"]), date.fromisoformat(message.ids["day"])
    async with transaction(platform.db) as tx:
        tasks = await dispatching.dispatched_tasks(tx, district_id, day)
    for task_id in tasks:
        async with transaction(platform.db) as tx:
            await dispatching.follow_plan(tx, task_id, rules=platform.policy.timebank, now=platform.now())


async def series_due(platform: Platform, message: Message) -> None:
    """A night has come for a series: make what came within the horizon, each task by itself."""
    series_id, now, policy = UUID(message.ids["id"]), platform.now(), platform.policy
    async with transaction(platform.db) as tx:
        starts = await rolling.starts_due(tx, series_id, policy=policy, now=now)
    trouble: DomainError | None = None
    for start in starts:  # killed half way, the message comes again and finds what is left
        try:
            async with transaction(platform.db) as tx:
                await rolling.make_occurrence(tx, platform.vault, series_id, start, policy=policy, now=now)
        except DomainError as error:
            trouble = trouble or error
    async with transaction(platform.db) as tx:
        await rolling.note_trouble(tx, series_id, trouble, now=now)
        await rolling.arm_next(tx, series_id, now=now)


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


async def suspension_due(platform: Platform, message: Message) -> None:
    """A suspension's time is over."""
    async with transaction(platform.db) as tx:
        rules = platform.policy.timebank.sanctions
        await lift_suspension(tx, UUID(message.ids["id"]), rules=rules, now=platform.now())


async def of_age_due(platform: Platform, message: Message) -> None:
    """A minor comes of age."""
    async with transaction(platform.db) as tx:
        rules = platform.policy.timebank.sanctions
        await come_of_age(tx, UUID(message.ids["id"]), rules=rules, now=platform.now())


async def recall(platform: Platform, message: Message) -> None:
    """A member may not serve: what she took and has not begun is published again, each task by itself."""
    member_id = UUID(message.ids["member_id"])
    async with transaction(platform.db) as tx:
        ahead = await tasks_ahead(tx, member_id)
    for task_id in ahead:  # killed half way, the message comes again and finds what is left
        async with transaction(platform.db) as tx:
            await recall_task(tx, task_id, member_id, now=platform.now())


async def debt_above_cap(platform: Platform, message: Message) -> None:
    """A branch owes more than its cap: an alert for the operator, one as long as it lasts."""
    async with transaction(platform.db) as tx:
        day = date.fromisoformat(message.ids["day"])
        await debt.debt_above_cap(tx, UUID(message.ids["district_id"]), day, now=platform.now())
