"""Insurance: recorded and shown. No city read here bars a volunteer without one; taking a task warns her."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base import audit
from marketplace.base.actor import Actor
from marketplace.base.crypto import Vault
from marketplace.base.ids import new_id
from marketplace.hours.members.errors import InsurancePeriod
from marketplace.hours.models import Insurance, Member

FIELD = "insurance_policy"


@dataclass(frozen=True, slots=True)
class Policy:
    """Who insures under which number, from one day to another, both inclusive."""

    insurer: str
    policy_number: str
    valid_from: date
    valid_until: date


async def record_insurance(
    tx: AsyncSession, vault: Vault, member: Member, policy: Policy, *, actor: Actor, now: datetime
) -> Insurance:
    """Write an insurance into the member's file; one from the same day on takes its place. `InsurancePeriod`."""
    if policy.valid_until < policy.valid_from:
        raise InsurancePeriod(pointer="/valid_until")
    told = {
        "insurer": policy.insurer,
        "policy_number_sealed": await vault.seal(tx, owner_of(member), FIELD, policy.policy_number),
        "valid_until": policy.valid_until,
        "recorded_by": actor.account_id,
        "recorded_at": now,
    }
    row = insert(Insurance).values(id=new_id(), member_id=member.id, valid_from=policy.valid_from, **told)
    await tx.execute(row.on_conflict_do_update(index_elements=["member_id", "valid_from"], set_=told))
    audit.note(tx, "insurance.recorded", actor=actor, entity="member", entity_id=member.id)
    same = (col(Insurance.member_id) == member.id, col(Insurance.valid_from) == policy.valid_from)
    return (await tx.scalars(select(Insurance).where(*same))).one()


def owner_of(member: Member) -> UUID:
    """Under whose data key a member's numbers are sealed: erasing the account erases them."""
    return member.account_id or member.elder_id or member.id


async def latest_insurance(tx: AsyncSession, member_id: UUID) -> Insurance | None:
    """The one that runs longest, over or not."""
    query = select(Insurance).where(col(Insurance.member_id) == member_id)
    found: Insurance | None = await tx.scalar(query.order_by(col(Insurance.valid_until).desc()).limit(1))
    return found


async def is_insured(tx: AsyncSession, member_id: UUID, *, on: date) -> bool:
    """Does an insurance cover that day?"""
    query = select(col(Insurance.id)).where(
        col(Insurance.member_id) == member_id, col(Insurance.valid_from) <= on, col(Insurance.valid_until) >= on
    )
    return await tx.scalar(query.limit(1)) is not None
