"""Payments to other banks above the second-person limit: the minutes are held until another officer agrees.

Agreed to, the payment goes its way like any other, under the id that it was asked with. Room under the trust limits is
taken only then: a payment that nobody may decide on for days must not keep others from theirs.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import false, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

import timebank
from marketplace.base import audit, outbox, timers
from marketplace.base.actor import Actor
from marketplace.base.errors import Forbidden, Unknown
from marketplace.base.policy import Policy
from marketplace.base.states import move
from marketplace.hours.errors import MemberInactive, SecondPersonNeeded
from marketplace.hours.giving.entries import HELD_LONGER
from marketplace.hours.giving.errors import OrderOver
from marketplace.hours.giving.orders import decided_until
from marketplace.hours.links.messages import REQUEST_CHANGED, REQUEST_DUE
from marketplace.hours.links.models import REQUEST_STEPS, PaymentRequest
from marketplace.hours.members.proxies import OFFICERS, is_officer_of, require_no_benefit
from marketplace.hours.models import Member
from marketplace.people.models import Region
from timebank import Hold, Release
from timebank.links import Link


async def ask(
    tx: AsyncSession,
    member: Member,
    link: Link,
    payee: str,
    minutes: int,
    *,
    policy: Policy,
    actor: Actor,
    now: datetime,
) -> PaymentRequest:
    """Hold the minutes and wait for a second person. `timebank.errors.InsufficientBalance`."""
    if actor.account_id is None:
        raise Forbidden
    request = PaymentRequest(
        link_id=link.id,
        district_id=member.district_id,
        member_id=member.id,
        account=member.ledger_account,
        payer=f"{link.our_name}/{member.id}",
        payee=payee,
        minutes=minutes,
        policy=policy.stamp,
        asked_by=actor.account_id,
        asked_at=now,
        expires_at=decided_until(policy, now=now),
    )
    tx.add(request)
    await tx.flush()
    await _tell_of(tx, request, actor)
    await timers.set_timer(tx, REQUEST_DUE, request.id, request.expires_at)
    held = Hold(
        key=request.hold_key,
        account=request.account,
        amount=minutes,
        expires_at=request.expires_at + HELD_LONGER,  # so that a late worker finds the minutes still there
        reference=f"payment:{request.id}",
    )
    await timebank.apply(tx, [held], now=now)
    return request


async def to_decide(tx: AsyncSession, request_id: UUID, *, actor: Actor, now: datetime) -> PaymentRequest:
    """The locked request, for an officer who may decide on it.

    `Unknown` beyond the officer's reach, `OrderOver`, `SecondPersonNeeded` for who asked, `OwnBenefit` for the payer.
    """
    request = await _locked(tx, request_id)
    if not await is_officer_of(tx, request.district_id, actor):
        raise Unknown(what="payment")
    if request.state != "pending" or request.expires_at <= now:
        raise OrderOver(state=request.state)
    if actor.account_id == request.asked_by:
        raise SecondPersonNeeded
    await require_no_benefit(tx, {request.member_id}, account_id=actor.account_id)
    return request


async def agree(tx: AsyncSession, request: PaymentRequest, *, actor: Actor, now: datetime, reason: str | None) -> None:
    """A second person's yes to a locked request: it is `sent`. `MemberInactive` when the payer may not pay any more."""
    member = await tx.get_one(Member, request.member_id)
    if member.state != "active":
        raise MemberInactive(state=member.state)
    request.decided_by, request.decided_at, request.decision = actor.account_id, now, reason
    await _step(tx, request, "sent", actor=actor, now=now, reason=reason)


async def reject(tx: AsyncSession, request_id: UUID, *, actor: Actor, now: datetime, reason: str) -> PaymentRequest:
    """Do not agree: the minutes are free again. Errors as of `to_decide`."""
    request = await to_decide(tx, request_id, actor=actor, now=now)
    request.decided_by, request.decided_at, request.decision = actor.account_id, now, reason
    return await _end(tx, request, "rejected", actor=actor, now=now, reason=reason)


async def cancel(tx: AsyncSession, request: PaymentRequest, *, actor: Actor, now: datetime) -> PaymentRequest:
    """Call one's own payment off that waits; once called off, it stays so. `OrderOver` when it was decided."""
    locked = await _locked(tx, request.id)
    if locked.state == "cancelled":
        return locked
    if locked.state != "pending":
        raise OrderOver(state=locked.state)
    return await _end(tx, locked, "cancelled", actor=actor, now=now, reason="called_off")


async def due(tx: AsyncSession, request_id: UUID, *, now: datetime) -> None:
    """Nobody decided in time."""
    request = await _locked(tx, request_id)
    if request.state == "pending" and request.expires_at <= now:
        await _end(tx, request, "expired", actor=Actor.system(), now=now, reason="nobody decided")


async def requests_of(tx: AsyncSession, member: Member, *, limit: int = 50) -> list[PaymentRequest]:
    """A member's payments that wait for a second person or ended so, newest first; not those that were sent."""
    query = select(PaymentRequest).where(
        col(PaymentRequest.member_id) == member.id, col(PaymentRequest.state) != "sent"
    )
    return list(await tx.scalars(query.order_by(col(PaymentRequest.id).desc()).limit(limit)))


async def request_of(tx: AsyncSession, member: Member, request_id: UUID) -> PaymentRequest | None:
    """One of them."""
    found = await tx.get(PaymentRequest, request_id)
    return found if found is not None and found.member_id == member.id and found.state != "sent" else None


async def requests_for(
    tx: AsyncSession, *, actor: Actor, state: str, district_id: UUID | None = None
) -> list[PaymentRequest]:
    """Those of the officer's branches, the oldest first; of one branch on demand."""
    query = select(PaymentRequest).where(col(PaymentRequest.state) == state).order_by(col(PaymentRequest.id)).limit(200)
    if not actor.is_any(*OFFICERS):
        query = query.where(false())
    elif actor.region_path != "":
        inside = select(col(Region.id)).where(col(Region.path).startswith(actor.region_path, autoescape=True))
        query = query.where(col(PaymentRequest.district_id).in_(inside))
    if district_id is not None:
        query = query.where(col(PaymentRequest.district_id) == district_id)
    return list(await tx.scalars(query))


async def _locked(tx: AsyncSession, request_id: UUID) -> PaymentRequest:
    query = select(PaymentRequest).where(col(PaymentRequest.id) == request_id).with_for_update()
    found = await tx.scalar(query.execution_options(populate_existing=True))
    if found is None:
        raise Unknown(what="payment")
    return found


async def _end(
    tx: AsyncSession, request: PaymentRequest, to: str, *, actor: Actor, now: datetime, reason: str
) -> PaymentRequest:
    await _step(tx, request, to, actor=actor, now=now, reason=reason)
    release = Release(key=f"{request.hold_key}:release", hold_key=request.hold_key)
    await timebank.apply(tx, [release], now=now)
    return request


async def _step(
    tx: AsyncSession, request: PaymentRequest, to: str, *, actor: Actor, now: datetime, reason: str | None
) -> None:
    await move(tx, request, to, REQUEST_STEPS, actor=actor, now=now, reason=reason)
    await timers.drop_timer(tx, REQUEST_DUE, request.id)
    await _tell_of(tx, request, actor)


async def _tell_of(tx: AsyncSession, request: PaymentRequest, actor: Actor) -> None:
    detail = {"minutes": request.minutes}
    audit.note(tx, f"payment_request.{request.state}", actor=actor, entity="relay", entity_id=request.id, **detail)
    await outbox.send(tx, REQUEST_CHANGED, request_id=request.id, state=request.state)
