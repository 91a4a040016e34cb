"""ETags from versions: a reader may ask "still the same?" and is spared the answer."""

from typing import Any

from litestar import Request, Response


def etag(version: object) -> str:
    """The header's value for a version."""
    return f'"{version}"'


def answer(request: Request[Any, Any, Any], body: Any, version: object) -> Response[Any]:
    """`body` with its ETag, or an empty 304 when the reader has it already."""
    tag = etag(version)
    if request.headers.get("if-none-match") == tag:
        return Response(None, status_code=304, headers={"ETag": tag})
    return Response(body, headers={"ETag": tag, "Cache-Control": "private, no-cache"})
