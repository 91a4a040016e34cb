"""Publishing a task: its minutes are held at their source, its visit stands, volunteers may take it. All or nothing."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

import timebank
from marketplace.base import audit, outbox, timers
from marketplace.base.actor import Actor
from marketplace.base.crypto import Vault
from marketplace.base.ids import new_id
from marketplace.base.policy import Policy
from marketplace.base.timebank_rules import TimeBankRules
from marketplace.bookings.windows import home_window
from marketplace.hours.errors import NoHoursSource, TaskTooLong
from marketplace.hours.giving.acting import ACTED_FOR, OFFICERS
from marketplace.hours.models import Task, hold_key, reference
from marketplace.hours.tasks.sources import PaidBy, Source, find_source
from marketplace.people.elders import elder_for
from marketplace.people.models import Elder
from marketplace.visits.service import VisitSpec, plan_visit
from timebank import Hold
from timebank.errors import InsufficientBalance

TASK_DUE = "task.due"
# the task's own steps resolve its hold; the expiry only frees the minutes of a visit that nobody ever judged
HELD_FOR = timedelta(days=365)
ATTEMPTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What is asked for: an elder's need, when it may begin, for how long, and who pays."""

    elder_id: UUID
    kind: str
    window_start: datetime
    window_end: datetime
    minutes: int
    paid_by: PaidBy = "auto"
    notes: str | None = None


async def publish(tx: AsyncSession, vault: Vault, ask: Ask, *, policy: Policy, actor: Actor, now: datetime) -> Task:
    """Publish a task for an elder for whom the actor may book.

    `Unknown` elder, `TaskTooLong`, what `home_window` refuses, `NoHoursSource`, `NotRedeemable`.
    """
    elder = await elder_for(tx, ask.elder_id, actor=actor, now=now, scope="book")
    longest = policy.timebank.task_longest_minutes
    if not 0 < ask.minutes <= longest:
        raise TaskTooLong(pointer="/minutes", longest_minutes=longest)
    home_window(ask.window_start, ask.window_end, service_seconds=ask.minutes * 60, rules=policy.booking, now=now)
    task_id = new_id()
    await plan_visit(tx, _visit_of(task_id, ask, elder), actor=actor, now=now)
    await timers.set_timer(tx, TASK_DUE, task_id, ask.window_start)
    await outbox.send(tx, "task.published", task_id=task_id)
    sealed = await vault.seal(tx, elder.id, "task_notes", ask.notes) if ask.notes else None
    source = await _hold(tx, task_id, ask, elder, rules=policy.timebank, actor=actor, now=now)
    task = Task(
        id=task_id,
        elder_id=elder.id,
        district_id=elder.district_id,
        community_id=elder.community_id,
        kind=ask.kind,
        window_start=ask.window_start,
        window_end=ask.window_end,
        minutes=ask.minutes,
        notes_sealed=sealed,
        requested_by=actor.account_id,
        source_kind=source.purse.kind,
        source_id=source.purse.owner_id,
        source_account=source.purse.account,
        source_reason=source.reason,
        considered=list(source.considered),
        policy=policy.stamp,
        published_at=now,
    )
    tx.add(task)
    await tx.flush()
    await _tell_her(tx, task, actor)
    return task


async def _tell_her(tx: AsyncSession, task: Task, actor: Actor) -> None:
    """An officer spends an elder's own minutes for her: that stands in the audit log, and she is told."""
    if task.source_kind == "own" and not actor.is_system and actor.is_any(*OFFICERS):
        audit.note(
            tx, "task.published", actor=actor, entity="task", entity_id=task.id, on_behalf_of=str(task.source_id)
        )
        await outbox.send(tx, ACTED_FOR, member_id=str(task.source_id), act="task")


def _visit_of(task_id: UUID, ask: Ask, elder: Elder) -> VisitSpec:
    return VisitSpec(
        cause_kind="task",  # the planner leaves tasks alone: whoever grabs one is assigned by that
        cause_id=task_id,
        elder_id=elder.id,
        district_id=elder.district_id,
        service=ask.kind,
        lon=elder.lon,
        lat=elder.lat,
        window_start=ask.window_start,
        window_end=ask.window_end,
        service_seconds=ask.minutes * 60,
    )


async def _hold(
    tx: AsyncSession, task_id: UUID, ask: Ask, elder: Elder, *, rules: TimeBankRules, actor: Actor, now: datetime
) -> Source:
    """Decide and hold. A rival may take the minutes between the two: then decide again on what is left."""
    for _ in range(ATTEMPTS):
        source = await find_source(
            tx, elder, ask.minutes, paid_by=ask.paid_by, account_id=actor.account_id, rules=rules, now=now
        )
        hold = Hold(
            key=hold_key(task_id),
            account=source.purse.account,
            amount=ask.minutes,
            expires_at=ask.window_end + HELD_FOR,
            reference=reference(task_id),
        )
        try:
            async with tx.begin_nested():  # a refusal gives back the ledger's locks with the savepoint
                await timebank.apply(tx, [hold], now=now)
        except InsufficientBalance:
            continue
        return source
    raise NoHoursSource(needed=ask.minutes, considered=[])
