"""Routes of hours: joining, one's account and statement; tasks; giving, granting, programmes."""

from typing import Any

from marketplace.hours.routes import giving, granting, members, programmes, schedules, tasks

ROUTES: list[Any] = [
    *members.HANDLERS,
    *tasks.HANDLERS,
    *giving.HANDLERS,
    *schedules.HANDLERS,
    *granting.HANDLERS,
    *programmes.HANDLERS,
]
