"""Gifts: own hours to one person or to many at once, as far as the rule set lets them go.

`gifts_to` says to whom, `gifts_year_minutes` how much a giver may give in a calendar year. What waits for a second
person counts as given; what was rejected, expired or taken back does not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base.actor import Actor
from marketplace.base.clock import local_day, local_instant
from marketplace.base.policy import Policy
from marketplace.base.timebank_rules import TimeBankRules
from marketplace.hours.errors import NotRedeemable
from marketplace.hours.giving.entries import Placed
from marketplace.hours.giving.errors import (
    GiftsNotAllowed,
    GiftsOfYearReached,
    NamedTwice,
    ReceiverUnknown,
    ToOneself,
)
from marketplace.hours.giving.models import TransferLine, TransferOrder
from marketplace.hours.giving.orders import Draft, Occurrence, Wish, place
from marketplace.hours.members.finding import locked_member
from marketplace.hours.members.proxies import Acts
from marketplace.hours.members.relatives import proved_relation, require_may_redeem
from marketplace.hours.models import Member
from marketplace.people.models import Elder

COUNTED = ("collecting", "pending", "done")  # states in which minutes are given, or set aside to be
# what the giver is to somebody who is that to the giver; a grandparent is not among the rule sets' relations
INVERSE = {"child": "parent", "parent": "child", "spouse": "spouse", "sibling": "sibling"}


@dataclass(frozen=True, slots=True)
class Share:
    """So much for this member."""

    member_id: UUID
    minutes: int


async def give(
    tx: AsyncSession,
    acts: Acts,
    shares: Sequence[Share],
    *,
    reason: str | None,
    policy: Policy,
    actor: Actor,
    now: datetime,
    occurrence: Occurrence | None = None,
) -> Placed:
    """Give own hours to one member or to many, all or nothing, in one entry.

    `MayNotRedeem`, `GiftsNotAllowed`, `GiftsOfYearReached`, `ReceiverUnknown`, and what placing refuses.
    """
    giver = acts.member
    require_may_redeem(giver)
    if len({share.member_id for share in shares}) < len(shares):
        raise NamedTwice(pointer="/to")
    receivers = {one.id: one for one in await receivers_of(tx, [share.member_id for share in shares])}
    for share in shares:
        receiver = receivers.get(share.member_id)
        if receiver is None:
            raise ReceiverUnknown(pointer="/to", member_id=str(share.member_id))
        await require_gift(tx, giver, receiver, rules=policy.timebank, now=now)
    await require_years_room(tx, giver, sum(one.minutes for one in shares), rules=policy.timebank, now=now)
    lines = [gift_line(giver, receivers[one.member_id], one.minutes) for one in shares]
    wish = Wish(
        kind="gift",
        district_id=giver.district_id,
        lines=lines,
        giver_id=giver.id,
        on_behalf_of=acts.on_behalf_of,
        acted_as=acts.acted_as,
        reason=reason,
        occurrence=occurrence,
    )
    return await place(tx, wish, policy=policy, actor=actor, now=now)


def gift_line(giver: Member, receiver: Member, minutes: int) -> Draft:
    """A gift as a line of an order."""
    return Draft(
        source=giver.ledger_account,
        giver_id=giver.id,
        destination="member",
        account=receiver.ledger_account,
        receiver_id=receiver.id,
        minutes=minutes,
        counts_as="gift",
    )


async def receivers_of(tx: AsyncSession, member_ids: Sequence[UUID]) -> list[Member]:
    """The active persons among these members, who may receive."""
    found = await tx.scalars(select(Member).where(col(Member.id).in_(member_ids), col(Member.state) == "active"))
    return [member for member in found if member.may_redeem]


async def require_gift(
    tx: AsyncSession, giver: Member, receiver: Member, *, rules: TimeBankRules, now: datetime
) -> None:
    """`ToOneself`, or `GiftsNotAllowed` where the rule set does not let this giver give to this receiver."""
    if giver.id == receiver.id:
        raise ToOneself(pointer="/to")
    gifts_to = rules.giving.gifts_to
    if gifts_to == "members":
        return
    if gifts_to == "nobody" or not await are_related(tx, giver, receiver, rules=rules, now=now):
        raise GiftsNotAllowed(pointer="/to", gifts_to=gifts_to)


async def are_related(
    tx: AsyncSession, giver: Member, receiver: Member, *, rules: TimeBankRules, now: datetime
) -> bool:
    """Is the giver to the receiver what the rule set calls a relative, proved by a grant of one of them?"""
    return await _is_to(tx, giver, receiver, rules=rules, now=now) or await _is_to(
        tx, receiver, giver, rules=_inverse(rules), now=now
    )


async def _is_to(tx: AsyncSession, one: Member, other: Member, *, rules: TimeBankRules, now: datetime) -> bool:
    if one.account_id is None or other.elder_id is None:
        return False
    elder = await tx.get_one(Elder, other.elder_id)  # visible: only whether the two are related is told
    try:
        await proved_relation(tx, one.account_id, elder, rules=rules, now=now)
    except NotRedeemable:
        return False
    return True


def _inverse(rules: TimeBankRules) -> TimeBankRules:
    """The rules as the elder sees them who gives: to her child she is a parent."""
    relations = tuple(theirs for theirs, mine in INVERSE.items() if mine in rules.redeeming.relations)
    redeeming = rules.redeeming.model_copy(update={"relations": relations})
    return rules.model_copy(update={"redeeming": redeeming})


async def require_years_room(
    tx: AsyncSession, giver: Member, minutes: int, *, rules: TimeBankRules, now: datetime
) -> None:
    """`GiftsOfYearReached` where so much more would pass the year's limit. Locks the giver against rivals of hers."""
    limit = rules.giving.gifts_year_minutes
    await locked_member(tx, giver.id)
    if limit is None:
        return
    given = await given_in_year(tx, giver, local_day(now).year)
    if given + minutes > limit:
        raise GiftsOfYearReached(limit=limit, given=given)


async def given_in_year(tx: AsyncSession, giver: Member, year: int) -> int:
    """What the member gave away by gifts that stand, or wait, of a calendar year of the city."""
    starts_at, ends_at = (local_instant(date(one, 1, 1), time()).astimezone(UTC) for one in (year, year + 1))
    total = await tx.scalar(
        select(func.coalesce(func.sum(col(TransferLine.minutes)), 0))
        .join(TransferOrder, col(TransferOrder.id) == col(TransferLine.order_id))
        .where(
            col(TransferLine.giver_id) == giver.id,
            col(TransferLine.counts_as) == "gift",
            func.coalesce(col(TransferLine.consent), "given") == "given",
            col(TransferOrder.state).in_(COUNTED),
            col(TransferOrder.asked_at) >= starts_at,
            col(TransferOrder.asked_at) < ends_at,
        )
    )
    return int(total or 0)
