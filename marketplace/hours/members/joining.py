"""Joining the time bank: one member per person or provider, with an account in the home branch's book.

Joining twice is joining once. The ledger is called once, and only by whoever made the member.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

import timebank
from marketplace.base import audit
from marketplace.base.actor import Actor, Role
from marketplace.base.errors import Unknown
from marketplace.base.ids import new_id
from marketplace.base.timebank_rules import TimeBankRules
from marketplace.hours.books import member_account, open_member, prepare_branch
from marketplace.hours.errors import GenderMissing, NotADistrict
from marketplace.hours.models import Member
from marketplace.people.models import Account, Elder, Region
from marketplace.providers.models import Provider
from marketplace.visits.performers import add_performer
from timebank import Command


@dataclass(frozen=True, slots=True)
class Attending:
    """What a volunteer brings to a visit."""

    gender: str | None = None
    mode: str = "walk"
    skills: Iterable[str] = ()


async def join(
    tx: AsyncSession,
    account_id: UUID,
    *,
    district_id: UUID | None,
    rules: TimeBankRules,
    actor: Actor,
    now: datetime,
    attending: Attending | None = None,
) -> Member:
    """The account's member, made if there is none. A volunteer's account becomes a performer as well.

    The home branch is `district_id`, for an elder's own account the elder's district. `Unknown`, `NotADistrict`,
    `GenderMissing` for a volunteer of whom it is not known.
    """
    account = await tx.get(Account, account_id)
    if account is None or account.state != "active":
        raise Unknown(what="account")
    own = col(Elder.account_id) == account_id
    elder = await tx.scalar(select(Elder).where(own))  # visible: the account's own elder
    if elder is not None:
        member = await join_elder(tx, elder, rules=rules, actor=actor, now=now)
    else:
        row = {
            "kind": "individual",
            "account_id": account_id,
            "district_id": await _district(tx, district_id),
        }
        member = await _enrolled(tx, row, owner=f"account:{account_id}", rules=rules, actor=actor, now=now)
    if Role.VOLUNTEER in account.roles and member.performer_id is None:
        gender = elder.gender if elder is not None else attending.gender if attending else None
        await _make_performer(tx, member, account, attending or Attending(), gender)
    return member


async def join_elder(tx: AsyncSession, elder: Elder, *, rules: TimeBankRules, actor: Actor, now: datetime) -> Member:
    """The elder's member in her district's branch, made if there is none. The caller may see the elder."""
    row = {
        "kind": "elder",
        "elder_id": elder.id,
        "account_id": elder.account_id,
        "district_id": elder.district_id,
    }
    return await _enrolled(tx, row, owner=f"elder:{elder.id}", rules=rules, actor=actor, now=now)


async def provider_account(tx: AsyncSession, provider_id: UUID, *, now: datetime) -> tuple[UUID, list[Command]]:
    """The account that a provider's hours go to, with the commands that open it if it is new. `Unknown`."""
    provider = await tx.get(Provider, provider_id)
    if provider is None:
        raise Unknown(what="provider")
    owner = f"provider:{provider_id}"
    account = member_account(provider.district_id, owner)
    row = {"kind": "provider", "provider_id": provider_id, "district_id": provider.district_id}
    if not await _add(tx, {**row, "ledger_account": account, "joined_at": now}):
        kept = await tx.scalar(select(col(Member.ledger_account)).where(col(Member.provider_id) == provider_id))
        return kept or account, []
    # an organisation's balance is what it gave, not a person's savings: no cap
    opening = open_member(provider.district_id, owner, cap_minutes=None)
    return account, [*await prepare_branch(tx, provider.district_id), opening]


async def _enrolled(
    tx: AsyncSession, row: dict[str, Any], *, owner: str, rules: TimeBankRules, actor: Actor, now: datetime
) -> Member:
    district_id: UUID = row["district_id"]
    made = await _add(tx, {**row, "ledger_account": member_account(district_id, owner), "joined_at": now})
    if made:
        opening = open_member(district_id, owner, cap_minutes=rules.balance_cap_minutes)
        await timebank.apply(tx, [*await prepare_branch(tx, district_id), opening], now=now)
        audit.note(tx, "member.joined", actor=actor, entity="member", entity_id=made)
    key = "elder_id" if "elder_id" in row else "account_id"
    return (await tx.scalars(select(Member).where(col(getattr(Member, key)) == row[key]))).one()


async def _add(tx: AsyncSession, row: dict[str, Any]) -> UUID | None:
    """Insert unless the owner is a member already; a rival's insert is waited for."""
    new = insert(Member).values(id=new_id(), state="active", version=1, **row)
    return await tx.scalar(new.on_conflict_do_nothing().returning(col(Member.id)))


async def _district(tx: AsyncSession, district_id: UUID | None) -> UUID:
    region = await tx.get(Region, district_id) if district_id is not None else None
    if region is None or region.level != "district":
        raise NotADistrict(pointer="/district_id")
    return region.id


async def _make_performer(
    tx: AsyncSession, member: Member, account: Account, attending: Attending, gender: str | None
) -> None:
    if gender is None:
        raise GenderMissing(pointer="/gender")
    locked = (await tx.scalars(select(Member).where(col(Member.id) == member.id).with_for_update())).one()
    if locked.performer_id is not None:
        return
    performer = await add_performer(
        tx,
        kind="volunteer",
        account_id=account.id,
        provider_id=None,
        district_id=member.district_id,
        name=account.name,
        gender=gender,
        mode=attending.mode,
        skills=attending.skills,
    )
    locked.performer_id = performer.id
    await tx.flush()
