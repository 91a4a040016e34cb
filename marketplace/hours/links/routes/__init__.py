"""Routes of links: between banks, for operators, for members, for officers."""

from typing import Any

from marketplace.hours.links.routes import members, officers, operators, partners

HANDLERS: list[Any] = [*partners.HANDLERS, *operators.HANDLERS, *members.HANDLERS, *officers.HANDLERS]
