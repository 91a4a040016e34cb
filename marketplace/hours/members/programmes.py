"""Programmes: authorised ceilings from which hours are granted. What is issued never passes the ceiling: the
ledger's floor on the programme's account sees to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

import timebank
from marketplace.base import audit
from marketplace.base.actor import Actor
from marketplace.base.clock import local_day
from marketplace.base.errors import Conflict, Unknown
from marketplace.hours.books import CITY, open_programme, programme_account
from marketplace.hours.errors import CeilingTooLow, NotADistrict
from marketplace.hours.models import Programme
from marketplace.people.models import Elder, Region
from timebank import Post, SetLimits, Transfer
from timebank.errors import InsufficientBalance

GRANT = "grant"


class CeilingReached(Conflict):
    """The programme may not issue that much any more."""

    code = "ceiling_reached"
    zh = "该项目的授权时间不足：剩余 {available} 分钟。"
    en = "The programme's ceiling is reached: {available} minutes are left."


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """What an authority decides: to whom, how much, from when to when. `district_id` None: the whole city."""

    name_zh: str
    name_en: str
    district_id: UUID | None
    categories: Sequence[str]
    ceiling_minutes: int
    valid_from: date
    valid_until: date


async def authorise(tx: AsyncSession, authority: Authority, *, actor: Actor, now: datetime) -> Programme:
    """A new programme with its issuance account in the city's book. `NotADistrict`."""
    if authority.district_id is not None:
        region = await tx.get(Region, authority.district_id)
        if region is None or region.level != "district":
            raise NotADistrict(pointer="/district_id")
    programme = Programme(
        name_zh=authority.name_zh,
        name_en=authority.name_en,
        district_id=authority.district_id,
        categories=sorted(set(authority.categories)),
        ceiling_minutes=authority.ceiling_minutes,
        valid_from=authority.valid_from,
        valid_until=authority.valid_until,
        authorised_by=actor.account_id,
        authorised_at=now,
    )
    tx.add(programme)
    await tx.flush()
    audit.note(tx, "programme.authorised", actor=actor, entity="programme", entity_id=programme.id)
    await timebank.open_book(tx, CITY)
    await timebank.apply(tx, [open_programme(programme.id, authority.ceiling_minutes)], now=now)
    return programme


async def set_ceiling(
    tx: AsyncSession, programme_id: UUID, ceiling_minutes: int, *, actor: Actor, now: datetime
) -> Programme:
    """Raise or lower what a programme may issue in all. `CeilingTooLow` below what is issued or promised."""
    query = select(Programme).where(col(Programme.id) == programme_id).with_for_update()
    programme = await tx.scalar(query)
    if programme is None:
        raise Unknown(what="programme")
    programme.ceiling_minutes = ceiling_minutes
    programme.version += 1
    await tx.flush()
    audit.note(tx, "programme.ceiling", actor=actor, entity="programme", entity_id=programme.id)
    limits = SetLimits(
        key=f"programme:{programme.id}:ceiling:{programme.version}",
        account=programme_account(programme.id),
        floor=-ceiling_minutes,
        cap=None,
    )
    try:
        await timebank.apply(tx, [limits], now=now)
    except InsufficientBalance as error:
        raise CeilingTooLow from error
    return programme


async def grant(
    tx: AsyncSession, programme_id: UUID, destination: UUID, minutes: int, *, key: str, now: datetime
) -> timebank.Result:
    """Issue minutes to an account (a member's or a branch's pool), once per `key`. `CeilingReached`."""
    entry = Post(
        key=key,
        transfers=(Transfer(programme_account(programme_id), destination, minutes),),
        kind=GRANT,
        reference=f"programme:{programme_id}",
        occurred_at=now,
    )
    try:
        (result,) = await timebank.apply(tx, [entry], now=now)
    except InsufficientBalance as error:
        raise CeilingReached(available=error.data.get("available", 0)) from error
    return result


async def all_programmes(tx: AsyncSession) -> list[Programme]:
    """Every programme, the newest first; there are as many as an authority has decided on."""
    return list(await tx.scalars(select(Programme).order_by(col(Programme.id).desc())))


async def programmes_for(tx: AsyncSession, elder: Elder, *, now: datetime) -> list[Programme]:
    """Programmes in force that serve this elder: her district's before the city's, older before newer."""
    day = local_day(now)
    query = (
        select(Programme)
        .where(
            col(Programme.state) == "active",
            col(Programme.valid_from) <= day,
            col(Programme.valid_until) >= day,
            col(Programme.categories).overlap(elder.categories),  # type: ignore[attr-defined]
            or_(col(Programme.district_id) == elder.district_id, col(Programme.district_id).is_(None)),
        )
        .order_by(col(Programme.district_id).is_(None), col(Programme.authorised_at), col(Programme.id))
    )
    return list(await tx.scalars(query))
