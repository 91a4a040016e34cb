"""How pages leave the program: templates with every value escaped, and headers that let nothing foreign in.

The policy allows our own files only: no inline script, no inline style, no other host, no frame around us.
"""

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from litestar import Request, Response
from litestar.datastructures import Cookie

from marketplace.base.clock import local_day
from marketplace.base.errors import Language
from marketplace.console.day.lines import clock
from marketplace.console.day.listing import window
from marketplace.console.words import coded, speaker
from marketplace.web.problem import language_of

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",  # pages hold names
}
LANGUAGES: dict[str, Language] = {"zh": "zh", "en": "en"}

TEMPLATES = Environment(
    loader=PackageLoader("marketplace.console"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
# what an officer may say about a matter: route, body, and the words on the button
DECISIONS = {
    "welfare": (("found", {"outcome": "well"}, "found_well"), ("found", {"outcome": "hospital"}, "found_hospital")),
    "customer_absent": (("judge", {"absent": True}, "judge_absent"), ("judge", {"absent": False}, "judge_not")),
}
TEMPLATES.filters["local_day"] = local_day
TEMPLATES.globals.update(clock=clock, day=local_day, window=window, DECISIONS=DECISIONS)


def language(request: Request[Any, Any, Any]) -> Language:
    """The page's language: `?lang=` if it is one of ours, else what the browser asks for, else Chinese."""
    return LANGUAGES.get(request.query_params.get("lang", ""), language_of(request))


def render(template: str, language: Language, **values: Any) -> str:
    """A template's text; in it `say` speaks the language and `coded` words a code."""
    say = speaker(language)

    def words(kind: str, code: str) -> str:
        return coded(say, kind, code)

    return TEMPLATES.get_template(template).render(say=say, coded=words, lang=language, **values)


def page(
    request: Request[Any, Any, Any],
    template: str,
    *,
    status_code: int = 200,
    cookies: list[Cookie] | None = None,
    **values: Any,
) -> Response[str]:
    """A page in the reader's language."""
    return Response(
        render(template, language(request), **values),
        status_code=status_code,
        media_type="text/html",
        headers=HEADERS,
        cookies=cookies,
    )
