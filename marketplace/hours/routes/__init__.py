"""Routes of hours: joining, files and standing, accounts and statements; tasks; giving and granting; outside banks."""

from typing import Any

from marketplace.hours.links import routes as links
from marketplace.hours.routes import (
    files,
    giving,
    granting,
    incidents,
    judging,
    members,
    programmes,
    schedules,
    series,
    tasks,
)

ROUTES: list[Any] = [
    *members.HANDLERS,
    *files.HANDLERS,
    *incidents.HANDLERS,
    *tasks.HANDLERS,
    *judging.HANDLERS,
    *series.HANDLERS,
    *giving.HANDLERS,
    *schedules.HANDLERS,
    *granting.HANDLERS,
    *programmes.HANDLERS,
    *links.HANDLERS,
]
