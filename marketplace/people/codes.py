"""One-time codes: six digits, five minutes, five tries; at most three an account in ten minutes.

A number without an account gets the same answer, so that nobody learns who has one. Times are wall time.
"""

import hmac
import secrets
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base import outbox
from marketplace.base.crypto import Vault
from marketplace.base.database import Database, record
from marketplace.base.errors import Limited
from marketplace.base.ids import new_id
from marketplace.people.accounts import account_by_phone
from marketplace.people.models import Account, SignInCode

LIFETIME = timedelta(minutes=5)
TRIES = 5
ASKED_WITHIN = timedelta(minutes=10)
ASKED_AT_MOST = 3


async def ask_code(tx: AsyncSession, vault: Vault, phone: str, *, at: datetime) -> str | None:
    """Make a code for the number's account and have it sent; None when there is none. `Limited` when too often."""
    account = await account_by_phone(tx, vault, phone)
    if account is None:
        return None
    await tx.get(Account, account.id, with_for_update=True)
    asked = await tx.scalar(
        select(func.count())
        .select_from(SignInCode)
        .where(col(SignInCode.account_id) == account.id, col(SignInCode.recorded_at) > at - ASKED_WITHIN)
    )
    if asked is not None and asked >= ASKED_AT_MOST:
        raise Limited(retry_after_seconds=int(ASKED_WITHIN.total_seconds()))
    code = f"{secrets.randbelow(1_000_000):06d}"
    code_id = new_id()
    tx.add(
        SignInCode(
            id=code_id,
            account_id=account.id,
            code_sealed=await vault.seal(tx, account.id, f"code:{code_id}", code),
            expires_at=at + LIFETIME,
            recorded_at=at,
        )
    )
    await tx.flush()
    await outbox.send(tx, "sign_in.code_requested", code_id=code_id)
    return code


async def use_code(db: Database, vault: Vault, account_id: UUID, code: str, *, at: datetime) -> bool:
    """Does this code open the account? Counts the try in its own transaction; a code opens once."""
    async with record(db) as tx:
        row = await tx.scalar(
            select(SignInCode)
            .where(col(SignInCode.account_id) == account_id, col(SignInCode.used_at).is_(None))
            .order_by(col(SignInCode.recorded_at).desc())
            .limit(1)
            .with_for_update()
        )
        if row is None or row.expires_at <= at or row.tries >= TRIES:
            return False
        row.tries += 1
        real = await vault.open(tx, account_id, f"code:{row.id}", row.code_sealed)
        fits = hmac.compare_digest(real, code)
        if fits:
            row.used_at = at
        return fits


async def code_to_send(tx: AsyncSession, vault: Vault, code_id: UUID, *, at: datetime) -> tuple[str, str] | None:
    """Telephone number and code still worth sending, or None."""
    row = await tx.get(SignInCode, code_id)
    if row is None or row.used_at is not None or row.expires_at <= at:
        return None
    account = await tx.get_one(Account, row.account_id)
    phone = await vault.open(tx, account.id, "phone", account.phone_sealed)
    return phone, await vault.open(tx, account.id, f"code:{row.id}", row.code_sealed)
