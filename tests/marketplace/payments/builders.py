"""Payments and providers for tests."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base import outbox
from marketplace.base.actor import Actor
from marketplace.base.database import transaction
from marketplace.base.ids import new_id
from marketplace.base.outbox import Message
from marketplace.base.platform import Platform
from marketplace.payments import books, service
from marketplace.payments.collecting.beats import advance
from marketplace.payments.models import Payment
from marketplace.payments.payouts import schedule
from marketplace.people.models import Region
from marketplace.providers.models import Provider
from timebank import Command, apply, balance

VISA = "pm_card_visa"
SYSTEM = Actor.system()


async def ask(
    platform: Platform,
    amount_fen: int = 5_000,
    *,
    method: str = VISA,
    starts_at: datetime | None = None,
    actor: Actor = SYSTEM,
) -> Payment:
    """A payment of a new booking, asked for and announced, not yet begun."""
    async with transaction(platform.db) as tx:
        payment = await service.ask(
            tx,
            booking_id=new_id(),
            amount_fen=amount_fen,
            payment_method=method,
            actor=actor,
            now=platform.now(),
            service_starts_at=starts_at,
        )
        await outbox.send(tx, "booking.requested", booking_id=payment.booking_id)
    return payment


async def held(platform: Platform, amount_fen: int = 5_000, *, method: str = VISA) -> Payment:
    """A payment that is authorised, or paid where it is a wallet's."""
    payment = await ask(platform, amount_fen, method=method)
    await advance(platform, payment.id)
    return await read(platform, payment.id)


async def decide(platform: Platform, payment: Payment, keep_fen: int) -> None:
    """Decide what is kept, without carrying it out."""
    async with transaction(platform.db) as tx:
        await service.decide(tx, payment.booking_id, keep_fen, actor=SYSTEM, now=platform.now())


async def keep(platform: Platform, payment: Payment, keep_fen: int) -> Payment:
    """Decide what is kept and carry it out."""
    await decide(platform, payment, keep_fen)
    await advance(platform, payment.id)
    return await read(platform, payment.id)


async def read(platform: Platform, payment_id: UUID) -> Payment:
    """The payment as it is in the database now."""
    async with transaction(platform.db) as tx:
        return await tx.get_one(Payment, payment_id)


async def post(platform: Platform, commands: list[Command]) -> None:
    """Apply ledger commands."""
    async with transaction(platform.db) as tx:
        await apply(tx, commands, now=platform.now())


async def posted(platform: Platform, kind: str, provider_id: UUID | None = None) -> int:
    """The posted balance of one of the money's accounts."""
    async with transaction(platform.db) as tx:
        return (await balance(tx, books.account(kind, provider_id), now=platform.now())).posted


async def count_sent(platform: Platform, name: str) -> int:
    """How many messages of this name were sent."""
    async with transaction(platform.db) as tx:
        return await tx.scalar(select(func.count()).where(col(Message.name) == name)) or 0


async def a_provider(tx: AsyncSession, district: Region, *, state: str = "active") -> Provider:
    """A provider in this state."""
    provider = Provider(
        name="示例机构",
        kind="home_care",
        legal_person_code=new_id().hex,
        district_id=district.id,
        lon=district.lon,
        lat=district.lat,
        state=state,
        applied_at=datetime.fromisoformat("2026-01-01T00:00:00+00:00"),
    )
    tx.add(provider)
    await tx.flush()
    return provider


async def earn(platform: Platform, provider_id: UUID, gross_fen: int, *, fee_permille: int = 50) -> Payment:
    """A booking served and paid: money taken from the card, settled in the books, the provider's payout scheduled."""
    payment = await held(platform, gross_fen)
    async with transaction(platform.db) as tx:
        await apply(
            tx,
            books.settle_commands(
                provider_id=provider_id,
                booking_id=payment.booking_id,
                gross_fen=gross_fen,
                fee_permille=fee_permille,
                occurred_at=platform.now(),
            ),
            now=platform.now(),
        )
        await schedule(tx, provider_id, now=platform.now())
    return await keep(platform, payment, gross_fen)
