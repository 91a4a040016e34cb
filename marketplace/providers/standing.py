"""A provider's standing: whether it may be booked, what suspends it, what a lapsed licence does, and its stars."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, exists, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base import outbox
from marketplace.base.actor import Actor
from marketplace.base.audit import Transition
from marketplace.base.clock import local_day
from marketplace.base.errors import IllegalTransition
from marketplace.base.states import move
from marketplace.providers.errors import LicenceMissing
from marketplace.providers.models import PROVIDER_STEPS, SERVING, Credential, Provider
from marketplace.providers.reach import managed


def papers_for(service: str | None) -> tuple[str, ...]:
    """The kinds of credential that a service asks for; None asks for what every service does."""
    return ("licence", "food") if service == "meal" else ("licence",)


def holds_valid(kind: str, on: date) -> ColumnElement[bool]:
    """The condition on `Provider`: it has a checked credential of this kind that is valid on that day."""
    return exists().where(
        col(Credential.provider_id) == col(Provider.id),
        col(Credential.kind) == kind,
        col(Credential.state) == "checked",
        col(Credential.valid_from) <= on,
        col(Credential.valid_until) >= on,
    )


def serving(service: str | None, on: date) -> list[ColumnElement[bool]]:
    """The conditions on `Provider` under which it may be booked for a service on that day."""
    return [col(Provider.state).in_(SERVING), *(holds_valid(kind, on) for kind in papers_for(service))]


async def is_bookable(tx: AsyncSession, provider_id: UUID, on: date, *, service: str | None = None) -> bool:
    """Does the provider serve, with every paper valid that day? A meal also needs the food licence."""
    found = await tx.scalar(select(col(Provider.id)).where(col(Provider.id) == provider_id, *serving(service, on)))
    return found is not None


async def suspend(tx: AsyncSession, provider_id: UUID, *, actor: Actor, now: datetime, reason: str) -> Provider:
    """Stop new bookings at once; what is booked becomes a matter for a dispatcher. Message provider.suspended."""
    provider = await managed(tx, provider_id, actor=actor)
    await move(tx, provider, "suspended", PROVIDER_STEPS, actor=actor, now=now, reason=reason)
    await outbox.send(tx, "provider.suspended", provider_id=provider.id)
    return provider


async def warn(tx: AsyncSession, provider_id: UUID, *, actor: Actor, now: datetime, reason: str) -> Provider:
    """A warned provider still serves; the warning stands until it is lifted."""
    provider = await managed(tx, provider_id, actor=actor)
    await move(tx, provider, "warned", PROVIDER_STEPS, actor=actor, now=now, reason=reason)
    return provider


async def resume(tx: AsyncSession, provider_id: UUID, *, actor: Actor, now: datetime, reason: str) -> Provider:
    """Lift a suspension or a warning, or let a repaired provider serve. `LicenceMissing` when none is valid today."""
    provider = await managed(tx, provider_id, actor=actor)
    if provider.state not in {"suspended", "warned", "repaired"}:
        raise IllegalTransition(state=provider.state, wanted="active")
    if not await has_valid(tx, provider.id, "licence", local_day(now)):
        raise LicenceMissing
    await move(tx, provider, "active", PROVIDER_STEPS, actor=actor, now=now, reason=reason)
    await outbox.send(tx, "provider.resumed", provider_id=provider.id)
    return provider


async def has_valid(tx: AsyncSession, provider_id: UUID, kind: str, on: date) -> bool:
    """Has the provider a checked credential of this kind on that day?"""
    found = await tx.scalar(select(col(Provider.id)).where(col(Provider.id) == provider_id, holds_valid(kind, on)))
    return found is not None


async def follow_licence(tx: AsyncSession, provider: Provider, *, actor: Actor, now: datetime) -> None:
    """Bring the standing in line with the licence of today: lapse without one, come back with one.

    The caller holds the provider's lock. A provider comes back to where it was, so that a warning outlives a lapse.
    """
    licensed = await has_valid(tx, provider.id, "licence", local_day(now))
    if provider.state in SERVING and not licensed:
        await move(tx, provider, "lapsed", PROVIDER_STEPS, actor=actor, now=now, reason="licence ran out")
    elif provider.state == "lapsed" and licensed:
        before = await _state_before_lapse(tx, provider)
        await move(tx, provider, before, PROVIDER_STEPS, actor=actor, now=now, reason="licence renewed")
        await outbox.send(tx, "provider.resumed", provider_id=provider.id)


async def _state_before_lapse(tx: AsyncSession, provider: Provider) -> str:
    last = (
        select(col(Transition.from_state))
        .where(col(Transition.entity_id) == provider.id, col(Transition.to_state) == "lapsed")
        .order_by(col(Transition.version).desc())
        .limit(1)
    )
    return await tx.scalar(last) or "active"


async def add_rating(tx: AsyncSession, provider_id: UUID, stars: int) -> None:
    """Add one rating of 1 to 5 stars to the tally."""
    tally = (
        update(Provider)
        .where(col(Provider.id) == provider_id)
        .values(
            rating_sum=col(Provider.rating_sum) + stars,
            rating_count=col(Provider.rating_count) + 1,
        )
        .execution_options(synchronize_session=False)
    )
    await tx.execute(tally)
