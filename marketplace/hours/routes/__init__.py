"""Routes of hours: joining, one's account and statement; tasks; certificates."""

from typing import Any

from marketplace.hours.routes import certificates, members, tasks

ROUTES: list[Any] = [*members.HANDLERS, *tasks.HANDLERS, *certificates.HANDLERS]
