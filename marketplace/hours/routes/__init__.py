"""Routes of hours: joining, one's account and statement; tasks; links to outside banks."""

from typing import Any

from marketplace.hours.links import routes as links
from marketplace.hours.routes import members, tasks

ROUTES: list[Any] = [*members.HANDLERS, *tasks.HANDLERS, *links.HANDLERS]
