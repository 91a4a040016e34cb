"""Routes of hours: joining, one's account and statement; tasks."""

from typing import Any

from marketplace.hours.routes import members, tasks

ROUTES: list[Any] = [*members.HANDLERS, *tasks.HANDLERS]
