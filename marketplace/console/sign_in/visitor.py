"""Who looks at a page: by the access cookie or a bearer token, else by the refresh cookie, which is then renewed."""

from dataclasses import dataclass, field
from typing import Any

from litestar import Request
from litestar.datastructures import Cookie

from marketplace.base import audit
from marketplace.base.actor import STAFF, Actor
from marketplace.base.database import record
from marketplace.base.errors import Forbidden, NotSignedIn
from marketplace.base.platform import Platform
from marketplace.console.sign_in.cookies import REFRESH_COOKIE, session_cookies
from marketplace.people import signing_in


class SignInNeeded(NotSignedIn):
    """Neither a valid access token nor a refresh cookie came along."""

    code = "sign_in_needed"


class StaffOnly(Forbidden):
    """The account is none of the console's."""

    code = "staff_only"
    zh = "调度台仅供调度员、社区专员与运营人员使用。"
    en = "The console is for dispatchers, community officers and operators."


@dataclass(frozen=True, slots=True)
class Visitor:
    """A member of staff with the token for what the page does, and the cookies to set if it was renewed."""

    actor: Actor
    token: str
    cookies: list[Cookie] = field(default_factory=list)


async def visitor_of(request: Request[Any, Any, Any], platform: Platform) -> Visitor:
    """The visitor. `SignInNeeded`, `RefreshRefused`, or `StaffOnly` (which leaves an audit row)."""
    actor = request.scope.get("user")
    if isinstance(actor, Actor):
        found = Visitor(actor, str(request.auth))
    else:
        session = await renewed(request, platform)
        found = Visitor(session.actor, session.access_token, session_cookies(request, session))
    await require_staff(platform, found.actor)
    return found


async def renewed(request: Request[Any, Any, Any], platform: Platform) -> signing_in.Session:
    """The next session of the refresh cookie's chain; `SignInNeeded` without one, `RefreshRefused` for a dead one."""
    token = request.cookies.get(REFRESH_COOKIE)
    if not token:
        raise SignInNeeded
    return await signing_in.refresh(platform, token)


async def require_staff(platform: Platform, actor: Actor) -> None:
    """`StaffOnly` for anybody else; the refusal leaves an audit row."""
    if not actor.is_any(*STAFF):
        async with record(platform.db) as tx:
            audit.note(tx, "access.denied", actor=actor, entity="route", entity_id="console")
        raise StaffOnly
