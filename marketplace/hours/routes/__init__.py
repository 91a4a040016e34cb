"""Routes of hours: members, files, statements; tasks; giving and granting; papers and figures; outside banks."""

from typing import Any

from marketplace.hours.links import routes as links
from marketplace.hours.routes import (
    alerts,
    availability,
    branches,
    certificates,
    deciding,
    files,
    giving,
    granting,
    imports,
    incidents,
    judging,
    ledger,
    members,
    programmes,
    schedules,
    series,
    statements,
    students,
    tasks,
)

ROUTES: list[Any] = [
    *members.HANDLERS,
    *statements.HANDLERS,
    *files.HANDLERS,
    *students.HANDLERS,
    *incidents.HANDLERS,
    *tasks.HANDLERS,
    *judging.HANDLERS,
    *series.HANDLERS,
    *availability.HANDLERS,
    *giving.HANDLERS,
    *deciding.HANDLERS,
    *schedules.HANDLERS,
    *granting.HANDLERS,
    *programmes.HANDLERS,
    *certificates.HANDLERS,
    *ledger.HANDLERS,
    *alerts.HANDLERS,
    *imports.HANDLERS,
    *branches.HANDLERS,
    *links.HANDLERS,
]
