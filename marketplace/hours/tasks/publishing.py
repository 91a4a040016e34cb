"""Asking for help: what is wanted, by which channel it came, and whether an officer looks at it first.

A request has one place per volunteer, and one more for a group if it asks for one. Each place is a task.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base import outbox, timers
from marketplace.base.actor import STAFF, Actor
from marketplace.base.crypto import Vault
from marketplace.base.ids import new_id
from marketplace.base.policy import Policy
from marketplace.base.timebank_rules import EarningRules, TimeBankRules
from marketplace.bookings.windows import home_window
from marketplace.hours.errors import TaskTooLong
from marketplace.hours.members.proxies import delegated_elder
from marketplace.hours.models import Task
from marketplace.hours.tasks.errors import ChannelOfStaff, ConsentMissing, TakingNotOffered
from marketplace.hours.tasks.holding import TASK_DUE, put_up
from marketplace.hours.tasks.sources import PaidBy
from marketplace.people.models import Elder

Channel = Literal["app", "phone", "staff"]
Consent = Literal["recording", "signature", "witness"]
Taking = Literal["grab", "dispatch"]
CALLER, NOTES = "task_caller", "task_notes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """By which channel a request came; one by telephone names the caller and what proves the consent."""

    channel: Channel | None = None
    caller: str | None = None
    consent: Consent | None = None
    consent_reference: str | None = None


@dataclass(frozen=True, slots=True)
class Occurrence:
    """Which task of a series this is, by its original start."""

    series_id: UUID
    starts_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What is asked for: an elder's need, when it may begin, for how long, by how many, and who pays.

    `places` are for one volunteer each, `group_people` for a group of so many beside them.
    """

    elder_id: UUID
    kind: str
    window_start: datetime
    window_end: datetime
    minutes: int
    paid_by: PaidBy = "auto"
    notes: str | None = None
    gender: str | None = None
    places: int = 1
    group_people: int | None = None
    taking: Taking | None = None
    call: Call = field(default_factory=Call)
    occurrence: Occurrence | None = None


async def publish(tx: AsyncSession, vault: Vault, ask: Ask, *, policy: Policy, actor: Actor, now: datetime) -> Task:
    """Ask for an elder for whom the actor may book: published at once, or submitted to an officer's review.

    Returns the request's first place. `Unknown` elder, `DelegationMissing`, `TaskTooLong`, what `home_window` refuses,
    `ChannelOfStaff`, `ConsentMissing`, `TakingNotOffered`; when it is published `NoHoursSource`, `NotRedeemable`.
    """
    elder = await delegated_elder(tx, ask.elder_id, scope="book", actor=actor, now=now)
    channel = channel_of(ask.call, actor)
    require_possible(ask, policy, now)
    tasks = await _tasks(tx, vault, ask, elder, channel, policy=policy, actor=actor)
    # of a series that is reviewed, its tasks are not once more
    reviewed = ask.occurrence is None and channel in policy.timebank.earning.reviewed
    for task in tasks:
        task.state = "submitted"
        tx.add(task)
    await tx.flush()
    for task in tasks:
        await timers.set_timer(tx, TASK_DUE, task.id, task.window_start)
    if reviewed:
        await outbox.send(tx, "task.submitted", request_id=tasks[0].request_id)
    else:
        await put_up(tx, tasks, elder, rules=policy.timebank, actor=actor, now=now)
    return tasks[0]


def channel_of(call: Call, actor: Actor) -> Channel:
    """The channel told, or that of who asks. `ChannelOfStaff`, `ConsentMissing`."""
    by_staff = actor.is_any(*STAFF)
    channel = call.channel or ("staff" if by_staff else "app")
    if channel != "app" and not by_staff:
        raise ChannelOfStaff(pointer="/channel")
    if channel == "phone" and not (call.caller and call.consent and call.consent_reference):
        raise ConsentMissing(pointer="/consent")
    return channel


def require_possible(ask: Ask, policy: Policy, now: datetime) -> None:
    """`TaskTooLong`, `TakingNotOffered`, and what `home_window` refuses."""
    taking_of(ask.taking, policy.timebank.earning)
    longest = policy.timebank.task_longest_minutes
    if not 0 < ask.minutes <= longest:
        raise TaskTooLong(pointer="/minutes", longest_minutes=longest)
    home_window(ask.window_start, ask.window_end, service_seconds=ask.minutes * 60, rules=policy.booking, now=now)


async def _tasks(
    tx: AsyncSession, vault: Vault, ask: Ask, elder: Elder, channel: Channel, *, policy: Policy, actor: Actor
) -> list[Task]:
    """A task for each place, the group's last."""
    group = [ask.group_people] if ask.group_people is not None else []
    ids = [new_id() for _ in range(ask.places + len(group))]
    notes = await vault.seal(tx, elder.id, NOTES, ask.notes) if ask.notes else None
    caller = await vault.seal(tx, elder.id, CALLER, ask.call.caller) if ask.call.caller else None
    return [
        Task(
            id=ids[index],
            request_id=ids[0],
            place=index + 1,
            people=people,
            group_task=bool(group),
            series_id=ask.occurrence.series_id if ask.occurrence else None,
            series_start=ask.occurrence.starts_at if ask.occurrence else None,
            elder_id=elder.id,
            district_id=elder.district_id,
            community_id=elder.community_id,
            kind=ask.kind,
            window_start=ask.window_start,
            window_end=ask.window_end,
            minutes=ask.minutes,
            worth_minutes=worth(ask.kind, ask.minutes, policy.timebank) * people,
            priced=ask.kind in policy.timebank.earning.items,
            gender=ask.gender,
            taking=taking_of(ask.taking, policy.timebank.earning),
            notes_sealed=notes,
            requested_by=actor.account_id,
            channel=channel,
            caller_sealed=caller,
            consent=ask.call.consent,
            consent_reference=ask.call.consent_reference,
            paid_by=ask.paid_by,
            policy=policy.stamp,
        )
        for index, people in enumerate([*([1] * ask.places), *group])
    ]


def worth(kind: str, minutes: int, rules: TimeBankRules) -> int:
    """What one person's help counts: a priced kind has its price whatever it takes."""
    return next((price for one, price in rules.earning.items.items() if one == kind), minutes)


def taking_of(wanted: Taking | None, rules: EarningRules) -> Taking:
    """The way wanted, or the city's usual one. `TakingNotOffered`."""
    if wanted is not None and wanted not in rules.taking:
        raise TakingNotOffered(pointer="/taking", offered=", ".join(rules.taking))
    return wanted or rules.taking[0]
