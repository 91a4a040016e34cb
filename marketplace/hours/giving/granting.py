"""Grants by a person's decision: an officer's from the branch's pool, an operator's from a programme."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base.actor import Actor
from marketplace.base.clock import local_day
from marketplace.base.errors import Unknown
from marketplace.base.policy import Policy
from marketplace.hours.books import pool_account, programme_account
from marketplace.hours.giving.donations import receiver_of
from marketplace.hours.giving.entries import Placed
from marketplace.hours.giving.errors import NotAnElder, NotEnoughMinutes, ProgrammeOver
from marketplace.hours.giving.key_elders import one_at_a_time, pool_for
from marketplace.hours.giving.orders import Draft, Wish, place
from marketplace.hours.members.proxies import is_officer_of
from marketplace.hours.models import Programme
from marketplace.people.models import Elder, Region


async def grant_from_pool(
    tx: AsyncSession,
    district_id: UUID,
    member_id: UUID,
    minutes: int,
    *,
    reason: str,
    policy: Policy,
    actor: Actor,
    now: datetime,
) -> Placed:
    """Grant an elder of the branch minutes of its pool; to who is no key elder only from what is left beyond those.

    `Unknown` beyond the officer's reach, `ReceiverUnknown`, `NotAnElder`, and what placing refuses.
    """
    if not await is_officer_of(tx, district_id, actor):
        raise Unknown(what="branch")
    member = await receiver_of(tx, None, member_id)
    if member.district_id != district_id:
        raise Unknown(pointer="/member_id", what="member")
    if member.elder_id is None:
        raise NotAnElder(pointer="/member_id")
    await one_at_a_time(tx, district_id)
    elder = await tx.get_one(Elder, member.elder_id)  # visible: a member of the officer's own branch
    share = await pool_for(tx, elder, rules=policy.timebank, now=now)
    if share.available_minutes < minutes:
        raise NotEnoughMinutes(needed=minutes, available=share.available_minutes)
    line = Draft(
        source=pool_account(district_id),
        destination="member",
        account=member.ledger_account,
        receiver_id=member.id,
        minutes=minutes,
    )
    wish = Wish(kind="pool_grant", district_id=district_id, lines=[line], reason=reason)
    return await place(tx, wish, policy=policy, actor=actor, now=now)


async def grant_from_programme(
    tx: AsyncSession,
    programme_id: UUID,
    to: Literal["member", "branch"],
    receiver_id: UUID,
    minutes: int,
    *,
    reason: str,
    policy: Policy,
    actor: Actor,
    now: datetime,
) -> Placed:
    """Issue minutes of a programme in force to a member, or to the pool of a branch that it serves.

    `Unknown`, `ProgrammeOver`, `ReceiverUnknown`, and `NotEnoughMinutes` above the ceiling.
    """
    programme = await tx.get(Programme, programme_id)
    if programme is None:
        raise Unknown(what="programme")
    if programme.state != "active" or not programme.valid_from <= local_day(now) <= programme.valid_until:
        raise ProgrammeOver
    member = await receiver_of(tx, None, receiver_id) if to == "member" else None
    branch = member.district_id if member else receiver_id
    region = await tx.get(Region, branch)
    if region is None or region.level != "district" or programme.district_id not in {None, branch}:
        raise Unknown(pointer="/receiver_id", what="branch")
    line = Draft(
        source=programme_account(programme.id),
        destination=to,
        account=member.ledger_account if member else pool_account(branch),
        receiver_id=member.id if member else None,
        minutes=minutes,
    )
    wish = Wish(kind="programme_grant", district_id=branch, lines=[line], reason=reason)
    return await place(tx, wish, policy=policy, actor=actor, now=now)
