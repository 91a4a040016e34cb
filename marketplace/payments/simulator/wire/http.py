"""One HTTP request read whole and one answer written, in plain ASGI."""

import json
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from marketplace.payments.simulator.wire.errors import ApiError

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
LARGEST_BODY_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Request:
    """What came in."""

    method: str
    path: str
    headers: dict[str, str]
    query: bytes
    body: bytes

    @property
    def base_url(self) -> str:
        """The address that the caller used."""
        return f"http://{self.headers.get('host', '127.0.0.1')}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes out; `cut` breaks the connection in the middle of it."""

    status: int
    body: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False


async def read(scope: Scope, receive: Receive) -> Request:
    """Read the request; ApiError 413 when its body is too large."""
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    body, more = b"", True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":  # half a form could still look like a whole one
            raise ApiError(400, "invalid_request_error", "The request was not complete.", began=False)
        body += message.get("body", b"")
        if len(body) > LARGEST_BODY_BYTES:
            raise ApiError(413, "invalid_request_error", "The request is too large.", began=False)
        more = message.get("more_body", False)
    return Request(scope["method"], scope["path"], headers, scope["query_string"], body)


async def write(send: Send, answer: Answer) -> None:
    """Write the answer. A cut one promises more bytes than it sends, so that the server closes the connection."""
    body = json.dumps(answer.body, indent=2, ensure_ascii=False).encode()
    headers = {"content-type": "application/json", "content-length": str(len(body)), **answer.headers}
    await send(
        {
            "type": "http.response.start",
            "status": answer.status,
            "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()],
        }
    )
    sent = body[:1] if answer.cut else body
    await send({"type": "http.response.body", "body": sent, "more_body": answer.cut})
