"""Stars: what a member has served in all, whatever became of the hours since.

One definition for her file and for the public figures: the verified minutes of credited tasks, those above the caps
included, for they were served. A task whose entry was reversed was taken back, and counts for nobody.
"""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import Uuid

MINUTES_PER_HOUR = 60

# what was served and stands, a row per task: by whom, for an elder of which district, how long
SERVED = """
    SELECT task.id, task.member_id, task.district_id, task.verified_minutes FROM task
    WHERE task.state = 'credited' AND 'task:' || task.id NOT IN (
      SELECT entry.reference FROM ledger_entry undone JOIN ledger_entry entry ON entry.id = undone.reverses
      WHERE undone.reverses IS NOT NULL AND entry.kind = 'task')
"""
_EARNED = text(
    f"""
    SELECT served.member_id, sum(served.verified_minutes)::bigint AS minutes FROM ({SERVED}) served
    WHERE served.member_id = ANY(:members) GROUP BY served.member_id
    """  # noqa: S608 - the query stands above
).bindparams(bindparam("members", type_=ARRAY(Uuid)))


async def earned_minutes(tx: AsyncSession, members: Collection[UUID]) -> dict[UUID, int]:
    """For each of these members what was served in all, in minutes."""
    found = {row.member_id: int(row.minutes) for row in await tx.execute(_EARNED, {"members": list(members)})}
    return {member: found.get(member, 0) for member in members}


def stars_for(minutes: int, stars_hours: Collection[int]) -> int:
    """How many of the ascending thresholds, in hours, these minutes have reached."""
    return sum(minutes >= hours * MINUTES_PER_HOUR for hours in stars_hours)
