"""Donations: hours given up for a person, a branch's pool or the city, to whom of them the rule set lets them go.

A donation to a person goes to a member of any branch, of the kinds that the rule set names (`donees`). To who is no
elder it counts in the year's gifts: passing hours on has one limit, by whichever name. What passes the receiver's cap
goes to the pool of her choice. Groups and organisations may donate and do nothing else.
"""

from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

import timebank
from marketplace.base.actor import Actor
from marketplace.base.policy import Policy
from marketplace.base.timebank_rules import TimeBankRules
from marketplace.hours.books import excess_account, pool_account, reserve_account
from marketplace.hours.errors import NotADistrict
from marketplace.hours.giving.entries import Around, Placed
from marketplace.hours.giving.errors import DonationsNotAllowed, NotADonee, ReceiverUnknown, ToOneself
from marketplace.hours.giving.gifts import require_years_room
from marketplace.hours.giving.orders import Draft, Occurrence, Wish, place, to_pool
from marketplace.hours.members.excess import chosen_pool
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
    """Donate to a person (by an elder's or a member's id), a branch's pool (one's own unless one is named) or the city.

    `DonationsNotAllowed`, `NotADonee`, `GiftsOfYearReached`, `ReceiverUnknown`, `NotADistrict`, and what placing
    refuses.
    """
    giver, rules, around = acts.member, policy.timebank, Around()
    require_donation(to, rules=rules)
    if to == "person":
        receiver = await receiver_of(tx, elder_id, member_id)
        line = donation_line(giver, receiver, minutes, rules=rules)
        if line.counts_as == "gift":
            await require_years_room(tx, giver, minutes, rules=rules, now=now)
        around = Around(excess_to=excess_of(receiver, rules))
    elif to == "branch":
        branch = await _branch(tx, district_id or giver.district_id, now=now)
        line = to_pool(giver, branch, minutes, counts_as="donation")
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
    return await place(tx, wish, policy=policy, actor=actor, now=now, around=around)


def excess_of(receiver: Member, rules: TimeBankRules) -> UUID:
    """Where a donation goes as far as it passes the receiver's cap."""
    return excess_account(receiver.district_id, chosen_pool(receiver, rules))


def require_donation(to: To, *, rules: TimeBankRules) -> None:
    """`DonationsNotAllowed` where the rule set does not name them."""
    if to not in rules.giving.donations_to:
        raise DonationsNotAllowed(pointer="/to", donations_to=", ".join(rules.giving.donations_to))


def donation_line(giver: Member, receiver: Member, minutes: int, *, rules: TimeBankRules) -> Draft:
    """A donation to a person as a line. `ToOneself`, `NotADonee`."""
    if giver.id == receiver.id:
        raise ToOneself(pointer="/member_id")
    if receiver.kind not in rules.giving.donees:
        raise NotADonee(pointer="/member_id", kind=receiver.kind, donees=", ".join(rules.giving.donees))
    return Draft(
        source=giver.ledger_account,
        giver_id=giver.id,
        destination="member",
        account=receiver.ledger_account,
        receiver_id=receiver.id,
        minutes=minutes,
        counts_as="donation" if receiver.elder_id is not None else "gift",
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
