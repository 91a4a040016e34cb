"""What is open of a member who is passed on: the orders in which she gives, tasks, schedules.

All of it is locked before her own row, in the order in which everybody locks (docs/hours.md, "Order of locks"): whoever
agrees, consents, serves or gives for her at this moment comes before or after, and nobody waits for one who waits.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base.errors import Stale
from marketplace.hours.giving.models import TransferLine, TransferOrder, TransferSchedule
from marketplace.hours.members.finding import locked_member
from marketplace.hours.models import Member, Task
from marketplace.hours.tasks.ending import UNBEGUN
from marketplace.hours.tasks.giving_back import UNSETTLED

INHERITANCE = "inheritance"  # the kind of order by which a member's hours are passed on


@dataclass(frozen=True, slots=True)
class Estate:
    """The member with her rows, all locked and as they stand now; `paid` are the tasks that her minutes pay."""

    member: Member
    orders: Sequence[TransferOrder]
    paid: Sequence[Task]
    schedules: Sequence[TransferSchedule]


async def locked_estate(tx: AsyncSession, member_id: UUID) -> Estate:
    """`Unknown`, and `Stale` where something of hers was opened at this very moment."""
    orders = await _locked(tx, _orders(member_id))
    tasks = await _locked(tx, _tasks(member_id))
    schedules = await lock_schedules(tx, member_id)
    member = await locked_member(tx, member_id)
    for query, rows in ((_orders, orders), (_tasks, tasks), (_schedules, schedules)):
        known = {row.id for row in rows}
        if any(row.id not in known for row in await tx.scalars(query(member_id))):
            raise Stale(id=str(member.id))
    return Estate(member, orders, [one for one in tasks if one.source_account == member.ledger_account], schedules)


async def lock_orders_with(tx: AsyncSession, order_id: UUID) -> None:
    """Before a waiting inheritance is locked: the giver's other open orders end with it, so all are locked by id."""
    waits = (col(TransferOrder.kind) == INHERITANCE, col(TransferOrder.state) == "pending")
    giver_id = await tx.scalar(select(col(TransferOrder.giver_id)).where(col(TransferOrder.id) == order_id, *waits))
    if giver_id is not None:
        await _locked(tx, _orders(giver_id))


async def lock_schedules(tx: AsyncSession, member_id: UUID) -> Sequence[TransferSchedule]:
    """Her standing orders that have not ended, as they stand now; before she is locked."""
    return await _locked(tx, _schedules(member_id))


def _orders(member_id: UUID) -> Select[TransferOrder]:
    hers = select(col(TransferLine.order_id)).where(col(TransferLine.giver_id) == member_id)
    return (
        select(TransferOrder)
        .where(col(TransferOrder.id).in_(hers), col(TransferOrder.state).in_(("pending", "collecting")))
        .order_by(col(TransferOrder.id))
    )


def _tasks(member_id: UUID) -> Select[Task]:
    """What her minutes pay and nobody has begun, and what she has taken."""
    account = select(col(Member.ledger_account)).where(col(Member.id) == member_id).scalar_subquery()
    pays = and_(col(Task.source_account) == account, col(Task.state).in_(UNBEGUN))
    serves = and_(col(Task.member_id) == member_id, col(Task.state).in_(UNSETTLED))
    return select(Task).where(or_(pays, serves)).order_by(col(Task.id))


def _schedules(member_id: UUID) -> Select[TransferSchedule]:
    mine = (col(TransferSchedule.giver_id) == member_id, col(TransferSchedule.state) != "ended")
    return select(TransferSchedule).where(*mine).order_by(col(TransferSchedule.id))


async def _locked(tx: AsyncSession, query: Select[Any]) -> list[Any]:
    return list(await tx.scalars(query.with_for_update().execution_options(populate_existing=True)))
