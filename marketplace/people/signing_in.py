"""Signing in: a code or a password opens a chain of refresh tokens; a used one shown again ends the chain.

After RFC 9700 §4.14 (refresh token rotation). Everything here lives in wall time.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import Update, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base import audit, tokens
from marketplace.base.actor import Actor
from marketplace.base.audit import Audit
from marketplace.base.database import record, transaction
from marketplace.base.errors import Limited, NotSignedIn
from marketplace.base.ids import new_id
from marketplace.base.platform import Platform
from marketplace.people.accounts import account_by_phone, actor_of, password_fits
from marketplace.people.codes import use_code
from marketplace.people.models import Account, RefreshToken

REFRESH_LIFETIME = timedelta(days=30)
FAILURES_AT_MOST = 10
FAILURES_WITHIN = timedelta(minutes=15)


class WrongCredentials(NotSignedIn):
    """The code or password does not open the account, or there is no such account."""

    code = "wrong_credentials"
    zh = "电话号码、验证码或密码不正确，或验证码已过期。"
    en = "The number, code or password is wrong, or the code has expired."


class RefreshRefused(NotSignedIn):
    """The refresh token is unknown, used, revoked or too old."""

    code = "refresh_refused"
    zh = "登录已失效，请重新登录。"
    en = "This sign-in has ended; please sign in again."


@dataclass(frozen=True, slots=True)
class Session:
    """What signing in gives."""

    actor: Actor
    access_token: str
    refresh_token: str


async def sign_in(
    platform: Platform, tx: AsyncSession, phone: str, *, code: str | None, password: str | None
) -> Session:
    """Open a session. `WrongCredentials`; `Limited` after ten failures in a quarter of an hour."""
    at = datetime.now(UTC)
    account = await account_by_phone(tx, platform.vault, phone)
    if account is None:
        raise WrongCredentials
    await _require_patience(tx, account.id, at)
    if code is not None:
        fits = await use_code(platform.db, platform.vault, account.id, code, at=at)
    else:
        fits = password is not None and password_fits(account, password)
    if not fits:
        async with record(platform.db) as own:
            audit.note(own, "sign_in.failed", actor=None, entity="account", entity_id=account.id)
        raise WrongCredentials
    audit.note(tx, "sign_in.succeeded", actor=None, entity="account", entity_id=account.id)
    return await _next_session(platform, tx, account, family_id=new_id(), at=at)


async def _require_patience(tx: AsyncSession, account_id: UUID, at: datetime) -> None:
    failures = await tx.scalar(
        select(func.count())
        .select_from(Audit)
        .where(
            col(Audit.action) == "sign_in.failed",
            col(Audit.entity_id) == str(account_id),
            col(Audit.recorded_at) > at - FAILURES_WITHIN,
        )
    )
    if failures is not None and failures >= FAILURES_AT_MOST:
        raise Limited(retry_after_seconds=int(FAILURES_WITHIN.total_seconds()))


async def refresh(platform: Platform, token: str) -> Session:
    """The next session of a chain. A token that was used before ends the whole chain: one of the two was stolen.

    Has a transaction of its own, because the end of a chain must be committed although the caller gets an error.
    """
    async with transaction(platform.db) as tx:
        session = await _next_of_chain(platform, tx, token, datetime.now(UTC))
    if session is None:
        raise RefreshRefused
    return session


async def _next_of_chain(platform: Platform, tx: AsyncSession, token: str, at: datetime) -> Session | None:
    row = await tx.scalar(select(RefreshToken).where(col(RefreshToken.token_hash) == _hash(token)).with_for_update())
    if row is None or row.revoked_at is not None or row.expires_at <= at:
        return None
    if row.used_at is not None:
        await tx.execute(_revocation(row.family_id, at))
        audit.note(tx, "refresh.reused", actor=None, entity="account", entity_id=row.account_id)
        return None
    account = await tx.get_one(Account, row.account_id)
    if account.state != "active":
        return None
    row.used_at = at
    return await _next_session(platform, tx, account, family_id=row.family_id, at=at)


async def sign_out(platform: Platform, token: str) -> None:
    """End the chain of a refresh token; an unknown one is no error."""
    async with transaction(platform.db) as tx:
        row = await tx.scalar(select(RefreshToken).where(col(RefreshToken.token_hash) == _hash(token)))
        if row is not None:
            await tx.execute(_revocation(row.family_id, datetime.now(UTC)))


def _revocation(family_id: UUID, at: datetime) -> Update:
    return (
        update(RefreshToken)
        .where(col(RefreshToken.family_id) == family_id, col(RefreshToken.revoked_at).is_(None))
        .values(revoked_at=at)
        .execution_options(synchronize_session=False)
    )


async def _next_session(
    platform: Platform, tx: AsyncSession, account: Account, *, family_id: UUID, at: datetime
) -> Session:
    assert platform.settings.secret is not None  # noqa: S101 - open_platform refuses to start without it
    token = secrets.token_urlsafe(32)
    tx.add(
        RefreshToken(
            family_id=family_id, account_id=account.id, token_hash=_hash(token), expires_at=at + REFRESH_LIFETIME
        )
    )
    await tx.flush()
    actor = await actor_of(tx, account)
    return Session(actor, tokens.issue(actor, platform.settings.secret), token)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
