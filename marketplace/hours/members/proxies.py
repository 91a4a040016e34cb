"""For whom a person acts, and by what right: this module alone says it.

    self      she signs in with the member's account
    guardian  of a minor, contact of a group: in the member's place, whatever it is
    family    of an elder, as far as the elder's grant goes: see (`view`), ask for help (`book`), spend (`pay`)
    officer   of the member's branch, or an operator: with a reason

An act for somebody else stands in the audit log with both, and is told to the member.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base.actor import STAFF, Actor, Role
from marketplace.base.errors import DomainError, Unknown
from marketplace.hours.errors import MemberInactive, NotAMember
from marketplace.hours.members.errors import DelegationMissing, NeverDelegated, OwnBenefit, OwnIncident, ReasonMissing
from marketplace.hours.members.finding import member_of_account
from marketplace.hours.members.guardians import guards
from marketplace.hours.models import Member
from marketplace.people.access import Scope, granted_to, in_reach
from marketplace.people.elders import elder_for
from marketplace.people.models import Elder

Right = Literal["self", "guardian", "contact", "family", "officer"]
OFFICERS = (Role.OFFICER, Role.OPERATOR)


@dataclass(frozen=True, slots=True)
class Acts:
    """The member whose hours it is about, and by what right the actor acts for her."""

    member: Member
    by: Right = "self"

    @property
    def on_behalf_of(self) -> UUID | None:
        """The member's id where somebody else acts, else None."""
        return None if self.by == "self" else self.member.id

    @property
    def acted_as(self) -> Right | None:
        """The right of who acts for somebody else, else None."""
        return None if self.by == "self" else self.by


async def acting(
    tx: AsyncSession,
    on_behalf_of: UUID | None,
    *,
    scope: Scope | None,
    actor: Actor,
    now: datetime,
    reason: str | None,
    active: bool = True,
) -> Acts:
    """The actor's own member, or the one for whom she acts; `scope` is what the elder must have granted to her family,
    None for what no grant covers.

    `NotAMember`, `Unknown`, `DelegationMissing` to family who may only see her, `ReasonMissing` of an officer,
    `MemberInactive` unless `active` is False.
    """
    if on_behalf_of is None:
        own = await member_of_account(tx, actor.account_id) if actor.account_id else None
        if own is None:
            raise NotAMember
        acts = Acts(own)
    else:
        acts = await _for_another(tx, on_behalf_of, scope=scope, actor=actor, now=now)
    if acts.by == "officer" and not reason:
        raise ReasonMissing(pointer="/reason")
    if active and acts.member.state != "active":
        raise MemberInactive(state=acts.member.state)
    return acts


async def _for_another(tx: AsyncSession, member_id: UUID, *, scope: Scope | None, actor: Actor, now: datetime) -> Acts:
    member = await tx.get(Member, member_id)
    if member is None:
        raise Unknown(pointer="/on_behalf_of", what="member")
    right = await require_right(tx, member, scope=scope, actor=actor, now=now)
    return Acts(member, right)


async def delegated_elder(tx: AsyncSession, elder_id: UUID, *, scope: Scope, actor: Actor, now: datetime) -> Elder:
    """The elder, for herself, family with a grant of this scope, and staff within reach.

    `DelegationMissing` to family who may only see her; to anybody else `Unknown`.
    """
    try:
        return await elder_for(tx, elder_id, actor=actor, now=now, scope=scope)
    except Unknown as unknown:
        raise await refusal(tx, elder_id, unknown, scope=scope, actor=actor, now=now) from None


async def refusal(
    tx: AsyncSession, elder_id: UUID | None, unknown: Unknown, *, scope: Scope | None, actor: Actor, now: datetime
) -> DomainError:
    """Whom the elder lets see her is told what the grant lacks; anybody else learns nothing, and gets `unknown`."""
    if await is_family_of(tx, elder_id, scope="view", actor=actor, now=now):
        return DelegationMissing(scope=scope) if scope else NeverDelegated()
    return unknown


async def require_right(
    tx: AsyncSession, member: Member, *, scope: Scope | None, actor: Actor, now: datetime, what: str = "member"
) -> Right:
    """What `right_over` finds. `DelegationMissing` or `NeverDelegated` to family who only sees her, else `Unknown`."""
    right = await right_over(tx, member, scope=scope, actor=actor, now=now)
    if right is None:
        raise await refusal(tx, member.elder_id, Unknown(what=what), scope=scope, actor=actor, now=now)
    return right


async def right_over(
    tx: AsyncSession, member: Member, *, scope: Scope | None, actor: Actor, now: datetime
) -> Right | None:
    """The strongest right by which the actor may act for the member in `scope`; None: by none."""
    if actor.account_id is not None:
        if actor.account_id == member.account_id:
            return "self"
        if actor.account_id == member.contact_id:
            return "contact"
        if await guards(tx, actor, member):
            return "guardian"
        if scope is not None and await is_family_of(tx, member.elder_id, scope=scope, actor=actor, now=now):
            return "family"
    return "officer" if await is_officer_of(tx, member.district_id, actor) else None


async def acts_for(tx: AsyncSession, actor: Actor, member: Member) -> bool:
    """Does the actor stand in the member's place: is she herself, her guardian, or the group's contact?"""
    if actor.account_id is None:
        return False
    if actor.account_id in {member.account_id, member.contact_id}:
        return True
    return await guards(tx, actor, member)


async def acting_member(tx: AsyncSession, actor: Actor, member_id: UUID | None) -> Member:
    """Who serves: oneself, or the named member in whose place the actor stands. `NotAMember`, `Unknown`."""
    if member_id is None:
        own = await member_of_account(tx, actor.account_id)
        if own is None:
            raise NotAMember
        return own
    member = await tx.get(Member, member_id)
    if member is None or not await acts_for(tx, actor, member):
        raise Unknown(pointer="/member_id", what="member")
    return member


async def members_of(tx: AsyncSession, actor: Actor, *, now: datetime) -> list[Member]:
    """Oneself, one's wards, the groups whose contact one is, the elders who let one see them; oneself first."""
    own = await member_of_account(tx, actor.account_id)
    others = [col(Member.contact_id) == actor.account_id]
    if actor.account_id is not None:
        others.append(col(Member.elder_id).in_(granted_to(actor.account_id, now=now, scope="view")))
    if own is not None:
        others.append(col(Member.guardian_id) == own.id)
    query = select(Member).where(or_(*others), col(Member.state) != "left").order_by(col(Member.id))
    found = [one for one in await tx.scalars(query) if own is None or one.id != own.id]
    return [own, *found] if own is not None else found


async def member_for(tx: AsyncSession, member_id: UUID, *, actor: Actor) -> Member:
    """The member, for whoever stands in its place, for its provider, for an officer of the branch or an operator.

    Else `Unknown`.
    """
    member = await tx.get(Member, member_id)
    if member is None or not await _manages(tx, member, actor):
        raise Unknown(what="member")
    return member


async def seen_member(tx: AsyncSession, member_id: UUID, *, actor: Actor, now: datetime) -> Member:
    """The member for looking at: for whom `member_for` knows, and for family whom the elder lets see her."""
    member = await tx.get(Member, member_id)
    if member is not None and await is_family_of(tx, member.elder_id, scope="view", actor=actor, now=now):
        return member
    return await member_for(tx, member_id, actor=actor)


async def _manages(tx: AsyncSession, member: Member, actor: Actor) -> bool:
    if actor.is_system or await acts_for(tx, actor, member):
        return True
    if member.provider_id is not None and member.provider_id == actor.provider_id:
        return actor.is_any(Role.PROVIDER)
    return await is_officer_of(tx, member.district_id, actor)


async def overseen_member(tx: AsyncSession, member_id: UUID, *, actor: Actor) -> Member:
    """A member of the officer's branches, for acts of the office. `Unknown` out of reach, `OwnIncident`."""
    member = await tx.get(Member, member_id)
    if member is None or not (actor.is_any(Role.OFFICER) and await in_reach(tx, actor, member.district_id)):
        raise Unknown(what="member")
    if await acts_for(tx, actor, member):
        raise OwnIncident
    return member


async def officers_member(tx: AsyncSession, member_id: UUID, *, actor: Actor) -> Member:
    """A member of a branch within the officer's or operator's reach. `Unknown` to anybody else."""
    member = await tx.get(Member, member_id)
    if member is None or not await is_officer_of(tx, member.district_id, actor):
        raise Unknown(what="member")
    return member


async def is_officer_of(tx: AsyncSession, district_id: UUID, actor: Actor) -> bool:
    """Is the actor an officer of this branch, or an operator?"""
    return actor.is_any(*OFFICERS) and await in_reach(tx, actor, district_id)


async def is_staff_of(tx: AsyncSession, elder: Elder, actor: Actor) -> bool:
    """Does the actor work for the elder's community, and not only know her as family?"""
    return actor.is_any(*STAFF) and await in_reach(tx, actor, elder.community_id)


async def is_family_of(tx: AsyncSession, elder_id: UUID | None, *, scope: Scope, actor: Actor, now: datetime) -> bool:
    """Did the elder grant the actor this scope, and does the grant stand now?"""
    if elder_id is None or actor.account_id is None:
        return False
    return await tx.scalar(granted_to(actor.account_id, now=now, scope=scope, elder_id=elder_id).limit(1)) is not None


async def require_no_benefit(tx: AsyncSession, members: Iterable[UUID | None], *, account_id: UUID | None) -> None:
    """`OwnBenefit` where one of these members is the account's own, its ward, or a group whose contact it is."""
    if await own_among(tx, [one for one in members if one is not None], account_id=account_id):
        raise OwnBenefit


async def own_among(tx: AsyncSession, members: Collection[UUID], *, account_id: UUID | None) -> set[UUID]:
    """Those of these members who are the account's own, its wards, or groups whose contact it is."""
    if account_id is None or not members:
        return set()
    own = select(col(Member.id)).where(col(Member.account_id) == account_id).scalar_subquery()
    mine = or_(
        col(Member.account_id) == account_id, col(Member.contact_id) == account_id, col(Member.guardian_id) == own
    )
    return set(await tx.scalars(select(col(Member.id)).where(col(Member.id).in_(members), mine)))
