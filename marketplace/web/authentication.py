"""Who makes a request: a bearer token, or the console's cookie. Guards on routes then ask for roles."""

from typing import Any

import structlog
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from litestar.middleware import AbstractAuthenticationMiddleware, AuthenticationResult
from litestar.types import Guard

from marketplace.base import audit, tokens
from marketplace.base.actor import Actor, Role
from marketplace.base.database import record
from marketplace.base.errors import Forbidden, NotSignedIn
from marketplace.base.ids import new_id
from marketplace.base.platform import Platform

COOKIE = "liuzhu_access"
READING = frozenset({"GET", "HEAD"})


class Authentication(AbstractAuthenticationMiddleware):
    """Reads the token. No token is no error here: a route that needs an actor says so itself.

    The cookie counts for reading only, so that no foreign page can act with it.
    """

    async def authenticate_request(self, connection: ASGIConnection[Any, Any, Any, Any]) -> AuthenticationResult:
        structlog.contextvars.bind_contextvars(request_id=_request_id(connection))
        platform: Platform = connection.app.state.platform
        header = connection.headers.get("authorization", "")
        cookie = connection.cookies.get(COOKIE)
        if header:
            scheme, _, token = header.partition(" ")
            if scheme.lower() != "bearer":
                raise NotSignedIn
        elif cookie and connection.scope.get("method") in READING:
            token = cookie
        else:
            return AuthenticationResult(user=None, auth=None)
        secret = platform.settings.secret
        if secret is None:
            raise NotSignedIn
        return AuthenticationResult(user=tokens.read(token, secret), auth=token)


def _request_id(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    given = connection.headers.get("x-request-id", "")
    return given if 0 < len(given) <= 64 and given.isascii() and given.isprintable() else str(new_id())


def requires(*roles: Role) -> Guard:
    """A guard: the actor holds one of `roles`, else 401 or 403; a refusal leaves an audit row."""

    async def guard(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
        actor = connection.scope.get("user")
        if not isinstance(actor, Actor):
            raise NotSignedIn
        if roles and not actor.is_any(*roles):
            platform: Platform = connection.app.state.platform
            async with record(platform.db) as tx:
                audit.note(tx, "access.denied", actor=actor, entity="route", entity_id=str(handler.handler_name))
            raise Forbidden

    return guard


signed_in = requires()
