"""Blacklisting: two persons bar a suspended provider, it may appeal once, and one day it is over.

Nobody confirms what he proposed, and an appeal is decided by somebody who did neither. A lifted blacklisting leads
back to the suspension before it; an expired one to `repaired`, from where an operator resumes the provider.
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base import outbox, timers
from marketplace.base.actor import Actor
from marketplace.base.errors import Forbidden, IllegalTransition, Unknown
from marketplace.base.policy import CreditRules
from marketplace.base.states import move
from marketplace.providers.errors import AnotherPerson, AppealOver, BlacklistingOpen
from marketplace.providers.models import BLACKLISTING_STEPS, PROVIDER_STEPS, Blacklisting, Provider
from marketplace.providers.reach import manageable_by, managed

BLACKLISTING_DUE = "blacklisting.due"
RUNNING = frozenset({"proposed", "in_force", "appealed"})


async def propose(
    tx: AsyncSession, provider_id: UUID, *, reason: str, days: int, actor: Actor, now: datetime
) -> Blacklisting:
    """One person proposes to bar a suspended provider. `BlacklistingOpen` when one is under way."""
    provider = await managed(tx, provider_id, actor=actor)
    if provider.state != "suspended":
        raise IllegalTransition(state=provider.state, wanted="blacklisted")
    if await _running(tx, provider.id) is not None:
        raise BlacklistingOpen
    row = Blacklisting(provider_id=provider.id, reason=reason, days=days, proposed_by=_person(actor), proposed_at=now)
    tx.add(row)
    await tx.flush()
    return row


async def confirm(
    tx: AsyncSession, provider_id: UUID, *, rules: CreditRules, actor: Actor, now: datetime
) -> Blacklisting:
    """Another person confirms: the provider is barred at once. Message provider.suspended."""
    provider, row = await _locked(tx, provider_id, actor=actor, state="proposed")
    if _person(actor) == row.proposed_by:
        raise AnotherPerson
    row.confirmed_by, row.confirmed_at = _person(actor), now
    row.appeal_until = now + timedelta(days=rules.appeal_days)
    row.expires_at = now + timedelta(days=row.days)
    await move(tx, row, "in_force", BLACKLISTING_STEPS, actor=actor, now=now)
    await move(tx, provider, "blacklisted", PROVIDER_STEPS, actor=actor, now=now, reason=row.reason)
    await timers.set_timer(tx, BLACKLISTING_DUE, row.id, row.expires_at)
    await outbox.send(tx, "provider.suspended", provider_id=provider.id)
    return row


async def refuse(tx: AsyncSession, provider_id: UUID, *, reason: str, actor: Actor, now: datetime) -> Blacklisting:
    """A proposal is not followed; whoever made it may take it back."""
    _, row = await _locked(tx, provider_id, actor=actor, state="proposed")
    row.decision = reason
    await move(tx, row, "refused", BLACKLISTING_STEPS, actor=actor, now=now, reason=reason)
    return row


async def appeal(tx: AsyncSession, provider_id: UUID, *, words: str, actor: Actor, now: datetime) -> Blacklisting:
    """The provider appeals, once and in time. `AppealOver`."""
    _, row = await _locked(tx, provider_id, actor=actor, state="in_force")
    if row.appeal is not None or row.appeal_until is None or now >= row.appeal_until:
        raise AppealOver
    row.appeal = words
    await move(tx, row, "appealed", BLACKLISTING_STEPS, actor=actor, now=now)
    return row


async def decide(
    tx: AsyncSession, provider_id: UUID, *, lift: bool, reason: str, actor: Actor, now: datetime
) -> Blacklisting:
    """A third person decides the appeal: lifted, back to the suspension, or in force until it expires."""
    provider, row = await _locked(tx, provider_id, actor=actor, state="appealed")
    if _person(actor) in {row.proposed_by, row.confirmed_by}:
        raise AnotherPerson
    row.decided_by, row.decision = _person(actor), reason
    await move(tx, row, "lifted" if lift else "in_force", BLACKLISTING_STEPS, actor=actor, now=now, reason=reason)
    if lift:
        await timers.drop_timer(tx, BLACKLISTING_DUE, row.id)
        await move(tx, provider, "suspended", PROVIDER_STEPS, actor=actor, now=now, reason=reason)
    return row


async def expire(tx: AsyncSession, blacklisting_id: UUID, *, actor: Actor, now: datetime) -> None:
    """Its time is over: the provider counts as repaired, also when an appeal was never decided."""
    seen = await tx.get_one(Blacklisting, blacklisting_id)
    provider = await tx.get_one(Provider, seen.provider_id, with_for_update=True, populate_existing=True)
    row = await tx.get_one(Blacklisting, seen.id, with_for_update=True, populate_existing=True)
    if row.state in {"in_force", "appealed"} and row.expires_at is not None and now >= row.expires_at:
        await move(tx, row, "expired", BLACKLISTING_STEPS, actor=actor, now=now)
        await move(tx, provider, "repaired", PROVIDER_STEPS, actor=actor, now=now, reason="blacklisting expired")


async def blacklistings_of(tx: AsyncSession, provider_id: UUID, *, actor: Actor) -> list[Blacklisting]:
    """All there ever were, newest first; `Unknown` out of reach."""
    seen = select(col(Provider.id)).where(col(Provider.id) == provider_id, manageable_by(actor))
    if await tx.scalar(seen) is None:
        raise Unknown(what="provider")
    query = select(Blacklisting).where(col(Blacklisting.provider_id) == provider_id)
    return list(await tx.scalars(query.order_by(col(Blacklisting.id).desc())))


def _person(actor: Actor) -> UUID:
    if actor.account_id is None:  # the system bars nobody
        raise Forbidden
    return actor.account_id


async def _locked(tx: AsyncSession, provider_id: UUID, *, actor: Actor, state: str) -> tuple[Provider, Blacklisting]:
    """The provider and its running blacklisting, locked in this order; it must be in `state`."""
    query = select(Provider).where(col(Provider.id) == provider_id, manageable_by(actor))
    provider = await tx.scalar(query.with_for_update().execution_options(populate_existing=True))
    row = await _running(tx, provider_id) if provider is not None else None
    if provider is None or row is None:
        raise Unknown(what="blacklisting")
    if row.state != state:
        raise IllegalTransition(state=row.state, wanted=state)
    return provider, row


async def _running(tx: AsyncSession, provider_id: UUID) -> Blacklisting | None:
    query = select(Blacklisting).where(
        col(Blacklisting.provider_id) == provider_id, col(Blacklisting.state).in_(RUNNING)
    )
    found: Blacklisting | None = await tx.scalar(query.with_for_update().execution_options(populate_existing=True))
    return found
