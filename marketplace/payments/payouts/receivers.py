"""Who receives: may the provider be paid now, and its account at the gateway, opened when first needed."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.payments.connection import gateway_of
from marketplace.payments.gateway import GatewayUnavailable
from marketplace.payments.payouts.models import PayoutAccount
from marketplace.providers.models import BARRED, Provider


async def may_be_paid(tx: AsyncSession, provider_id: UUID) -> bool:
    """False while the provider is suspended, lapsed or blacklisted, and for one that does not exist."""
    state = await tx.scalar(select(col(Provider.state)).where(col(Provider.id) == provider_id))
    return state is not None and state not in BARRED


async def account_of(platform: Platform, provider_id: UUID) -> str:
    """The provider's account at the gateway: claim │ open, with a key from the provider │ record."""
    async with transaction(platform.db) as tx:
        claimed = await tx.get_one(PayoutAccount, provider_id)
    if claimed.account_id is not None:
        return claimed.account_id
    key = f"provider:{provider_id}:account" + (f":{claimed.attempt}" if claimed.attempt > 1 else "")
    try:
        account_id = await gateway_of(platform).open_account(str(provider_id), key=key)
    except GatewayUnavailable as failure:
        if failure.replayed:
            # accounts cannot be looked up: a second, empty one does no harm, a provider without one does
            await _next_key(platform, provider_id, claimed.attempt)
        raise
    async with transaction(platform.db) as tx:
        row = await tx.get_one(PayoutAccount, provider_id, with_for_update=True)
        row.account_id = row.account_id or account_id
        return row.account_id


async def _next_key(platform: Platform, provider_id: UUID, attempt: int) -> None:
    async with transaction(platform.db) as tx:
        row = await tx.get_one(PayoutAccount, provider_id, with_for_update=True)
        if row.attempt == attempt:
            row.attempt += 1
