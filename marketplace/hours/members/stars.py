"""Stars: what a member has given in all, whatever became of the hours since.

Counted are the verified minutes of credited tasks, those above the caps included: they were served. A task whose entry
was reversed does not count.
"""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import Uuid

MINUTES_PER_HOUR = 60

_EARNED = text(
    """
    SELECT task.member_id, sum(task.verified_minutes)::bigint AS minutes FROM task
    LEFT JOIN ledger_entry entry ON entry.key = concat_ws(':', 'task', task.id, 'credit')
    LEFT JOIN ledger_entry undone ON undone.reverses = entry.id
    WHERE task.state = 'credited' AND task.member_id = ANY(:members) AND undone.id IS NULL
    GROUP BY task.member_id
    """
).bindparams(bindparam("members", type_=ARRAY(Uuid)))


async def earned_minutes(tx: AsyncSession, members: Collection[UUID]) -> dict[UUID, int]:
    """For each of these members what was given in all, in minutes."""
    found = {row.member_id: int(row.minutes) for row in await tx.execute(_EARNED, {"members": list(members)})}
    return {member: found.get(member, 0) for member in members}


def stars_for(minutes: int, stars_hours: Collection[int]) -> int:
    """How many of the ascending thresholds, in hours, these minutes have reached."""
    return sum(minutes >= hours * MINUTES_PER_HOUR for hours in stars_hours)
