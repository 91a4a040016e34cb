"""Is a form ours? Browsers say which site a request comes from; what another site's page sends is refused."""

from typing import Any
from urllib.parse import urlsplit

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from marketplace.base.errors import Forbidden


class ForeignPage(Forbidden):
    """The request was sent by a page of another site."""

    code = "foreign_page"
    zh = "请求来自其他网站，已拒绝。"
    en = "This request was sent by another site's page and is refused."


def own_page(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """A guard: `ForeignPage` unless the browser says the request is our own page's.

    Sec-Fetch-Site is what today's browsers send; where it is missing (plain HTTP on another machine) Origin must name
    our host. A client without either is no browser, and carries nobody's cookies unawares.
    """
    del handler
    site = connection.headers.get("sec-fetch-site")
    origin = connection.headers.get("origin")
    if site is not None:
        foreign = site not in {"same-origin", "none"}
    else:
        foreign = origin is not None and urlsplit(origin).netloc != connection.headers.get("host")
    if foreign:
        raise ForeignPage
