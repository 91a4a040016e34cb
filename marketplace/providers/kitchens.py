"""Kitchens: where meals are cooked, for which districts, and how many boxes a sitting gives."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base import audit
from marketplace.base.actor import Actor
from marketplace.base.errors import Unknown
from marketplace.people.models import Region
from marketplace.providers.errors import Impossible
from marketplace.providers.models import Kitchen
from marketplace.providers.reach import managed
from marketplace.providers.schemas.staff import KitchenIn


async def add_kitchen(tx: AsyncSession, provider_id: UUID, data: KitchenIn, *, actor: Actor) -> Kitchen:
    """A new kitchen of the provider. It must cook at least one sitting and serve real districts, each once."""
    provider = await managed(tx, provider_id, actor=actor)
    if data.lunch_capacity + data.dinner_capacity == 0:
        raise Impossible(pointer="/lunch_capacity", reason="a kitchen cooks lunch, dinner or both")
    wanted = set(data.district_ids)
    if len(wanted) != len(data.district_ids):
        raise Impossible(pointer="/district_ids", reason="a district is named twice")
    known = select(col(Region.id)).where(col(Region.id).in_(wanted), col(Region.level) == "district")
    if set(await tx.scalars(known)) != wanted:
        raise Unknown(pointer="/district_ids", what="district")
    kitchen = Kitchen(
        provider_id=provider.id,
        name=data.name,
        lon=data.place.lon,
        lat=data.place.lat,
        district_ids=sorted(wanted),
        lunch_capacity=data.lunch_capacity,
        dinner_capacity=data.dinner_capacity,
    )
    tx.add(kitchen)
    await tx.flush()
    audit.note(tx, "kitchen.added", actor=actor, entity="kitchen", entity_id=kitchen.id)
    return kitchen


async def kitchens_of(tx: AsyncSession, provider_id: UUID) -> list[Kitchen]:
    """The provider's kitchens, oldest first."""
    query = select(Kitchen).where(col(Kitchen.provider_id) == provider_id).order_by(col(Kitchen.id))
    return list(await tx.scalars(query))
