"""Groups: a school class, a firm, a club that takes tasks together. Its hours belong to nobody: it only donates."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

import timebank
from marketplace.base import audit
from marketplace.base.actor import Actor, Role
from marketplace.base.errors import Unknown
from marketplace.base.ids import new_id
from marketplace.hours.books import member_account, open_member, prepare_branch
from marketplace.hours.errors import NotADistrict
from marketplace.hours.members.errors import NotAVolunteer
from marketplace.hours.members.notices import tell_member
from marketplace.hours.members.proxies import Acts
from marketplace.hours.models import Member
from marketplace.people.accounts import kept_account
from marketplace.people.models import Region
from marketplace.visits.performers import add_performer


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """What is told of a group: who acts for it, how many people it counts, and how they come."""

    name: str
    contact_id: UUID
    district_id: UUID
    size: int
    gender: str
    mode: str = "walk"


async def found_group(tx: AsyncSession, group: Group, *, actor: Actor, now: datetime) -> Member:
    """A new group in a branch, with an account without a cap. `Unknown` contact, `NotAVolunteer`, `NotADistrict`."""
    contact = await kept_account(tx, group.contact_id)
    if contact is None:
        raise Unknown(pointer="/contact_id", what="account")
    if Role.VOLUNTEER not in contact.roles:
        raise NotAVolunteer(pointer="/contact_id")
    region = await tx.get(Region, group.district_id)
    if region is None or region.level != "district":
        raise NotADistrict(pointer="/district_id")
    member_id = new_id()
    owner = f"group:{member_id}"
    performer = await add_performer(
        tx,
        kind="volunteer",
        account_id=contact.id,
        provider_id=None,
        district_id=region.id,
        name=group.name,
        gender=group.gender,
        mode=group.mode,
        skills=(),
    )
    member = Member(
        id=member_id,
        kind="group",
        district_id=region.id,
        performer_id=performer.id,
        ledger_account=member_account(region.id, owner),
        joined_at=now,
        name=group.name,
        contact_id=contact.id,
        size=group.size,
    )
    tx.add(member)
    await tx.flush()
    audit.note(tx, "member.joined", actor=actor, entity="member", entity_id=member.id)
    if not actor.is_system and actor.account_id != contact.id:
        await tell_member(tx, Acts(member, "officer"), "group", actor=actor)
    # what a group saves is to be given away, not spent in old age: no cap
    opening = open_member(region.id, owner, cap_minutes=None)
    await timebank.apply(tx, [*await prepare_branch(tx, region.id), opening], now=now)
    return member
