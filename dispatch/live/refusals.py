"""What of a task that comes up makes no sense: it is said in words before anything is made of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dispatch.errors import TaskRefused
from dispatch.live.kernels.handle import MOST_CREW
from dispatch.tasks import Delivery, Task, Visit


def refuse_what_is_wrong(task: Task, known: Mapping[str, Task], dimensions: Sequence[str]) -> None:
    """Raises TaskRefused for a task that is in the plan already or makes no sense."""
    if task.id in known:
        raise TaskRefused(task.id, "a task of this id is in the plan already")
    halts = [task.pickup, task.dropoff] if isinstance(task, Delivery) else []
    windows = [halt.windows for halt in halts] if halts else [task.windows] if isinstance(task, Visit) else []
    for spans in windows:
        ends = [second for span in spans for second in span]
        if not ends or ends != sorted(ends) or ends[0] < 0 or ends[-1] > 10**8:
            raise TaskRefused(task.id, f"windows {spans} are none, or not in order within the horizon")
    seconds = [halt.service_seconds for halt in halts]
    if isinstance(task, Visit):
        seconds = [member.service_seconds for member in task.crew]
        if not 1 <= len(task.crew) <= MOST_CREW:
            raise TaskRefused(task.id, f"a crew has 1 to {MOST_CREW} members, not {len(task.crew)}")
        if not 0 <= task.stagger[0] <= task.stagger[1]:
            raise TaskRefused(task.id, f"stagger {task.stagger} does not begin before it ends")
    elif set(task.load) - set(dimensions):
        raise TaskRefused(task.id, f"no shift has room for {', '.join(sorted(set(task.load) - set(dimensions)))}")
    if min(seconds) < 0 or max(seconds) > 10**8 or not 1 <= task.priority <= 100:
        raise TaskRefused(task.id, "service lasts 0 to 10^8 seconds, priority lies between 1 and 100")
