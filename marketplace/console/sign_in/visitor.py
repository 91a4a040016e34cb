"""Who looks at a page: by the access cookie or a bearer token, else by the refresh cookie, which is then renewed."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from litestar import Request
from litestar.datastructures import Cookie

from marketplace.base import audit
from marketplace.base.actor import STAFF, Actor, Role
from marketplace.base.database import record
from marketplace.base.errors import Forbidden, NotSignedIn
from marketplace.base.platform import Platform
from marketplace.console.sign_in.cookies import REFRESH_COOKIE, session_cookies
from marketplace.people import signing_in

CONSOLE = STAFF | {Role.REGULATOR}  # a regulator reads figures, and nothing of any person


class SignInNeeded(NotSignedIn):
    """Neither a valid access token nor a refresh cookie came along."""

    code = "sign_in_needed"


class StaffOnly(Forbidden):
    """The account is none of the console's, or this page is not for its role."""

    code = "staff_only"
    zh = "本页面仅供调度员、社区专员、运营与监管人员中有权查看者使用。"
    en = "This page is for dispatchers, community officers, operators or regulators, as their role allows."


@dataclass(frozen=True, slots=True)
class Visitor:
    """A member of staff with the token for what the page does, and the cookies to set if it was renewed."""

    actor: Actor
    token: str
    cookies: list[Cookie] = field(default_factory=list)


async def visitor_of(
    request: Request[Any, Any, Any], platform: Platform, *, roles: Collection[Role] = STAFF
) -> Visitor:
    """The visitor, in one of these roles. `SignInNeeded`, `RefreshRefused`, or `StaffOnly` (it leaves an audit row)."""
    actor = request.scope.get("user")
    if isinstance(actor, Actor):
        found = Visitor(actor, str(request.auth))
    else:
        session = await renewed(request, platform)
        found = Visitor(session.actor, session.access_token, session_cookies(request, session))
    await require_roles(platform, found.actor, roles)
    return found


async def renewed(request: Request[Any, Any, Any], platform: Platform) -> signing_in.Session:
    """The next session of the refresh cookie's chain; `SignInNeeded` without one, `RefreshRefused` for a dead one."""
    token = request.cookies.get(REFRESH_COOKIE)
    if not token:
        raise SignInNeeded
    return await signing_in.refresh(platform, token)


async def require_roles(platform: Platform, actor: Actor, roles: Collection[Role] = CONSOLE) -> None:
    """`StaffOnly` for anybody else; the refusal leaves an audit row."""
    if not actor.is_any(*roles):
        async with record(platform.db) as tx:
            audit.note(tx, "access.denied", actor=actor, entity="route", entity_id="console")
        raise StaffOnly
