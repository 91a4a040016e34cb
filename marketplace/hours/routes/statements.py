"""A member's statement: page by page as JSON, whole as CSV, spreadsheet, PDF, or as a document that proves itself."""

from collections.abc import AsyncIterator
from dataclasses import asdict
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, get
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.response import Stream
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base.crypto import Vault
from marketplace.base.database import transaction
from marketplace.base.errors import Language
from marketplace.base.platform import Platform
from marketplace.hours.members import papers, statements
from marketplace.hours.members.proxies import seen_member
from marketplace.hours.members.statements import Cursor, Period
from marketplace.hours.models import Member
from marketplace.hours.schemas import StatementOut
from marketplace.web.authentication import requires
from marketplace.web.dependencies import Acting, Home, Now, Tx
from marketplace.web.formats import MEDIA, attachment, file_answer, wanted
from marketplace.web.problem import language_of


@get("/v1/members/{member_id:uuid}/statement", tags=["hours"], guards=[requires()], operation_id="memberStatement")
async def statement(
    request: Request[Any, Any, Any],
    member_id: FromPath[UUID],
    tx: Tx,
    actor: Acting,
    now: Now,
    platform: Home,
    since: FromQuery[Annotated[date | None, QueryParameter(name="from")]] = None,
    until: FromQuery[Annotated[date | None, QueryParameter(name="to")]] = None,
    after: FromQuery[Annotated[str | None, QueryParameter(pattern=r"^[0-9]{1,18}-[0-9]{1,6}$")]] = None,
    limit: FromQuery[Annotated[int, QueryParameter(ge=1, le=1000)]] = 1000,
) -> Response[Any]:
    """What occurred from one day to another, both inclusive, by pages of `limit` entries.

    With `Accept` or `?format=` whole and as a file: `csv`, `xlsx`, `pdf`, or `proof`, JSON that
    `python -m timebank.verify_statement` checks against a published root.
    """
    member = await seen_member(tx, member_id, actor=actor, now=now)
    period, language = statements.period_of(since, until, now=now), language_of(request)
    form = wanted(request, "json", "csv", "xlsx", "pdf", "proof")
    if form == "json":
        found = await statements.statement_of(
            tx, platform.vault, member, period, actor=actor, language=language, after=_cursor(after), limit=limit
        )
        return Response(StatementOut.model_validate(asdict(found)))
    statements.note_reading(tx, member, actor)
    name = f"hours-{period.since}-{period.until}"
    if form == "csv":
        lines = _csv(platform, member, period, language)
        return Stream(lines, media_type=f"{MEDIA['csv']}; charset=utf-8", headers=attachment(name, "csv"))
    return file_answer(await _file(tx, platform.vault, member, period, language, form), form, name=name)


def _cursor(after: str | None) -> Cursor | None:
    if after is None:
        return None
    entry, _, leg = after.partition("-")
    return int(entry), int(leg)


async def _csv(platform: Platform, member: Member, period: Period, language: Language) -> AsyncIterator[str]:
    """In a transaction of its own: the request's has ended before the answer begins."""
    async with transaction(platform.db) as tx:
        async for text in papers.csv_stream(tx, platform.vault, member, period, language):
            yield text


async def _file(
    tx: AsyncSession, vault: Vault, member: Member, period: Period, language: Language, form: str
) -> str | bytes:
    if form == "proof":
        return await papers.proof(tx, member, period)
    make = papers.spreadsheet if form == "xlsx" else papers.document
    return await make(tx, vault, member, period, language)


HANDLERS: list[Any] = [statement]
