"""The frame around the time bank's pages for staff: who may open which, the tabs, and what the page acts with."""

from typing import Any
from urllib.parse import urlencode

from litestar import Request, Response

from marketplace.base.actor import Role
from marketplace.base.errors import Language
from marketplace.base.platform import Platform
from marketplace.console.rendering import language, page
from marketplace.console.sign_in.visitor import Visitor, visitor_of

OFFICERS = frozenset({Role.OFFICER, Role.OPERATOR})
# a regulator reads figures, and nothing of any person
TABS: dict[str, frozenset[Role]] = {
    "giving": OFFICERS,
    "grants": OFFICERS,
    "members": OFFICERS,
    "cycles": OFFICERS | {Role.REGULATOR},
    "alerts": OFFICERS | {Role.REGULATOR},
}
Asked = Request[Any, Any, Any]


async def opened(request: Asked, platform: Platform, tab: str) -> Visitor:
    """Who opens this page. `SignInNeeded`, `StaffOnly`."""
    return await visitor_of(request, platform, roles=TABS[tab])


def framed(request: Asked, template: str, visitor: Visitor, tab: str, **values: Any) -> Response[str]:
    """The page in its frame: tabs that this visitor may open, the other language, the token."""
    return page(
        request,
        template,
        cookies=visitor.cookies,
        here=tab,
        tabs=[name for name, roles in TABS.items() if visitor.actor.is_any(*roles)],
        may_see_days=visitor.actor.is_any(Role.OFFICER, Role.OPERATOR, Role.DISPATCHER),
        other_language=_in_other_language(request),
        token=visitor.token,
        **values,
    )


def _in_other_language(request: Asked) -> str:
    other: Language = "en" if language(request) == "zh" else "zh"
    return f"{request.url.path}?{urlencode([*asked_but(request, 'lang'), ('lang', other)])}"


def asked_but(request: Asked, *names: str) -> list[tuple[str, str]]:
    """The fields of the page's address, those that stand there several times too, but for these."""
    return [(name, str(value)) for name, value in request.query_params.multi_items() if name not in names]
