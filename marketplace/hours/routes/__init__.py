"""Routes of hours: joining, members' files and standing, one's account and statement; tasks; links to outside banks."""

from typing import Any

from marketplace.hours.links import routes as links
from marketplace.hours.routes import files, incidents, judging, members, series, tasks

ROUTES: list[Any] = [
    *members.HANDLERS,
    *files.HANDLERS,
    *incidents.HANDLERS,
    *tasks.HANDLERS,
    *judging.HANDLERS,
    *series.HANDLERS,
    *links.HANDLERS,
]
