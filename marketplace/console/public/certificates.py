"""The page on which anybody checks a certificate: by its address, the QR code on it, or the code typed in."""

from typing import Any

from litestar import Request, Response, get
from litestar.params import FromPath, FromQuery

from marketplace.base.errors import Unknown
from marketplace.console.rendering import language, page
from marketplace.hours.certificates.document import in_hours
from marketplace.hours.certificates.reading import public
from marketplace.hours.certificates.schemas import PublicCertificateOut
from marketplace.hours.certificates.showing import public_out
from marketplace.hours.members.words import TASKS
from marketplace.web.dependencies import Tx

Asked = Request[Any, Any, Any]
PUBLIC: dict[str, Any] = {"include_in_schema": False, "exclude_from_auth": True}
LONGEST_CODE = 64


@get("/certificates", **PUBLIC)
async def ask_certificate(request: Asked, tx: Tx, code: FromQuery[str | None] = None) -> Response[str]:
    """A form for the code; with a code, its certificate."""
    return await _answer(request, tx, code)


@get("/certificates/{code:str}", **PUBLIC)
async def show_certificate(request: Asked, code: FromPath[str], tx: Tx) -> Response[str]:
    """A certificate: in force or not, whose, how many hours of what."""
    return await _answer(request, tx, code)


async def _answer(request: Asked, tx: Tx, code: str | None) -> Response[str]:
    found: PublicCertificateOut | None = None
    if code:
        try:
            shown, _ = await public(tx, code[:LONGEST_CODE])
            found = public_out(shown)
        except Unknown:
            found = None
    zh = language(request) == "zh"
    rows = [(TASKS.get(kind, (kind, kind))[0 if zh else 1], m, in_hours(m)) for kind, m in _minutes(found).items()]
    status = 404 if code and found is None else 200
    return page(
        request, "certificate.html", status_code=status, found=found, asked=code or "", rows=rows, hours=in_hours
    )


def _minutes(found: PublicCertificateOut | None) -> dict[str, int]:
    return found.minutes if found else {}


HANDLERS: list[Any] = [ask_certificate, show_certificate]
