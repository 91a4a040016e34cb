"""Keys that were given up before the other bank took them, ours and the partner's: every one, for good.

A partner's is never taken, however late its announcement comes; ours are kept so that an operator sees which ones a
partner may still ask about.

No age makes it safe to forget a partner's. Its announcement has no date of its own and holds as long as the key that it
starts from is in force; the process that gave it up may have been killed before it wrote that down, and announces the
key again under a fresh signature when it is started, or restored from a backup, months later. Nor does a later change
of keys end that: after a backup was restored an operator accepts the older key again. So there are never more than
`MOST` of a link, beyond which nothing is forgotten, but the partner's next word is refused.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.hours.links.errors import LinkKeysFull
from marketplace.hours.links.models import GivenUpKey, Whose

MOST = 1_000  # of a partner's: a person's act each, of which no link sees a hundred


async def keep_given_up(tx: AsyncSession, link_id: UUID, whose: Whose, key: bytes, *, now: datetime) -> None:
    """Remember a key. Repeating it changes nothing."""
    row = {"link_id": link_id, "whose": whose, "public_key": key, "given_up_at": now}
    await tx.execute(insert(GivenUpKey).values(row).on_conflict_do_nothing())


async def require_room(tx: AsyncSession, link_id: UUID) -> None:
    """`LinkKeysFull` where the partner gave up as many keys as are remembered. The link's peer is locked."""
    theirs = select(func.count()).where(col(GivenUpKey.link_id) == link_id, col(GivenUpKey.whose) == "theirs")
    if (await tx.scalar(theirs) or 0) >= MOST:
        raise LinkKeysFull(most=MOST)


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
