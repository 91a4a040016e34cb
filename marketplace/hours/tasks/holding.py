"""Putting a request up: the minutes of all its places are held at one source, each place's visit stands, volunteers
may take them. All or nothing."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

import timebank
from marketplace.base import audit, outbox
from marketplace.base.actor import Actor
from marketplace.base.clock import local_day
from marketplace.base.states import move
from marketplace.base.timebank_rules import TimeBankRules
from marketplace.hours.errors import NoHoursSource
from marketplace.hours.members.errors import DelegationMissing
from marketplace.hours.members.notices import tell_elder
from marketplace.hours.members.proxies import is_family_of, is_staff_of
from marketplace.hours.models import TASK_STEPS, Task
from marketplace.hours.tasks.sending_back import want_plan
from marketplace.hours.tasks.sources import PaidBy, Source, find_source
from marketplace.people.accounts import actor_of
from marketplace.people.models import Account, Elder
from marketplace.visits.performers import VOLUNTEER
from marketplace.visits.service import VisitSpec, plan_visit
from timebank import Hold
from timebank.errors import InsufficientBalance

TASK_DUE = "task.due"
# the task's own steps resolve its hold; the expiry only frees the minutes of a visit that nobody ever judged
HELD_FOR = timedelta(days=365)
ATTEMPTS = 3


async def put_up(
    tx: AsyncSession,
    tasks: Sequence[Task],
    elder: Elder,
    *,
    rules: TimeBankRules,
    actor: Actor,
    now: datetime,
) -> None:
    """Publish the submitted tasks of one request. `NoHoursSource`, `NotRedeemable`, `DelegationMissing`."""
    for task in tasks:
        await plan_visit(tx, _visit_of(task, elder), actor=actor, now=now)
        await outbox.send(tx, "task.published", task_id=task.id)
    source = await _hold(tx, tasks, elder, rules=rules, now=now)
    await _require_delegated(tx, tasks[0], elder, source, actor=actor, now=now)
    for task in tasks:
        task.source_kind = source.purse.kind
        task.source_id = source.purse.owner_id
        task.source_account = source.purse.account
        task.source_reason = source.reason
        task.considered = list(source.considered)
        task.published_at = now
        await move(tx, task, "published", TASK_STEPS, actor=actor, now=now)
    if tasks[0].taking == "dispatch":
        await want_plan(tx, elder.district_id, local_day(tasks[0].window_start))
    await _tell_her(tx, tasks[0], elder, source, actor)


async def _tell_her(tx: AsyncSession, task: Task, elder: Elder, source: Source, actor: Actor) -> None:
    """Somebody else spends an elder's own minutes: that stands in the audit log, and she is told.

    She is told as well what her family asks for in her name, whoever pays.
    """
    own = source.purse.kind == "own"
    if not own and (task.series_id is not None or await is_staff_of(tx, elder, actor)):
        return  # a series was told of when it was asked for
    if await tell_elder(tx, elder, "task", actor=actor) and own:
        owner = str(source.purse.owner_id)
        audit.note(tx, "task.published", actor=actor, entity="task", entity_id=task.id, on_behalf_of=owner)


async def _require_delegated(
    tx: AsyncSession, task: Task, elder: Elder, source: Source, *, actor: Actor, now: datetime
) -> None:
    """`DelegationMissing` where an elder's own minutes would pay for what her family asks without a grant to spend."""
    asker = task.requested_by
    if source.purse.kind != "own" or asker is None or asker == elder.account_id:
        return
    if asker != actor.account_id:  # an officer publishes what another asked for
        actor = await actor_of(tx, await tx.get_one(Account, asker))
    if await is_staff_of(tx, elder, actor) or await is_family_of(tx, elder.id, scope="pay", actor=actor, now=now):
        return
    raise DelegationMissing(scope="pay")


def _visit_of(task: Task, elder: Elder) -> VisitSpec:
    return VisitSpec(
        cause_kind="task",
        cause_id=task.id,
        elder_id=elder.id,
        district_id=elder.district_id,
        service=task.kind,
        lon=elder.lon,
        lat=elder.lat,
        window_start=task.window_start,
        window_end=task.window_end,
        service_seconds=task.minutes * 60,
        # the planner sends volunteers to what asks for one; whoever grabs a task is assigned by that
        skills=(
            *([f"gender:{task.gender}"] if task.gender else []),
            *([VOLUNTEER] if task.taking == "dispatch" else []),
        ),
    )


async def _hold(
    tx: AsyncSession, tasks: Sequence[Task], elder: Elder, *, rules: TimeBankRules, now: datetime
) -> Source:
    """Decide and hold. A rival may take the minutes between the two: then decide again on what is left."""
    first, needed = tasks[0], sum(task.worth_minutes for task in tasks)
    paid_by: PaidBy = "me" if first.paid_by == "me" else "elder" if first.paid_by == "elder" else "auto"
    for _ in range(ATTEMPTS):
        source = await find_source(
            tx, elder, needed, paid_by=paid_by, account_id=first.requested_by, rules=rules, now=now
        )
        holds = [
            Hold(
                key=task.hold_key,
                account=source.purse.account,
                amount=task.worth_minutes,
                expires_at=task.window_end + HELD_FOR,
                reference=task.reference,
            )
            for task in tasks
        ]
        try:
            async with tx.begin_nested():  # a refusal gives back the ledger's locks with the savepoint
                await timebank.apply(tx, holds, now=now)
        except InsufficientBalance:
            continue
        return source
    raise NoHoursSource(needed=needed, considered=[])
