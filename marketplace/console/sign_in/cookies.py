"""The console's two cookies: the short access token, and the refresh token that renews it. Script can read neither."""

from typing import Any

from litestar import Request
from litestar.datastructures import Cookie

from marketplace.base.tokens import LIFETIME
from marketplace.people.signing_in import REFRESH_LIFETIME, Session
from marketplace.web.authentication import COOKIE

REFRESH_COOKIE = "liuzhu_refresh"
PATH = "/console"
MARGIN_SECONDS = 20  # the browser drops the cookie before the token in it runs out


def session_cookies(request: Request[Any, Any, Any], session: Session) -> list[Cookie]:
    """Both cookies of a fresh session."""
    access = int(LIFETIME.total_seconds()) - MARGIN_SECONDS
    return [
        _cookie(request, COOKIE, session.access_token, access),
        _cookie(request, REFRESH_COOKIE, session.refresh_token, int(REFRESH_LIFETIME.total_seconds())),
    ]


def cleared(request: Request[Any, Any, Any], *names: str) -> list[Cookie]:
    """Cookies that end themselves at once."""
    return [_cookie(request, name, "", 0) for name in names]


def _cookie(request: Request[Any, Any, Any], name: str, value: str, seconds: int) -> Cookie:
    return Cookie(
        key=name,
        value=value,
        max_age=seconds,
        path=PATH,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
