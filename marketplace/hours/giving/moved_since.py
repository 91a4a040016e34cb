"""Taking back over a move: what somebody gave or received in a branch where she is not at home any more.

Her account there is closed. For the reversal, which mirrors every leg as ever, it opens again: what was received comes
back to it from her present home before, what was given goes on to her present home after, and it closes at zero again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.hours.books import passing_through
from marketplace.hours.giving.entries import Placed, held_by
from marketplace.hours.giving.errors import GiverLeft, ReceiverLeft
from marketplace.hours.members.leaving import FOLLOWED, LEFT
from marketplace.hours.models import Member
from timebank import Command, Post, Transfer

RECALLED = "recalled"  # the kind of entry by which what was received comes back to where it was received


@dataclass(slots=True)
class Passage:
    """What the ledger does before and after the reversal, and the accounts for which it does so."""

    before: list[Command] = field(default_factory=list)
    after: list[Command] = field(default_factory=list)
    accounts: set[UUID] = field(default_factory=set)


async def passage_of(tx: AsyncSession, placed: Placed, reached: Mapping[UUID, int], *, now: datetime) -> Passage:
    """The way of an order's minutes back to who gave them; `reached` is what came to each account.

    Nobody of it moves or leaves until the transaction ends. `ReceiverLeft`, `GiverLeft`.
    """
    passage, members = Passage(), await _kept(tx, placed)
    for line in placed.moving:
        receiver, account = members.get(line.receiver_id), line.destination_account
        if receiver is None or account not in reached or account in passage.accounts:
            continue
        if receiver.state == LEFT:
            raise ReceiverLeft
        if receiver.ledger_account != account:
            back = _post(placed, account, receiver.ledger_account, account, reached[account], RECALLED, now)
            await _through(tx, placed, passage, account, back, now=now, comes=True)
    giver = members.get(placed.order.giver_id) if placed.order.kind != "inheritance" else None
    if giver is None:
        return passage
    if giver.state == LEFT:
        raise GiverLeft
    for account, minutes in held_by(placed.moving).items():
        if giver.ledger_account != account:
            on = _post(placed, account, account, giver.ledger_account, minutes, FOLLOWED, now)
            await _through(tx, placed, passage, account, on, now=now, comes=False)
    return passage


async def _kept(tx: AsyncSession, placed: Placed) -> dict[UUID | None, Member]:
    ids = {placed.order.giver_id, *(line.receiver_id for line in placed.moving)} - {None}
    query = select(Member).where(col(Member.id).in_(ids)).order_by(col(Member.id)).with_for_update(read=True)
    return {one.id: one for one in await tx.scalars(query.execution_options(populate_existing=True))}


async def _through(
    tx: AsyncSession, placed: Placed, passage: Passage, account: UUID, post: Post, *, now: datetime, comes: bool
) -> None:
    """The account opens before, and closes after."""
    passage.accounts.add(account)
    opens, closes = await passing_through(tx, account, key=f"{placed.order.key}:undo:{account}", now=now)
    passage.before += [*opens, *([post] if comes else [])]
    passage.after += [*([] if comes else [post]), *closes]


def _post(
    placed: Placed, account: UUID, source: UUID, destination: UUID, minutes: int, kind: str, now: datetime
) -> Post:
    return Post(
        key=f"{placed.order.key}:undo:{account}:home",
        transfers=(Transfer(source, destination, minutes),),
        kind=kind,
        reference=placed.order.key,
        occurred_at=now,
    )
