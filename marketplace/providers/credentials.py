"""Credentials: handed in by the provider, checked by an officer, and gone when their last day is over.

The day decides by itself (see `standing.holds_valid`); the timer `credential.due` only tells the world of it.
"""

from datetime import date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base import audit, outbox, timers
from marketplace.base.actor import Actor
from marketplace.base.clock import local_day, local_instant
from marketplace.base.errors import Unknown
from marketplace.providers.errors import AlreadyChecked, Impossible
from marketplace.providers.models import Credential, Provider
from marketplace.providers.reach import managed
from marketplace.providers.schemas.organisations import CredentialIn
from marketplace.providers.standing import follow_licence, has_valid

LONGEST_YEARS = 30


async def submit(tx: AsyncSession, provider_id: UUID, data: CredentialIn, *, actor: Actor, now: datetime) -> Credential:
    """Hand a paper in; it counts once it is checked. Refused when it is over already or its days make no sense."""
    provider = await managed(tx, provider_id, actor=actor)
    today = local_day(now)
    if data.valid_until < data.valid_from:
        raise Impossible(pointer="/valid_until", reason="it ends before it begins")
    if data.valid_until < today:
        raise Impossible(pointer="/valid_until", reason="it ran out already")
    if data.valid_until.year > today.year + LONGEST_YEARS:
        raise Impossible(pointer="/valid_until", reason=f"no paper is good for more than {LONGEST_YEARS} years")
    credential = Credential(provider_id=provider.id, **data.model_dump())
    tx.add(credential)
    await tx.flush()
    audit.note(tx, "credential.submitted", actor=actor, entity="credential", entity_id=credential.id)
    return credential


async def check(
    tx: AsyncSession,
    provider_id: UUID,
    credential_id: UUID,
    *,
    accepted: bool,
    reason: str | None,
    actor: Actor,
    now: datetime,
) -> Credential:
    """An officer accepts or refuses a paper, once. A renewed licence brings a lapsed provider back.

    Message credential.valid when the paper counts from today on.
    """
    provider = await managed(tx, provider_id, actor=actor)
    credential = await tx.scalar(
        select(Credential).where(col(Credential.id) == credential_id, col(Credential.provider_id) == provider.id)
    )
    if credential is None:
        raise Unknown(what="credential")
    if credential.state != "submitted":
        raise AlreadyChecked(state=credential.state)
    credential.state = "checked" if accepted else "refused"
    credential.checked_by, credential.checked_at, credential.reason = actor.account_id, now, reason
    await tx.flush()
    audit.note(tx, f"credential.{credential.state}", actor=actor, entity="credential", entity_id=credential.id)
    if accepted:
        await _arm(tx, credential, local_day(now))
        if credential.valid_from <= local_day(now):
            await _tell(tx, "credential.valid", credential)
        await follow_licence(tx, provider, actor=actor, now=now)
    return credential


async def _arm(tx: AsyncSession, credential: Credential, today: date) -> None:
    """Wake at the next day on which something changes: its first, if that is to come, else the one after its last."""
    turn = credential.valid_from if credential.valid_from > today else credential.valid_until + timedelta(days=1)
    await timers.set_timer(tx, "credential.due", credential.id, local_instant(turn, time.min))


async def come_due(tx: AsyncSession, credential_id: UUID, *, actor: Actor, now: datetime) -> None:
    """A credential begins or ends today; bring the provider in line. Message credential.lapsed, once per paper."""
    provider = await tx.scalar(
        select(Provider)
        .join(Credential, col(Credential.provider_id) == col(Provider.id))
        .where(col(Credential.id) == credential_id)
        .with_for_update(of=Provider)
    )
    credential = await tx.get(Credential, credential_id, populate_existing=True)
    if provider is None or credential is None or credential.state != "checked":
        return
    today = local_day(now)
    if today <= credential.valid_until:
        await _arm(tx, credential, today)
        await _tell(tx, "credential.valid", credential)
    elif credential.lapsed_at is None and not await has_valid(tx, provider.id, credential.kind, today):
        credential.lapsed_at = now
        await tx.flush()
        await _tell(tx, "credential.lapsed", credential)
    await follow_licence(tx, provider, actor=actor, now=now)


async def _tell(tx: AsyncSession, name: str, credential: Credential) -> None:
    await outbox.send(tx, name, provider_id=credential.provider_id, credential_id=credential.id, kind=credential.kind)


async def credentials_of(tx: AsyncSession, provider_id: UUID) -> list[Credential]:
    """All papers ever handed in, newest first."""
    query = select(Credential).where(col(Credential.provider_id) == provider_id).order_by(col(Credential.id).desc())
    return list(await tx.scalars(query))
