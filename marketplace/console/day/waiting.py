"""What waits for an officer in the time bank: requests under review, disputes, appeals. Others see none of it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base.actor import Actor, Role
from marketplace.hours.members.standing.appeals import open_appeals
from marketplace.hours.models import Incident, Task, TaskSeries
from marketplace.hours.tasks.listing import waiting_tasks
from marketplace.hours.tasks.series.keeping import all_series
from marketplace.people.models import Region

MOST = 100  # nobody reads further


@dataclass(frozen=True, slots=True)
class Waiting:
    """Rows of one district, the oldest first. Of a request with several places the first stands for all."""

    requests: tuple[Task, ...] = ()
    series: tuple[TaskSeries, ...] = ()
    disputes: tuple[Task, ...] = ()
    appeals: tuple[Incident, ...] = ()

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.requests) + len(self.series) + len(self.disputes) + len(self.appeals)


async def read_waiting(tx: AsyncSession, district: Region, *, actor: Actor, now: datetime) -> Waiting:
    """What this officer may judge in the district; what she recorded or asked for herself the API refuses."""
    if not actor.is_any(Role.OFFICER):
        return Waiting()
    requests = await waiting_tasks(tx, "submitted", actor=actor, now=now, limit=MOST)
    disputes = await waiting_tasks(tx, "disputed", actor=actor, now=now, limit=MOST)
    series = await all_series(tx, actor=actor, now=now, state="submitted", limit=MOST)
    appeals = await open_appeals(tx, actor=actor, limit=MOST)
    return Waiting(
        requests=tuple(task for task in requests if task.district_id == district.id and task.place == 1),
        series=tuple(series),
        disputes=tuple(task for task in disputes if task.district_id == district.id),
        appeals=tuple(incident for incident, member in appeals if member.district_id == district.id),
    )
