"""What passes a member's caps goes to a pool of her choice, among those that the rule set names."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base import audit
from marketplace.base.actor import Actor
from marketplace.base.timebank_rules import TimeBankRules
from marketplace.hours.errors import PoolNotOffered
from marketplace.hours.models import Member


def chosen_pool(member: Member, rules: TimeBankRules) -> str:
    """`branch` or `city`: her choice as long as the rule set offers it, else the first that it names."""
    offered = rules.earning.excess_to
    return member.excess_to if member.excess_to in offered else offered[0]


async def choose_pool(
    tx: AsyncSession,
    member: Member,
    excess_to: str,
    *,
    rules: TimeBankRules,
    actor: Actor,
    on_behalf_of: UUID | None,
) -> Member:
    """From now on her excess goes there. `PoolNotOffered`."""
    if excess_to not in rules.earning.excess_to:
        raise PoolNotOffered(pointer="/excess_to", offered=", ".join(rules.earning.excess_to))
    member.excess_to = excess_to
    member.version += 1
    detail = {"excess_to": excess_to, "on_behalf_of": str(on_behalf_of) if on_behalf_of else None}
    audit.note(tx, "member.excess", actor=actor, entity="member", entity_id=member.id, **detail)
    await tx.flush()
    return member
