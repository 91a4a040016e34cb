"""Collections: many give to one. Every giver agrees for herself, and what she agreed to is held; when all have
answered, or at the time that was set, one entry moves what was agreed to, all or nothing.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base import audit
from marketplace.base.actor import Actor
from marketplace.base.errors import Conflict, Unknown
from marketplace.base.policy import Policy
from marketplace.base.timebank_rules import TimeBankRules
from marketplace.hours.giving.donations import donation_line, require_donation
from marketplace.hours.giving.entries import Around, Placed, hold, post, readdress, release_commands
from marketplace.hours.giving.errors import (
    EndsTooSoon,
    GiftsNotAllowed,
    NamedTwice,
    NotAsked,
    OrderOver,
    ReceiverUnknown,
)
from marketplace.hours.giving.gifts import Share, gift_line, receivers_of, require_gift, require_years_room
from marketplace.hours.giving.models import TransferLine
from marketplace.hours.giving.orders import Draft, Wish, above_limit, decided_until, locked, step, write
from marketplace.hours.members.notices import tell_member
from marketplace.hours.members.proxies import Acts, require_no_benefit
from marketplace.hours.models import Member
from timebank import apply


async def collect(
    tx: AsyncSession,
    acts: Acts,
    receiver: Member,
    shares: Sequence[Share],
    *,
    ends_at: datetime,
    reason: str | None,
    policy: Policy,
    actor: Actor,
    now: datetime,
) -> Placed:
    """Ask these members for so much each, for the receiver. Nothing is held before a giver agrees.

    `EndsTooSoon`, `OwnBenefit`, `NamedTwice`, `ReceiverUnknown`, `GiftsNotAllowed` where a giver may not give to her.
    """
    longest_days = policy.timebank.giving.collection_days
    if not now < ends_at <= now + timedelta(days=longest_days):
        raise EndsTooSoon(pointer="/ends_at", longest_days=longest_days)
    if acts.on_behalf_of is not None:
        await require_no_benefit(tx, {receiver.id}, account_id=actor.account_id)
    if len({share.member_id for share in shares}) < len(shares):
        raise NamedTwice(pointer="/from")
    givers = {one.id: one for one in await receivers_of(tx, [share.member_id for share in shares])}
    lines = []
    for share in shares:
        giver = givers.get(share.member_id)
        if giver is None:
            raise ReceiverUnknown(pointer="/from", member_id=str(share.member_id))
        lines.append(await _line(tx, giver, receiver, share.minutes, rules=policy.timebank, now=now))
    wish = Wish(
        kind="collection",
        district_id=receiver.district_id,
        lines=lines,
        on_behalf_of=acts.on_behalf_of,
        acted_as=acts.acted_as,
        reason=reason,
        executes_at=ends_at,
    )
    placed = await write(tx, wish, "collecting", policy=policy, actor=actor, now=now)
    await tell_member(tx, acts, "collection", actor=actor)
    return placed


async def _line(
    tx: AsyncSession, giver: Member, receiver: Member, minutes: int, *, rules: TimeBankRules, now: datetime
) -> Draft:
    """A gift where the rules let her give one, else a donation."""
    try:
        await require_gift(tx, giver, receiver, rules=rules, now=now)
        line = gift_line(giver, receiver, minutes)
    except GiftsNotAllowed:
        if receiver.kind not in rules.giving.donees:
            raise
        require_donation("person", rules=rules)
        line = donation_line(giver, receiver, minutes, rules=rules)
    return Draft(
        source=line.source,
        giver_id=giver.id,
        destination="member",
        account=line.account,
        receiver_id=receiver.id,
        minutes=minutes,
        counts_as=line.counts_as,
        consent="asked",
    )


async def answer(
    tx: AsyncSession,
    placed: Placed,
    acts: Acts,
    word: Literal["given", "declined"],
    *,
    policy: Policy,
    actor: Actor,
    now: datetime,
) -> None:
    """A giver's word on a locked collection. The last word carries it out.

    `Unknown` to who is not asked, `OrderOver`, `NotAsked` again, `OwnBenefit`, `GiftsOfYearReached`,
    `NotEnoughMinutes`, `ReceiverFull`.
    """
    order, giver = placed.order, acts.member
    line = next((one for one in placed.lines if one.giver_id == giver.id), None)
    if line is None:
        raise Unknown(what="order")
    if order.state != "collecting" or order.executes_at is None or order.executes_at <= now:
        raise OrderOver(state=order.state)
    if line.consent != "asked":
        raise NotAsked
    if acts.on_behalf_of is not None:
        await require_no_benefit(tx, {line.receiver_id}, account_id=actor.account_id)
    if word == "given" and line.counts_as == "gift":
        await require_years_room(tx, giver, line.minutes, rules=policy.timebank, now=now)
    held_before = [one for one in placed.lines if one.consent == "given"]
    line.source_account = giver.ledger_account  # she may have moved to another branch since she was asked
    line.consent = word
    await _note(tx, placed, acts, word, actor=actor)
    if all(one.consent != "asked" for one in placed.lines):
        await _carry_out(tx, placed, held_before, policy=policy, actor=actor, now=now)
    elif word == "given":
        await hold(tx, placed, [line], now=now)


async def _note(tx: AsyncSession, placed: Placed, acts: Acts, word: str, *, actor: Actor) -> None:
    detail = {"member": str(acts.member.id), "on_behalf_of": str(acts.on_behalf_of) if acts.on_behalf_of else None}
    entity_id = placed.order.id
    audit.note(tx, f"order.consent_{word}", actor=actor, entity="transfer_order", entity_id=entity_id, **detail)
    await tell_member(tx, acts, f"consent_{word}", actor=actor)
    await tx.flush()


async def finish(tx: AsyncSession, placed: Placed, *, policy: Policy, now: datetime) -> None:
    """The time that was set for the locked collection has come: what was agreed to moves, or, where the receiver cannot
    take it or a giver's minutes are gone by a correction, nothing."""
    order_id = placed.order.id
    try:
        async with tx.begin_nested():
            await _carry_out(tx, placed, placed.moving, policy=policy, actor=Actor.system(), now=now)
    except Conflict as refusal:
        placed = await locked(tx, order_id)  # as it stands without what was tried
        await _give_up(tx, placed, placed.moving, reason=refusal.code, now=now)


async def _carry_out(
    tx: AsyncSession, placed: Placed, held: Sequence[TransferLine], *, policy: Policy, actor: Actor, now: datetime
) -> None:
    """`held` are the lines whose minutes are set aside by now; those just agreed to are not."""
    moving = placed.moving
    placed.order.minutes = sum(line.minutes for line in moving)
    if not moving:
        await _give_up(tx, placed, held, reason="nobody agreed", now=now)
    elif above_limit(placed.order.minutes, policy):
        placed.order.expires_at = decided_until(policy, now=now)
        await step(tx, placed.order, "pending", actor=actor, now=now)
        await hold(tx, placed, [line for line in moving if line not in held], now=now)
    else:
        await readdress(tx, placed)
        await step(tx, placed.order, "done", actor=actor, now=now)
        await post(tx, placed, Around(), now=now, held=held)


async def _give_up(
    tx: AsyncSession, placed: Placed, held: Sequence[TransferLine], *, reason: str, now: datetime
) -> None:
    await step(tx, placed.order, "expired", actor=Actor.system(), now=now, reason=reason)
    await apply(tx, release_commands(placed.order, held), now=now)
