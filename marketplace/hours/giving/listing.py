"""Orders as different eyes may see them: who asked, gives, receives or decides; a receiver sees her own lines alone."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, false, func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base.actor import Actor
from marketplace.base.errors import Unknown
from marketplace.hours.giving.acting import OFFICERS, is_officer_of
from marketplace.hours.giving.entries import Placed
from marketplace.hours.giving.models import TransferLine, TransferOrder, TransferSchedule
from marketplace.hours.giving.orders import lines_of
from marketplace.hours.members.finding import member_of_account
from marketplace.hours.models import Member
from marketplace.people.models import Region


@dataclass(frozen=True, slots=True)
class Eyes:
    """Who looks: the actor, and the id of the actor's own member."""

    actor: Actor
    member_id: UUID | None


async def eyes_of(tx: AsyncSession, actor: Actor) -> Eyes:
    """The actor's eyes."""
    own = await member_of_account(tx, actor.account_id) if actor.account_id else None
    return Eyes(actor, own.id if own else None)


def _seen_by(eyes: Eyes) -> ColumnElement[bool]:
    """The condition under which an order is seen."""
    if eyes.actor.is_system:
        return true()
    asked = col(TransferOrder.asked_by) == eyes.actor.account_id
    # nobody's member is no member: a pool's orders have no giver, and are not everybody's
    mine = false() if eyes.member_id is None else _of_member(eyes.member_id)
    return or_(asked, mine, _in_reach(eyes.actor))


def _of_member(member_id: UUID) -> ColumnElement[bool]:
    concerned = select(col(TransferLine.order_id)).where(
        or_(col(TransferLine.giver_id) == member_id, col(TransferLine.receiver_id) == member_id)
    )
    return or_(col(TransferOrder.giver_id) == member_id, col(TransferOrder.id).in_(concerned))


def _in_reach(actor: Actor) -> ColumnElement[bool]:
    if not actor.is_any(*OFFICERS):
        return false()
    if actor.region_path == "":
        return true()
    inside = select(col(Region.id)).where(col(Region.path).startswith(actor.region_path, autoescape=True))
    return col(TransferOrder.district_id).in_(inside)


async def order_for(tx: AsyncSession, order_id: UUID, *, actor: Actor) -> Placed:
    """The order with the lines that the actor may see. `Unknown`."""
    eyes = await eyes_of(tx, actor)
    order = await tx.scalar(select(TransferOrder).where(col(TransferOrder.id) == order_id, _seen_by(eyes)))
    if order is None:
        raise Unknown(what="order")
    return await shown_to(tx, Placed(order, await lines_of(tx, order.id)), eyes)


async def shown_to(tx: AsyncSession, placed: Placed, eyes: Eyes) -> Placed:
    """The order with those of its lines that concern who looks; whoever asked, gives or decides sees all."""
    order, actor = placed.order, eyes.actor
    own = eyes.member_id is not None and order.giver_id == eyes.member_id
    if own or order.asked_by == actor.account_id or await is_officer_of(tx, order.district_id, actor):
        return placed
    mine = [line for line in placed.lines if eyes.member_id in {line.giver_id, line.receiver_id}]
    return Placed(order, mine)


async def orders_for(
    tx: AsyncSession,
    *,
    actor: Actor,
    state: str | None,
    member_id: UUID | None,
    after: UUID | None,
    limit: int,
    district_id: UUID | None = None,
    kind: str | None = None,
) -> list[Placed]:
    """Orders that the actor may see, newest first, after a cursor; of one member, branch or kind on demand."""
    eyes = await eyes_of(tx, actor)
    query = select(TransferOrder).where(_seen_by(eyes)).order_by(col(TransferOrder.id).desc()).limit(limit)
    if state is not None:
        query = query.where(col(TransferOrder.state) == state)
    if district_id is not None:
        query = query.where(col(TransferOrder.district_id) == district_id)
    if kind is not None:
        query = query.where(col(TransferOrder.kind) == kind)
    if member_id is not None:
        query = query.where(_of_member(member_id))
    if after is not None:
        query = query.where(col(TransferOrder.id) < after)
    orders = list(await tx.scalars(query))
    lines: dict[UUID, list[TransferLine]] = defaultdict(list)
    found = select(TransferLine).where(col(TransferLine.order_id).in_([order.id for order in orders]))
    for line in await tx.scalars(found.order_by(col(TransferLine.order_id), col(TransferLine.place))):
        lines[line.order_id].append(line)
    return [await shown_to(tx, Placed(order, lines[order.id]), eyes) for order in orders]


@dataclass(frozen=True, slots=True)
class KindSums:
    """Minutes of one kind of order in a branch: what waits for a person or a consent, and what moved."""

    waiting_minutes: int
    moved_minutes: int


async def sums_by_kind(tx: AsyncSession, district_id: UUID, *, since: datetime) -> dict[str, KindSums]:
    """By kind: what waits now in the branch, and what was done since an instant and stands."""
    waits = col(TransferOrder.state).in_(("pending", "collecting"))
    moved = (col(TransferOrder.state) == "done") & (col(TransferOrder.done_at) >= since)
    minutes = func.sum(col(TransferOrder.minutes))
    rows = await tx.execute(
        select(col(TransferOrder.kind), minutes.filter(waits), minutes.filter(moved))
        .where(col(TransferOrder.district_id) == district_id, or_(waits, moved))
        .group_by(col(TransferOrder.kind))
    )
    return {kind: KindSums(int(waiting or 0), int(done or 0)) for kind, waiting, done in rows}


async def schedules_in(tx: AsyncSession, district_id: UUID, *, actor: Actor, limit: int) -> list[TransferSchedule]:
    """Standing orders of a branch's members that have not ended, the next one first; for its officers alone."""
    if not await is_officer_of(tx, district_id, actor):
        raise Unknown(what="branch")
    query = (
        select(TransferSchedule)
        .join(Member, col(Member.id) == col(TransferSchedule.giver_id))
        .where(col(Member.district_id) == district_id, col(TransferSchedule.state) != "ended")
        .order_by(col(TransferSchedule.next_at), col(TransferSchedule.id))
    )
    return list(await tx.scalars(query.limit(limit)))


async def states_of(tx: AsyncSession, order_ids: Collection[UUID]) -> dict[UUID, str]:
    """How these orders stand, by id."""
    query = select(col(TransferOrder.id), col(TransferOrder.state)).where(col(TransferOrder.id).in_(order_ids))
    return {order_id: state for order_id, state in await tx.execute(query)}  # noqa: C416 - rows are no pairs to mypy
