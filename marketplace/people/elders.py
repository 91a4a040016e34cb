"""Elders: registering and finding them. Whoever may not see an elder learns nothing of her."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base import audit
from marketplace.base.actor import Actor
from marketplace.base.clock import local_day
from marketplace.base.crypto import Vault, masked_phone
from marketplace.base.errors import Conflict, Malformed, Unknown
from marketplace.base.ids import new_id
from marketplace.people.access import Scope, in_reach, visible_to
from marketplace.people.accounts import kept_account, normal_phone
from marketplace.people.models import Elder, Region
from marketplace.people.schemas import ElderIn, ElderOut

OLDEST = 130
YOUNGEST = 50


class IdentityTaken(Conflict):
    """The identity number belongs to a registered elder."""

    code = "identity_taken"
    zh = "该身份证号已登记。"
    en = "This identity number is registered already."


class AccountTaken(Conflict):
    """The account is that of another registered elder."""

    code = "account_taken"
    zh = "该账户已属于另一位登记的老人。"
    en = "This account is that of another elder, who is registered already."


async def register_elder(tx: AsyncSession, vault: Vault, data: ElderIn, *, actor: Actor, now: datetime) -> Elder:
    """Write an elder down. Her community must be a community, within the actor's reach; her age plausible."""
    community = await tx.get(Region, data.community_id)
    if community is None or community.level != "community" or not await in_reach(tx, actor, community.id):
        raise Unknown(pointer="/community_id", what="community")
    if data.account_id is not None:
        await _require_account(tx, data.account_id)
    _require_age(data.birth_on, local_day(now))
    district = await _district_of(tx, community)
    elder_id = new_id()
    identity_hash = vault.hash("identity", data.identity_number) if data.identity_number else None
    if identity_hash and await tx.scalar(
        select(col(Elder.id)).where(col(Elder.identity_hash) == identity_hash)  # visible: uniqueness, id unused
    ):
        raise IdentityTaken(pointer="/identity_number")

    async def seal(field: str, value: str | None) -> bytes | None:
        return await vault.seal(tx, elder_id, field, value) if value else None

    phone = normal_phone(data.phone)
    elder = Elder(
        id=elder_id,
        account_id=data.account_id,
        name=data.name,
        gender=data.gender,
        birth_on=data.birth_on,
        community_id=community.id,
        district_id=district.id,
        lon=data.place.lon,
        lat=data.place.lat,
        address_sealed=await vault.seal(tx, elder_id, "address", data.address),
        phone_sealed=await vault.seal(tx, elder_id, "phone", phone),
        phone_hash=vault.hash("phone", phone),
        identity_sealed=await seal("identity", data.identity_number),
        identity_hash=identity_hash,
        access_notes_sealed=await seal("access_notes", data.access_notes),
        categories=list(data.categories),
        ability=data.ability,
    )
    tx.add(elder)
    await tx.flush()
    audit.note(tx, "elder.registered", actor=actor, entity="elder", entity_id=elder.id)
    return elder


async def _require_account(tx: AsyncSession, account_id: UUID) -> None:
    if await kept_account(tx, account_id) is None:
        raise Unknown(pointer="/account_id", what="account")
    hers = select(col(Elder.id)).where(col(Elder.account_id) == account_id)  # visible: uniqueness, id unused
    if await tx.scalar(hers):
        raise AccountTaken(pointer="/account_id")


def _require_age(birth_on: date, today: date) -> None:
    age = today.year - birth_on.year
    if not YOUNGEST <= age <= OLDEST:
        raise Malformed(pointer="/birth_on", reason=f"an elder is between {YOUNGEST} and {OLDEST} years old")


async def _district_of(tx: AsyncSession, community: Region) -> Region:
    node = community
    while node.level != "district":
        parent = await tx.get(Region, node.parent_id) if node.parent_id else None
        if parent is None:
            raise Unknown(pointer="/community_id", what="district")
        node = parent
    return node


async def elder_for(tx: AsyncSession, elder_id: UUID, *, actor: Actor, now: datetime, scope: Scope = "view") -> Elder:
    """The elder, if the actor may see her in `scope`; else `Unknown`."""
    found = await tx.scalar(select(Elder).where(col(Elder.id) == elder_id, visible_to(actor, now, scope)))
    if found is None:
        raise Unknown(what="elder")
    return found


async def elders_for(
    tx: AsyncSession, *, actor: Actor, now: datetime, after: UUID | None = None, limit: int = 50
) -> list[Elder]:
    """Visible elders in the order of their ids, after a cursor."""
    query = select(Elder).where(visible_to(actor, now)).order_by(col(Elder.id)).limit(limit)
    if after is not None:
        query = query.where(col(Elder.id) > after)
    return list(await tx.scalars(query))


async def shown(tx: AsyncSession, vault: Vault, elder: Elder) -> ElderOut:
    """An elder as an answer, the telephone masked."""
    phone = await vault.open(tx, elder.id, "phone", elder.phone_sealed)
    return ElderOut(
        **elder.model_dump(include=set(ElderOut.model_fields) - {"phone_masked"}), phone_masked=masked_phone(phone)
    )
