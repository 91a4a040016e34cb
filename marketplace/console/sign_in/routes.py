"""Routes of signing in: the entry page, its forms, and the quiet renewal that the page asks for."""

from typing import Annotated, Any

from litestar import Request, Response, Router, get, post
from litestar.exceptions import ValidationException
from litestar.params import URLEncodedBody
from litestar.response import Redirect
from pydantic import Field

from marketplace.base.actor import STAFF, Actor
from marketplace.base.clock import WallClock
from marketplace.base.errors import DomainError, Malformed
from marketplace.base.tokens import LIFETIME
from marketplace.console.rendering import HEADERS, language, page
from marketplace.console.sign_in.cookies import REFRESH_COOKIE, cleared, session_cookies
from marketplace.console.sign_in.origin import own_page
from marketplace.console.sign_in.visitor import renewed, require_roles
from marketplace.people import codes, signing_in
from marketplace.web.authentication import COOKIE
from marketplace.web.dependencies import Home, Tx
from marketplace.web.problem import status_of
from marketplace.web.schemas import In, Out, Phone

DAY = "/console/day"
CYCLES = "/console/cycles"
ENTRY = "/console"

Asked = Request[Any, Any, Any]


class SignInForm(In):
    """The form's fields; browsers send empty ones too."""

    phone: Phone
    code: Annotated[str, Field(pattern=r"^([0-9]{6})?$")] = ""
    password: Annotated[str, Field(max_length=128)] = ""


class Renewed(Out):
    """The page's next token."""

    access_token: str
    expires_in_seconds: int


class OneOfTwo(Malformed):
    """Neither or both of password and code."""

    code = "one_of_two"
    zh = "请填写密码或验证码，二者选一。"
    en = "Give a password or a code, one of them."


@get(ENTRY, include_in_schema=False)
async def entry(request: Asked) -> Response[Any]:
    """The sign-in page, or on to where somebody who is signed in begins."""
    actor = request.scope.get("user")
    if isinstance(actor, Actor):
        return Redirect(home_of(request, actor), status_code=303)
    if REFRESH_COOKIE in request.cookies:
        return Redirect(f"{DAY}?lang={language(request)}", status_code=303)
    return sign_in_page(request)


@post("/console/sign-in", guards=[own_page], include_in_schema=False)
async def sign_in(request: Asked, data: URLEncodedBody[SignInForm], tx: Tx, platform: Home) -> Response[Any]:
    """Sign in and go on; a refusal shows the form again with its reason."""
    if bool(data.code) == bool(data.password):
        raise OneOfTwo
    session = await signing_in.sign_in(platform, tx, data.phone, code=data.code or None, password=data.password or None)
    await require_roles(platform, session.actor)
    return Redirect(home_of(request, session.actor), status_code=303, cookies=session_cookies(request, session))


@post("/console/code", guards=[own_page], status_code=200, include_in_schema=False)
async def send_code(request: Asked, data: URLEncodedBody[SignInForm], tx: Tx, platform: Home) -> Response[str]:
    """Send a one-time code. In the demo the form comes back with the code filled in."""
    code = await codes.ask_code(tx, platform.vault, data.phone, at=WallClock().now())
    shown = code if platform.settings.demo else None
    return sign_in_page(request, phone=data.phone, code=shown or "", sent=True)


@post("/console/sign-out", guards=[own_page], include_in_schema=False)
async def sign_out(request: Asked, platform: Home) -> Response[Any]:
    """End the sign-in and forget the cookies."""
    token = request.cookies.get(REFRESH_COOKIE)
    if token:
        await signing_in.sign_out(platform, token)
    return Redirect(_entry(request), status_code=303, cookies=cleared(request, COOKIE, REFRESH_COOKIE))


@post("/console/renew", guards=[own_page], status_code=200, include_in_schema=False)
async def renew(request: Asked, platform: Home) -> Response[Renewed]:
    """A fresh token for an open page, by its refresh cookie. The page asks when its token has run out."""
    session = await renewed(request, platform)
    await require_roles(platform, session.actor)
    token = Renewed(access_token=session.access_token, expires_in_seconds=int(LIFETIME.total_seconds()))
    return Response(token, headers={"Cache-Control": "no-store"}, cookies=session_cookies(request, session))


def sign_in_page(
    request: Asked,
    *,
    status_code: int = 200,
    error: str = "",
    phone: str = "",
    code: str = "",
    sent: bool = False,
) -> Response[str]:
    """The form, with what was typed and what was wrong with it."""
    demo = request.app.state.platform.settings.demo
    values = {"error": error, "phone": phone, "code": code, "sent": sent, "demo": demo}
    return page(request, "sign_in.html", status_code=status_code, **values)


def refused(request: Asked, error: DomainError) -> Response[str]:
    """The form again, with the reason in the reader's language."""
    return sign_in_page(request, status_code=status_of(type(error)), error=error.sentence(language(request)))


def malformed(request: Asked, _error: ValidationException) -> Response[str]:
    """The form again: a field cannot be what it should be."""
    return refused(request, FormMalformed())


class FormMalformed(Malformed):
    """A telephone number or code that cannot be one."""

    code = "form_malformed"
    zh = "手机号或验证码格式有误。"
    en = "The telephone number or the code is not in the right form."


def home_of(request: Asked, actor: Actor) -> str:
    """Where somebody begins: staff at the day, a regulator at the night's cycle."""
    return f"{DAY if actor.is_any(*STAFF) else CYCLES}?lang={language(request)}"


def _entry(request: Asked) -> str:
    return f"{ENTRY}?lang={language(request)}"


def to_sign_in(request: Asked, error: DomainError) -> Response[Any]:
    """A dead token: forget it and start at the entry. The refresh cookie is forgotten only when it was the dead one."""
    dead = [COOKIE, REFRESH_COOKIE] if isinstance(error, signing_in.RefreshRefused) else [COOKIE]
    return Redirect(_entry(request), status_code=303, headers=HEADERS, cookies=cleared(request, *dead))


FORMS = Router(
    "/",
    route_handlers=[sign_in, send_code],
    exception_handlers={DomainError: refused, ValidationException: malformed},
)
ROUTES: list[Any] = [FORMS, sign_out, renew]
