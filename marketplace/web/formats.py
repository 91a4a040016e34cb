"""Which form of an answer a reader wants: `?format=` says it outright, else the Accept header, else the first."""

from typing import Any

from litestar import Request, Response

from marketplace.base.errors import Malformed

MEDIA = {
    "json": "application/json",
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
    "proof": "application/vnd.liuzhu.statement+json",
}
ENDINGS = {"proof": "json"}  # where a form is not its file's ending


class UnknownFormat(Malformed):
    """This is not given out in that form."""

    code = "unknown_format"
    zh = "不支持格式“{format}”，可用格式：{known}。"
    en = "There is no form {format} of this; there are: {known}."


def wanted(request: Request[Any, Any, Any], *offered: str) -> str:
    """One of `offered`. `UnknownFormat` for a `?format=` that is none of them."""
    asked = request.query_params.get("format")
    if asked is not None:
        if asked not in offered:
            raise UnknownFormat(pointer="/format", format=asked, known=", ".join(offered))
        return str(asked)
    best = request.accept.best_match([MEDIA[name] for name in offered])
    return next((name for name in offered if MEDIA[name] == best), offered[0])


def file_answer(content: str | bytes, form: str, *, name: str) -> Response[Any]:
    """A file to be kept under `name` with the ending of its form."""
    charset = "; charset=utf-8" if form == "csv" else ""
    return Response(content, media_type=MEDIA[form] + charset, headers=attachment(name, form))


def attachment(name: str, form: str) -> dict[str, str]:
    """Headers that make a reader keep the answer as a file, and nobody else."""
    ending = ENDINGS.get(form, form)
    return {"Content-Disposition": f'attachment; filename="{name}.{ending}"', "Cache-Control": "no-store"}
