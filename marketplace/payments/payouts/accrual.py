"""What a provider earned waits in the ledger; the day's payout is its timer at two the next morning."""

from datetime import date, datetime, time, timedelta
from uuid import UUID, uuid5

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base import timers
from marketplace.base.actor import Actor, Role
from marketplace.base.clock import local_day, local_instant
from marketplace.base.errors import Unknown
from marketplace.payments import books
from marketplace.payments.payouts.models import Payout
from timebank import balance
from timebank.errors import UnknownAccount

PAID_AT = time(2)
_NAMESPACE = UUID("0d5f3f0e-6a0d-5b7e-9a37-1f4c7d1f6c55")


def payout_id(provider_id: UUID, day: date) -> UUID:
    """The id of the one payout of a provider and day, the same everywhere."""
    return uuid5(_NAMESPACE, f"{provider_id}:{day.isoformat()}")


async def schedule(tx: AsyncSession, provider_id: UUID, *, now: datetime) -> UUID:
    """See to it that what the provider earns today is paid tonight; call it wherever something was settled.

    Calling it again on the same day changes nothing. Returns the payout's id.
    """
    day = local_day(now)
    row = insert(Payout).values(
        id=payout_id(provider_id, day),
        provider_id=provider_id,
        day=day,
        state="pending",
        version=1,
        amount_fen=0,
        attempt=1,
    )
    fresh = await tx.scalar(row.on_conflict_do_nothing().returning(col(Payout.id)))
    if fresh is not None:
        await timers.set_timer(tx, "payout.due", fresh, local_instant(day + timedelta(days=1), PAID_AT))
    return payout_id(provider_id, day)


async def payable_fen(tx: AsyncSession, provider_id: UUID, *, now: datetime) -> int:
    """What the provider is owed and was not yet sent; below zero after a refund of what was paid out."""
    try:
        return (await balance(tx, books.account(books.PAYABLE, provider_id), now=now)).posted
    except UnknownAccount:
        return 0


async def payouts_for(tx: AsyncSession, provider_id: UUID, *, actor: Actor, limit: int = 100) -> list[Payout]:
    """A provider's payouts, newest first, for its own people and operators; else `Unknown`."""
    own = actor.is_any(Role.PROVIDER) and actor.provider_id == provider_id
    if not (own or actor.is_any(Role.OPERATOR)):
        raise Unknown
    query = select(Payout).where(col(Payout.provider_id) == provider_id).order_by(col(Payout.day).desc()).limit(limit)
    return list(await tx.scalars(query))
