"""The one table from errors to HTTP: RFC 9457 problem details, in the reader's language, never a stack trace."""

import re
from typing import Any

import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from sqlalchemy.exc import DBAPIError, InterfaceError

from marketplace.base import errors
from marketplace.base.database import RETRYABLE, sqlstate
from marketplace.web.field_words import in_chinese
from timebank.errors import LedgerError

log = structlog.get_logger()

MEDIA_TYPE = "application/problem+json"

STATUS: dict[type[errors.DomainError], int] = {
    errors.Malformed: 400,
    errors.NotSignedIn: 401,
    errors.Forbidden: 403,
    errors.Unknown: 404,
    errors.Conflict: 409,
    errors.Stale: 412,
    errors.KeyReused: 422,
    errors.Limited: 429,
}

PLAIN = {
    400: ("malformed", "请求内容有误。", "The request is malformed."),
    401: ("not_signed_in", errors.NotSignedIn.zh, errors.NotSignedIn.en),
    403: ("forbidden", errors.Forbidden.zh, errors.Forbidden.en),
    404: ("unknown", errors.Unknown.zh, errors.Unknown.en),
    405: ("method_not_allowed", "此地址不支持该方法。", "This address does not take that method."),
    413: ("too_large", "请求内容过大。", "The request is too large."),
    415: ("unsupported_media_type", "请使用 JSON。", "Send JSON."),
    500: ("internal", "系统出现问题，已记录。", "Something went wrong on our side; it was recorded."),
    503: ("busy", "系统繁忙，请稍后再试。", "Busy just now; please try again."),
}


# said of a list whose only item is wrong in itself, as if it were not there
TOO_FEW = re.compile(r"at least \d+ items? after validation")
LEDGER_REFUSES = ("账本拒绝了此操作，未作任何更改。", "The books refuse this; nothing was changed.")


def status_of(error: type[errors.DomainError]) -> int:
    """The HTTP status of a domain error: that of its nearest ancestor in the table."""
    return next(STATUS[kind] for kind in error.__mro__ if kind in STATUS)


def language_of(request: Request[Any, Any, Any]) -> errors.Language:
    """The reader's language: the first of zh and en in Accept-Language, else Chinese."""
    for part in request.headers.get("accept-language", "").split(","):
        tag = part.split(";")[0].strip().lower()
        if tag.startswith(("zh", "en")):
            return "en" if tag.startswith("en") else "zh"
    return "zh"


def on_domain_error(request: Request[Any, Any, Any], error: errors.DomainError) -> Response[dict[str, Any]]:
    """A broken rule."""
    status = status_of(type(error))
    body: dict[str, Any] = {"detail": error.sentence(language_of(request)), **_plain_data(error.data)}
    if error.pointer is not None:
        body["errors"] = [{"pointer": error.pointer, "detail": body["detail"]}]
    retry = error.data.get("retry_after_seconds")
    return problem(request, status, error.code, body, {"Retry-After": str(retry)} if retry else {})


def on_validation_error(request: Request[Any, Any, Any], error: ValidationException) -> Response[dict[str, Any]]:
    """A body, query or header that does not fit its schema."""
    found = [item for item in error.extra if isinstance(item, dict)] if isinstance(error.extra, list) else []
    english = language_of(request) == "en"
    told = {_pointer(item): str(item.get("message", "")) for item in reversed(found)}  # the first word on each field
    fields = [
        {"pointer": pointer, "detail": words if english else in_chinese(words)}
        for pointer, words in reversed(told.items())
        if not (TOO_FEW.search(words) and any(other.startswith(f"{pointer}/") for other in told))
    ]
    return _plain(request, 400, {"errors": fields} if fields else {})


def on_http_error(request: Request[Any, Any, Any], error: HTTPException) -> Response[dict[str, Any]]:
    """What the framework itself refuses: unknown address, method, media type, broken JSON."""
    return _plain(request, error.status_code if error.status_code in PLAIN else 400)


def on_database_error(request: Request[Any, Any, Any], error: DBAPIError) -> Response[dict[str, Any]]:
    """A deadlock, a serialization failure or a lost connection is worth another try; anything else is a defect."""
    if sqlstate(error) in RETRYABLE or isinstance(error, InterfaceError) or error.connection_invalidated:
        return _plain(request, 503, headers={"Retry-After": "1"})
    return on_defect(request, error)


def on_unreadable(request: Request[Any, Any, Any], _error: UnicodeDecodeError) -> Response[dict[str, Any]]:
    """A body that is not UTF-8."""
    return _plain(request, 400)


def on_nesting(request: Request[Any, Any, Any], error: RecursionError) -> Response[dict[str, Any]]:
    """A body nested too deeply to be read; any other recursion is a defect."""
    return _plain(request, 400) if "while deserializing" in str(error) else on_defect(request, error)


def on_ledger_error(request: Request[Any, Any, Any], error: LedgerError) -> Response[dict[str, Any]]:
    """A refusal of the books that no feature has put into its own words: nothing was written."""
    detail = LEDGER_REFUSES[1 if language_of(request) == "en" else 0]
    return problem(request, 409, f"ledger_{error.code}", {"detail": detail}, {})


def on_defect(request: Request[Any, Any, Any], error: Exception) -> Response[dict[str, Any]]:
    """A defect of ours: logged with its place, told in one sentence."""
    log.error("defect", exc_info=error, error=type(error).__name__, route=request.url.path)
    return _plain(request, 500)


def problem(
    request: Request[Any, Any, Any], status: int, code: str, body: dict[str, Any], headers: dict[str, str]
) -> Response[dict[str, Any]]:
    """A problem document; `type` is stable and made from the code."""
    title = PLAIN.get(status, ("", "", code.replace("_", " ")))[2 if language_of(request) == "en" else 1]
    document = {"type": f"urn:liuzhu:problem:{code}", "title": title or code, "status": status, "code": code, **body}
    return Response(document, status_code=status, media_type=MEDIA_TYPE, headers=headers)


def _plain(
    request: Request[Any, Any, Any],
    status: int,
    more: dict[str, Any] | None = None,
    headers: dict[str, str] | None = None,
) -> Response[dict[str, Any]]:
    code, zh, en = PLAIN[status]
    return problem(
        request, status, code, {"detail": en if language_of(request) == "en" else zh, **(more or {})}, headers or {}
    )


def _plain_data(data: dict[str, object]) -> dict[str, Any]:
    return {key: value if isinstance(value, (int, float, list, dict)) else str(value) for key, value in data.items()}


def _pointer(item: dict[str, Any]) -> str:
    key = str(item.get("key", "")).removeprefix("data.")
    return "/" + key.replace(".", "/") if key else ""


HANDLERS: dict[Any, Any] = {
    errors.DomainError: on_domain_error,
    ValidationException: on_validation_error,
    HTTPException: on_http_error,
    LedgerError: on_ledger_error,
    UnicodeDecodeError: on_unreadable,
    RecursionError: on_nesting,
    DBAPIError: on_database_error,
    Exception: on_defect,
}
