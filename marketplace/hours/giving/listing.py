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
from marketplace.hours.giving.entries import Placed
from marketplace.hours.giving.models import TransferLine, TransferOrder, TransferSchedule
from marketplace.hours.giving.orders import lines_of
from marketplace.hours.members.proxies import OFFICERS, is_officer_of, members_of
from marketplace.hours.models import Member
from marketplace.people.models import Region


@dataclass(frozen=True, slots=True)
class Eyes:
    """Who looks: the actor, and the members with whose eyes she sees: her own, and those for whom she acts."""

    actor: Actor
    members: frozenset[UUID]


async def eyes_of(tx: AsyncSession, actor: Actor, *, now: datetime) -> Eyes:
    """The actor's eyes."""
    found = await members_of(tx, actor, now=now) if actor.account_id else []
    return Eyes(actor, frozenset(one.id for one in found))


def _seen_by(eyes: Eyes) -> ColumnElement[bool]:
    """The condition under which an order is seen."""
    if eyes.actor.is_system:
        return true()
    asked = col(TransferOrder.asked_by) == eyes.actor.account_id
    return or_(asked, _of_members(eyes.members), _in_reach(eyes.actor))


def _of_members(members: Collection[UUID]) -> ColumnElement[bool]:
    concerned = select(col(TransferLine.order_id)).where(
        or_(col(TransferLine.giver_id).in_(members), col(TransferLine.receiver_id).in_(members))
    )
    return or_(col(TransferOrder.giver_id).in_(members), col(TransferOrder.id).in_(concerned))


def _in_reach(actor: Actor) -> ColumnElement[bool]:
    if not actor.is_any(*OFFICERS):
        return false()
    if actor.region_path == "":
        return true()
    inside = select(col(Region.id)).where(col(Region.path).startswith(actor.region_path, autoescape=True))
    return col(TransferOrder.district_id).in_(inside)


async def order_for(tx: AsyncSession, order_id: UUID, *, actor: Actor, now: datetime) -> Placed:
    """The order with the lines that the actor may see. `Unknown`."""
    eyes = await eyes_of(tx, actor, now=now)
    order = await tx.scalar(select(TransferOrder).where(col(TransferOrder.id) == order_id, _seen_by(eyes)))
    if order is None:
        raise Unknown(what="order")
    return await shown_to(tx, Placed(order, await lines_of(tx, order.id)), eyes)


async def shown_to(tx: AsyncSession, placed: Placed, eyes: Eyes) -> Placed:
    """The order with those of its lines that concern who looks; whoever asked, gives or decides sees all."""
    order, actor = placed.order, eyes.actor
    own = order.giver_id in eyes.members or order.asked_by == actor.account_id
    if own or await is_officer_of(tx, order.district_id, actor):
        return placed
    mine = [line for line in placed.lines if not eyes.members.isdisjoint({line.giver_id, line.receiver_id} - {None})]
    return Placed(order, mine)


async def orders_for(
    tx: AsyncSession,
    *,
    actor: Actor,
    now: datetime,
    state: str | None,
    member_id: UUID | None,
    after: UUID | None,
    limit: int,
    district_id: UUID | None = None,
    kind: str | None = None,
) -> list[Placed]:
    """Orders that the actor may see, newest first, after a cursor; of one member, branch or kind on demand."""
    eyes = await eyes_of(tx, actor, now=now)
    query = select(TransferOrder).where(_seen_by(eyes)).order_by(col(TransferOrder.id).desc()).limit(limit)
    if state is not None:
        query = query.where(col(TransferOrder.state) == state)
    if district_id is not None:
        query = query.where(col(TransferOrder.district_id) == district_id)
    if kind is not None:
        query = query.where(col(TransferOrder.kind) == kind)
    if member_id is not None:
        query = query.where(_of_members([member_id]))
    if after is not None:
        query = query.where(col(TransferOrder.id) < after)
    return await _with_lines(tx, list(await tx.scalars(query)), eyes)


async def orders_named(tx: AsyncSession, order_ids: Collection[UUID], *, actor: Actor, now: datetime) -> list[Placed]:
    """Those of these orders that the actor may see, newest first."""
    eyes = await eyes_of(tx, actor, now=now)
    query = select(TransferOrder).where(_seen_by(eyes), col(TransferOrder.id).in_(order_ids))
    return await _with_lines(tx, list(await tx.scalars(query.order_by(col(TransferOrder.id).desc()))), eyes)


async def _with_lines(tx: AsyncSession, orders: list[TransferOrder], eyes: Eyes) -> list[Placed]:
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
