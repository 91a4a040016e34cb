"""Routes of hours: joining, members' files and standing, one's account and statement; tasks."""

from typing import Any

from marketplace.hours.routes import availability, files, incidents, judging, members, series, tasks

ROUTES: list[Any] = [
    *members.HANDLERS,
    *files.HANDLERS,
    *incidents.HANDLERS,
    *tasks.HANDLERS,
    *judging.HANDLERS,
    *series.HANDLERS,
    *availability.HANDLERS,
]
