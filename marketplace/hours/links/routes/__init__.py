"""Routes of links: between banks, for operators, for members."""

from typing import Any

from marketplace.hours.links.routes import members, operators, partners

HANDLERS: list[Any] = [*partners.HANDLERS, *operators.HANDLERS, *members.HANDLERS]
