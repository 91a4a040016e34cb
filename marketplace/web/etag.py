"""ETags from versions: a reader may ask "still the same?", a writer must say which version it saw."""

from typing import Any

from litestar import Request, Response

from marketplace.base.errors import Malformed, Stale


class MatchMissing(Malformed):
    """A change came without If-Match."""

    code = "if_match_missing"
    zh = "请在 If-Match 请求头中提供所读版本。"
    en = "Send the version you read in an If-Match header."


def etag(version: object) -> str:
    """The header's value for a version."""
    return f'"{version}"'


def answer(request: Request[Any, Any, Any], body: Any, version: object) -> Response[Any]:
    """`body` with its ETag, or an empty 304 when the reader has it already."""
    tag = etag(version)
    if request.headers.get("if-none-match") == tag:
        return Response(None, status_code=304, headers={"ETag": tag})
    return Response(body, headers={"ETag": tag, "Cache-Control": "private, no-cache"})


def require_match(request: Request[Any, Any, Any], version: object) -> None:
    """`Stale` unless If-Match names `version`; `MatchMissing` when it is absent."""
    given = request.headers.get("if-match")
    if given is None:
        raise MatchMissing
    if given != etag(version):
        raise Stale
