"""Keys that were given up before the other bank took them, ours and the partner's: every one, for good.

A partner's is never taken, however late its announcement comes; ours are kept so that an operator sees which ones a
partner may still ask about.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.hours.links.models import GivenUpKey, Whose


async def keep_given_up(tx: AsyncSession, link_id: UUID, whose: Whose, key: bytes, *, now: datetime) -> bool:
    """Remember a key; whether it was not known yet."""
    row = {"link_id": link_id, "whose": whose, "public_key": key, "given_up_at": now}
    new = insert(GivenUpKey).values(row).on_conflict_do_nothing().returning(col(GivenUpKey.public_key))
    return await tx.scalar(new) is not None


async def partner_gave_up(tx: AsyncSession, link_id: UUID, key: bytes) -> bool:
    """Whether the partner gave up this key of its."""
    return await tx.get(GivenUpKey, (link_id, "theirs", key)) is not None


async def given_up_keys(tx: AsyncSession, link_id: UUID) -> list[GivenUpKey]:
    """All of a link, the newest first."""
    query = select(GivenUpKey).where(col(GivenUpKey.link_id) == link_id)
    return list(await tx.scalars(query.order_by(col(GivenUpKey.given_up_at).desc(), col(GivenUpKey.public_key))))


async def take_after_all(tx: AsyncSession, link_id: UUID, key: bytes) -> None:
    """An operator took a key of the partner's by hand, so that it is not given up any more."""
    await tx.execute(
        delete(GivenUpKey).where(
            col(GivenUpKey.link_id) == link_id, col(GivenUpKey.whose) == "theirs", col(GivenUpKey.public_key) == key
        )
    )
