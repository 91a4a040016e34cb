"""Guardians: an adult member answers for a minor, consents to the membership, and says yes to each task.

The guardian sees what the minor does as the minor herself does, and may do it for her.
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base import audit, outbox
from marketplace.base.actor import Actor
from marketplace.base.clock import local_day
from marketplace.base.errors import IllegalTransition, Unknown
from marketplace.base.states import move
from marketplace.base.timebank_rules import SanctionRules
from marketplace.hours.members.ages import birth_of, is_minor
from marketplace.hours.members.errors import GuardianMissing, NotAGuardian
from marketplace.hours.members.finding import kept_member, locked_member
from marketplace.hours.members.standing.incidents import follow_incidents
from marketplace.hours.models import MEMBER_STEPS, Member

OF_AGE_DUE = "member.of_age_due"
GUARDIANS = frozenset({"individual", "student", "elder"})


async def require_guardian(tx: AsyncSession, guardian_id: UUID | None, *, ward: UUID, on: date) -> Member:
    """The member who may answer for the minor with the account `ward`. `GuardianMissing`, `NotAGuardian`."""
    if guardian_id is None:
        raise GuardianMissing(pointer="/guardian_id")
    if await tx.get(Member, guardian_id) is None:
        raise NotAGuardian(pointer="/guardian_id")
    guardian = await kept_member(tx, guardian_id)
    if guardian.kind not in GUARDIANS or guardian.state != "active" or guardian.account_id == ward:
        raise NotAGuardian(pointer="/guardian_id")
    born_on = await birth_of(tx, guardian)
    if born_on is None or is_minor(born_on, on):
        raise NotAGuardian(pointer="/guardian_id")
    return guardian


async def guards(tx: AsyncSession, actor: Actor, member: Member) -> bool:
    """Is the actor the guardian of this minor, and she still one?"""
    if member.guardian_id is None or actor.account_id is None:
        return False
    guardian = await tx.get(Member, member.guardian_id)
    return guardian is not None and guardian.account_id == actor.account_id and guardian.state == "active"


async def consent(
    tx: AsyncSession, member_id: UUID, *, consents: bool, rules: SanctionRules, actor: Actor, now: datetime
) -> Member:
    """The guardian lets the minor be a member, or does not any more: then her tasks are given back.

    Saying the same twice changes nothing. `Unknown` to anybody but the guardian; `IllegalTransition`.
    """
    member = await locked_member(tx, member_id)
    if not await guards(tx, actor, member):
        raise Unknown(what="member")
    born_on = await birth_of(tx, member)
    if born_on is None or not is_minor(born_on, local_day(now)):
        raise IllegalTransition(state="of age", wanted="consent")
    if consents and member.consented_at is None:
        await move(tx, member, "active", MEMBER_STEPS, actor=actor, now=now, reason="guardian consents")
        member.consented_at = now
        await follow_incidents(tx, member, rules=rules, actor=actor, now=now)  # a consent lifts no suspension
    elif not consents and member.consented_at is not None:
        await move(tx, member, "pending", MEMBER_STEPS, actor=actor, now=now, reason="guardian withdrew consent")
        member.consented_at = None
        await outbox.send(tx, "member.barred", member_id=member.id)
    audit.note(tx, "member.consent", actor=actor, entity="member", entity_id=member.id, consents=consents)
    await tx.flush()
    return member


async def come_of_age(tx: AsyncSession, member_id: UUID, *, rules: SanctionRules, now: datetime) -> None:
    """Who was a minor answers for herself from the day she is of age. A repeated call changes nothing."""
    member = await locked_member(tx, member_id)
    if member.birth_on is None or is_minor(member.birth_on, local_day(now)):
        return
    if member.kind == "minor":
        member.kind = "individual"
    member.guardian_id = None
    if member.state == "pending":
        await move(tx, member, "active", MEMBER_STEPS, actor=Actor.system(), now=now, reason="of age")
        await follow_incidents(tx, member, rules=rules, actor=Actor.system(), now=now)
    await tx.flush()


async def wards_of(tx: AsyncSession, member_id: UUID) -> int:
    """For how many members this one answers."""
    query = select(func.count()).where(col(Member.guardian_id) == member_id, col(Member.state) != "left")
    return int(await tx.scalar(query) or 0)
