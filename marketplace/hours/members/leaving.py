"""Leaving: open tasks are given back, what the account holds goes to the pool or first elsewhere, the account closes.

Whose membership was ended by sanction leaves in the same way: the hours stay hers until she gives them away.
"""

from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

import timebank
from marketplace.base import audit, timers
from marketplace.base.actor import Actor
from marketplace.base.errors import IllegalTransition, Stale
from marketplace.base.states import move
from marketplace.base.timebank_rules import GivingRules
from marketplace.hours.books import pool_account
from marketplace.hours.members.errors import BalanceAboveLimit, BalanceNotEmpty, TasksUnsettled, WardsLeft
from marketplace.hours.members.finding import locked_member
from marketplace.hours.members.guardians import OF_AGE_DUE, wards_of
from marketplace.hours.members.notices import tell_member
from marketplace.hours.members.proxies import Acts, member_for, right_over
from marketplace.hours.members.standing.incidents import SUSPENSION_DUE
from marketplace.hours.models import MEMBER_STEPS, Member, Task
from marketplace.hours.tasks.giving_back import UNSETTLED, put_back
from marketplace.visits.models import Performer
from marketplace.visits.service import has_begun
from timebank import CloseAccount, Command, Post, Transfer

BalanceTo = Literal["pool"]
LEFT = "left"  # the kind of entry by which a leaving member's minutes reach the pool


async def leave(
    tx: AsyncSession,
    member_id: UUID,
    *,
    balance_to: BalanceTo | None,
    reason: str,
    rules: GivingRules,
    actor: Actor,
    now: datetime,
) -> Member:
    """End a membership for whoever acts for the member, or an officer of the branch. Leaving twice is leaving once.

    `Unknown`, `TasksUnsettled`, `WardsLeft`, `Stale` when a task is taken at this moment, `BalanceNotEmpty` with what
    stands on the account, where it is not to go to the branch's pool; `BalanceAboveLimit` where somebody else
    would give so much of hers away.
    """
    member = await member_for(tx, member_id, actor=actor)
    if member.kind == "provider":
        raise IllegalTransition(state=member.kind, wanted=LEFT)
    await give_back(tx, member, actor=actor, now=now, reason=reason)
    member = await locked_member(tx, member.id)
    if member.state == LEFT:
        return member
    if await tx.scalar(_unsettled(member).limit(1)) is not None:  # taken at this very moment
        raise Stale(id=str(member.id))
    if wards := await wards_of(tx, member.id):
        raise WardsLeft(count=wards)
    await depart(tx, member, actor=actor, now=now, reason=reason)
    right = await right_over(tx, member, scope=None, actor=actor, now=now)
    limit = None if right == "self" else rules.second_person_above_minutes
    await timebank.apply(tx, await _closing(tx, member, balance_to, limit, now=now), now=now)
    await tell_member(tx, Acts(member, right or "officer"), LEFT, actor=actor)
    return member


async def depart(tx: AsyncSession, member: Member, *, actor: Actor, now: datetime, reason: str) -> None:
    """The locked member is one no longer; the caller closes the account."""
    await move(tx, member, LEFT, MEMBER_STEPS, actor=actor, now=now, reason=reason)
    member.suspended_until = None
    for rule in (SUSPENSION_DUE, OF_AGE_DUE):
        await timers.drop_timer(tx, rule, member.id)
    if member.performer_id is not None:
        (await tx.get_one(Performer, member.performer_id)).state = LEFT
    audit.note(tx, "member.left", actor=actor, entity="member", entity_id=member.id)
    await tx.flush()


async def give_back(tx: AsyncSession, member: Member, *, actor: Actor, now: datetime, reason: str) -> None:
    """Put the member's open tasks back; `TasksUnsettled` where one has begun. Tasks are locked before the member."""
    tasks = list(await tx.scalars(_unsettled(member).order_by(col(Task.id)).with_for_update()))
    begun = [task for task in tasks if await has_begun(tx, "task", task.id)]
    if begun:
        raise TasksUnsettled(count=len(begun), tasks=[str(task.id) for task in begun])
    for task in tasks:
        await put_back(tx, task, actor=actor, now=now, reason=reason)


def _unsettled(member: Member) -> Select[Task]:
    return select(Task).where(col(Task.member_id) == member.id, col(Task.state).in_(UNSETTLED))


async def _closing(
    tx: AsyncSession, member: Member, balance_to: BalanceTo | None, limit: int | None, *, now: datetime
) -> list[Command]:
    account = member.ledger_account
    balance = await timebank.balance(tx, account, now=now)
    close = CloseAccount(key=f"member:{member.id}:close:{member.version}", account=account)
    if balance.posted == 0 and balance.held == 0 and balance.owed == 0:
        return [close]
    if balance_to is None or balance.held > 0 or balance.posted < 0:
        raise BalanceNotEmpty(balance_minutes=balance.posted, held_minutes=balance.held, owed_minutes=balance.owed)
    if limit is not None and balance.posted > limit:
        raise BalanceAboveLimit(balance_minutes=balance.posted, limit_minutes=limit)
    gift = Post(
        key=f"member:{member.id}:left:{member.version}",
        transfers=(Transfer(account, pool_account(member.district_id), balance.posted),),
        kind=LEFT,
        reference=f"member:{member.id}",
        occurred_at=now,
    )
    return [gift, close]
