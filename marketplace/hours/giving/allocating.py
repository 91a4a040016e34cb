"""A branch's pool grants to its key elders: group by group until everybody has what the month promises or the pool is
empty. Each grant is an order of its own, with its turn and its reason stored.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

import timebank
from marketplace.base.actor import Actor
from marketplace.base.policy import Policy
from marketplace.hours.books import available_minutes, pool_account
from marketplace.hours.giving.entries import Placed, entry_of, hold_commands
from marketplace.hours.giving.errors import NotEnoughMinutes, ReceiverFull
from marketplace.hours.giving.key_elders import (
    KeyElder,
    in_words,
    key_elders_of,
    month_of,
    one_at_a_time,
)
from marketplace.hours.giving.models import KeyGrant
from marketplace.hours.giving.orders import Draft, Wish, above_limit, write
from timebank import Command
from timebank.errors import CapReached, InsufficientBalance


@dataclass(frozen=True, slots=True)
class Turn:
    """What one key elder is granted, and why she and why now."""

    turn: int
    elder: KeyElder
    minutes: int
    reason: str


@dataclass(frozen=True, slots=True)
class Allocation:
    """A run: what the pool had, who gets what, and how much the pool could not give. `waits`: for a second person."""

    district_id: UUID
    pool_minutes: int
    turns: tuple[Turn, ...]
    short_minutes: int
    dry_run: bool
    waits: bool

    @property
    def granted_minutes(self) -> int:
        """What the run grants in all."""
        return sum(turn.minutes for turn in self.turns)


def share_out(
    pool_minutes: int, elders: Sequence[KeyElder], *, each: int | None = None
) -> tuple[tuple[Turn, ...], int]:
    """Who gets how much of the pool, elders in their order, and what is missing then.

    Each is brought up to what her group is promised, or to `each` minutes this month; the last may get a part.
    """
    turns: list[Turn] = []
    left, short = pool_minutes, 0
    for elder in elders:
        wanted = elder.group.month_minutes if each is None else each
        due = elder.due(wanted)
        minutes = min(due, left)
        left -= minutes
        short += due - minutes
        if minutes:
            reason = (
                f"{in_words(elder.rank, elder.group)}: {elder.received_minutes} of {wanted} received this month,"
                f" waiting since {elder.waiting_since.date()}; the pool had {left + minutes}"
            )
            turns.append(Turn(len(turns) + 1, elder, minutes, reason))
    return tuple(turns), short


async def allocate(
    tx: AsyncSession,
    district_id: UUID,
    *,
    each: int | None,
    dry_run: bool,
    policy: Policy,
    actor: Actor,
    now: datetime,
) -> Allocation:
    """Grant what is due from the branch's pool; a dry run writes nothing. Running it again grants what is still due.

    Where an officer sets the figure (`each`) and the sum is above the limit, every grant waits for a second person.
    """
    await one_at_a_time(tx, district_id)
    pool = await available_minutes(tx, pool_account(district_id), now=now)
    elders = await key_elders_of(tx, district_id, rules=policy.timebank, now=now)
    turns, short = share_out(pool, elders, each=each)
    waits = each is not None and above_limit(sum(turn.minutes for turn in turns), policy)
    run = Allocation(district_id, pool, turns, short, dry_run, waits)
    if dry_run or not turns:
        return run
    await _apply(tx, await written(tx, run, policy=policy, actor=actor, now=now), now=now)
    return run


async def written(tx: AsyncSession, run: Allocation, *, policy: Policy, actor: Actor, now: datetime) -> list[Command]:
    """Write down an order and its reason per turn; the ledger's commands for them."""
    commands: list[Command] = []
    for turn in run.turns:
        placed = await _granted(tx, run, turn, policy=policy, actor=actor, now=now)
        entry = entry_of(placed, now=now)
        commands += hold_commands(placed.order, placed.lines) if run.waits or entry is None else [entry]
    await tx.flush()
    return commands


async def _granted(
    tx: AsyncSession, run: Allocation, turn: Turn, *, policy: Policy, actor: Actor, now: datetime
) -> Placed:
    member = turn.elder.member
    line = Draft(
        source=pool_account(run.district_id),
        destination="member",
        account=member.ledger_account,
        receiver_id=member.id,
        minutes=turn.minutes,
    )
    wish = Wish(kind="pool_grant", district_id=run.district_id, lines=[line], reason=turn.reason)
    placed = await write(tx, wish, "pending" if run.waits else "done", policy=policy, actor=actor, now=now)
    tx.add(
        KeyGrant(
            district_id=run.district_id,
            elder_id=turn.elder.elder_id,
            member_id=member.id,
            month=month_of(now),
            order_id=placed.order.id,
            group_rank=turn.elder.rank,
            turn=turn.turn,
            reason=turn.reason,
            minutes=turn.minutes,
            policy=policy.stamp,
            granted_at=now,
        )
    )
    return placed


async def _apply(tx: AsyncSession, commands: Sequence[Command], *, now: datetime) -> None:
    try:
        async with tx.begin_nested():
            await timebank.apply(tx, commands, now=now)
    except InsufficientBalance as error:  # a task took pool minutes between the look and the call: run it again
        raise NotEnoughMinutes(available=error.data.get("available", 0), needed=error.data.get("amount", 0)) from error
    except CapReached as error:
        raise ReceiverFull(cap=error.data.get("cap")) from error
