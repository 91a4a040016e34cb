"""Who may see and who may manage a provider. What one may not know of is `Unknown`."""

from uuid import UUID

from sqlalchemy import ColumnElement, false, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base.actor import Actor, Role
from marketplace.base.errors import Unknown
from marketplace.people.models import Region
from marketplace.providers.errors import Barred
from marketplace.providers.models import SERVING, Provider

OVERSIGHT = (Role.OFFICER, Role.OPERATOR, Role.DISPATCHER)
MANAGERS = (Role.PROVIDER, Role.OFFICER, Role.OPERATOR)


def manageable_by(actor: Actor) -> ColumnElement[bool]:
    """The condition on `Provider`: one's own organisation, or one in the staff's own subtree."""
    if actor.is_system:
        return true()
    own = col(Provider.id) == actor.provider_id if actor.is_any(Role.PROVIDER) else None
    staff = _in_subtree(actor) if actor.is_any(*OVERSIGHT) else None
    return or_(*(condition for condition in (own, staff) if condition is not None), false())


def visible_provider(actor: Actor) -> ColumnElement[bool]:
    """The condition on `Provider`: those that serve are public, the others are seen by who manages them."""
    public = col(Provider.state).in_(SERVING)
    if actor.is_any(Role.REGULATOR):
        return or_(public, _in_subtree(actor))
    return or_(public, manageable_by(actor))


def _in_subtree(actor: Actor) -> ColumnElement[bool]:
    if actor.region_path == "":
        return true()
    inside = select(col(Region.id)).where(col(Region.path).startswith(actor.region_path, autoescape=True))
    return col(Provider.district_id).in_(inside)


async def managed(tx: AsyncSession, provider_id: UUID, *, actor: Actor) -> Provider:
    """The provider, locked, for a change by the actor; `Unknown` out of reach, `Barred` when blacklisted."""
    provider = await tx.scalar(
        select(Provider)
        .where(col(Provider.id) == provider_id, manageable_by(actor))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if provider is None:
        raise Unknown(what="provider")
    if provider.state == "blacklisted":
        raise Barred
    return provider


async def overseen(tx: AsyncSession, provider_id: UUID, *, actor: Actor) -> Provider:
    """The provider for a look inside by the actor; `Unknown` out of reach."""
    provider = await tx.scalar(select(Provider).where(col(Provider.id) == provider_id, manageable_by(actor)))
    if provider is None:
        raise Unknown(what="provider")
    return provider
