"""Coming back: who left by her own wish may join again, with the same account in the ledger."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

import timebank
from marketplace.base import audit
from marketplace.base.actor import Actor
from marketplace.base.states import move
from marketplace.base.timebank_rules import TimeBankRules
from marketplace.hours.members.errors import MembershipEnded
from marketplace.hours.members.finding import locked_member
from marketplace.hours.members.standing.counting import outcome_of
from marketplace.hours.members.standing.incidents import follow_incidents, incidents_of
from marketplace.hours.models import MEMBER_STEPS, Member
from marketplace.visits.models import Performer
from timebank import ReopenAccount


async def come_back(tx: AsyncSession, member: Member, *, rules: TimeBankRules, actor: Actor, now: datetime) -> Member:
    """A member who left is one again; any other stays as she is. `MembershipEnded` where incidents forbid it."""
    if member.state != "left":
        return member
    member = await locked_member(tx, member.id)
    if member.state != "left":
        return member
    if outcome_of(await incidents_of(tx, member.id), rules.sanctions, now=now).state == "ended":
        raise MembershipEnded
    await revive(tx, member, actor=actor, now=now, reason="joined again")
    await follow_incidents(tx, member, rules=rules.sanctions, actor=actor, now=now)
    audit.note(tx, "member.joined_again", actor=actor, entity="member", entity_id=member.id)
    reopening = ReopenAccount(key=f"member:{member.id}:reopen:{member.version}", account=member.ledger_account)
    await timebank.apply(tx, [reopening], now=now)
    return member


async def revive(tx: AsyncSession, member: Member, *, actor: Actor, now: datetime, reason: str) -> None:
    """A locked member who left is one again, a minor once her guardian consents; the caller reopens the account."""
    waits = member.guardian_id is not None and member.consented_at is None
    await move(tx, member, "pending" if waits else "active", MEMBER_STEPS, actor=actor, now=now, reason=reason)
    if member.performer_id is not None:
        (await tx.get_one(Performer, member.performer_id)).state = "active"
    await tx.flush()
