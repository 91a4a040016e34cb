"""What became of a month's grants of a branch: those of its pool that were asked for in it, those of programmes."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, time
from uuid import UUID

from dateutil.relativedelta import relativedelta
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base.clock import local_instant
from marketplace.hours.giving.models import KeyGrant, TransferOrder

LAPSED = ("expired", "cancelled", "reversed")


@dataclass(frozen=True, slots=True)
class Decided:
    """Grants of a month that wait no more. `lapsed`: nobody decided in time, or it was called off or taken back."""

    granted: int
    granted_minutes: int
    rejected: int
    lapsed: int


async def decided_in(tx: AsyncSession, district_id: UUID, month: date) -> Decided:
    """How many grants of a month were carried out, and how many were not. The caller may see the branch."""
    first = month.replace(day=1)
    by_pool = select(col(TransferOrder.state), func.count(), func.sum(col(TransferOrder.minutes))).where(
        col(TransferOrder.district_id) == district_id,
        col(TransferOrder.kind) == "pool_grant",
        col(TransferOrder.asked_at) >= local_instant(first, time()),
        col(TransferOrder.asked_at) < local_instant(first + relativedelta(months=1), time()),
    )
    issued = select(func.count(), func.coalesce(func.sum(col(KeyGrant.minutes)), 0)).where(
        col(KeyGrant.district_id) == district_id, col(KeyGrant.month) == first, col(KeyGrant.programme_id).is_not(None)
    )
    times, minutes = (await tx.execute(issued)).one()
    counts: Counter[str] = Counter(done=times)
    for state, count, sum_minutes in await tx.execute(by_pool.group_by(col(TransferOrder.state))):
        counts[state] += count
        minutes += sum_minutes if state == "done" else 0
    return Decided(counts["done"], int(minutes), counts["rejected"], sum(counts[state] for state in LAPSED))
