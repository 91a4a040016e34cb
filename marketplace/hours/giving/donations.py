"""Donations: hours given up for an elder, a branch's pool or the city, to whom of them the rule set lets them go.

A donation to a person goes to an elder, of any branch. Groups and organisations may donate and do nothing else.
"""

from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

import timebank
from marketplace.base.actor import Actor
from marketplace.base.policy import Policy
from marketplace.base.timebank_rules import TimeBankRules
from marketplace.hours.books import pool_account, reserve_account
from marketplace.hours.errors import NotADistrict
from marketplace.hours.giving.entries import Placed
from marketplace.hours.giving.errors import DonationsNotAllowed, NotAnElder, ReceiverUnknown, ToOneself
from marketplace.hours.giving.orders import Draft, Occurrence, Wish, place
from marketplace.hours.members.finding import member_of_elder
from marketplace.hours.members.proxies import Acts
from marketplace.hours.models import Member
from marketplace.people.models import Region
from timebank.errors import UnknownAccount

To = Literal["person", "branch", "city"]


async def donate(
    tx: AsyncSession,
    acts: Acts,
    to: To,
    minutes: int,
    *,
    elder_id: UUID | None = None,
    member_id: UUID | None = None,
    district_id: UUID | None = None,
    reason: str | None,
    policy: Policy,
    actor: Actor,
    now: datetime,
    occurrence: Occurrence | None = None,
) -> Placed:
    """Donate to an elder (by her id or her member's), a branch's pool (one's own unless one is named) or the city.

    `DonationsNotAllowed`, `NotAnElder`, `ReceiverUnknown`, `NotADistrict`, and what placing refuses.
    """
    giver = acts.member
    require_donation(to, rules=policy.timebank)
    if to == "person":
        line = donation_line(giver, await receiver_of(tx, elder_id, member_id), minutes)
    elif to == "branch":
        line = _pool_line(giver, await _branch(tx, district_id or giver.district_id, now=now), minutes)
    else:
        line = Draft(
            source=giver.ledger_account,
            giver_id=giver.id,
            destination="city",
            account=reserve_account(),
            minutes=minutes,
            counts_as="donation",
        )
    wish = Wish(
        kind="donation",
        district_id=giver.district_id,
        lines=[line],
        giver_id=giver.id,
        on_behalf_of=acts.on_behalf_of,
        acted_as=acts.acted_as,
        reason=reason,
        occurrence=occurrence,
    )
    return await place(tx, wish, policy=policy, actor=actor, now=now)


def require_donation(to: To, *, rules: TimeBankRules) -> None:
    """`DonationsNotAllowed` where the rule set does not name them."""
    if to not in rules.giving.donations_to:
        raise DonationsNotAllowed(pointer="/to", donations_to=", ".join(rules.giving.donations_to))


def donation_line(giver: Member, receiver: Member, minutes: int) -> Draft:
    """A donation to a person as a line. `ToOneself`, `NotAnElder`."""
    if giver.id == receiver.id:
        raise ToOneself(pointer="/member_id")
    if receiver.elder_id is None:
        raise NotAnElder(pointer="/member_id")
    return Draft(
        source=giver.ledger_account,
        giver_id=giver.id,
        destination="member",
        account=receiver.ledger_account,
        receiver_id=receiver.id,
        minutes=minutes,
        counts_as="donation",
    )


def _pool_line(giver: Member, branch: UUID, minutes: int) -> Draft:
    return Draft(
        source=giver.ledger_account,
        giver_id=giver.id,
        destination="branch",
        account=pool_account(branch),
        minutes=minutes,
        counts_as="donation",
    )


async def receiver_of(tx: AsyncSession, elder_id: UUID | None, member_id: UUID | None) -> Member:
    """The active member named by either id. `ReceiverUnknown`."""
    member: Member | None = None
    if member_id is not None:
        member = await tx.get(Member, member_id)
    elif elder_id is not None:
        member = await member_of_elder(tx, elder_id)
    if member is None or member.state != "active":
        raise ReceiverUnknown(pointer="/member_id" if member_id else "/elder_id")
    return member


async def _branch(tx: AsyncSession, district_id: UUID, *, now: datetime) -> UUID:
    region = await tx.get(Region, district_id)
    if region is None or region.level != "district":
        raise NotADistrict(pointer="/district_id")
    try:
        await timebank.balance(tx, pool_account(district_id), now=now)
    except UnknownAccount:  # nobody has joined there, so the district has no branch yet
        raise NotADistrict(pointer="/district_id") from None
    return district_id
