"""Importing a bank: a dry run that lists every problem by row, then the commit of exactly what it reported."""

import base64
import binascii
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath, JSONBody
from sqlalchemy import select
from sqlmodel import col

from marketplace.base.actor import Role
from marketplace.base.errors import Unknown
from marketplace.hours.importing.columns import SHAPES
from marketplace.hours.importing.committing import start
from marketplace.hours.importing.errors import NotBase64
from marketplace.hours.importing.models import BankImport
from marketplace.hours.importing.report import Files, Report, judge
from marketplace.hours.importing.schemas import (
    MOST_SHOWN,
    BankCommitIn,
    BankImportOut,
    BankIn,
    BankReportOut,
    BankUndoIn,
    BankUndoReportOut,
    ObstacleOut,
    ProblemOut,
)
from marketplace.hours.importing.undoing.starting import prospect, start_undo
from marketplace.hours.importing.undoing.steps import ends_as, is_called_off
from marketplace.web.authentication import requires
from marketplace.web.dependencies import Acting, Home, Now, OnceGiven, Tx

TAGS = ["imports"]
LARGEST_BODY = 100_000_000
MOST_LISTED = 100
OPERATORS = [requires(Role.OPERATOR)]


@post(
    "/v1/imports/dry-run",
    tags=TAGS,
    guards=OPERATORS,
    operation_id="dryRunImport",
    status_code=200,
    request_max_body_size=LARGEST_BODY,
)
async def dry_run_import(data: JSONBody[BankIn], tx: Tx, now: Now, platform: Home) -> Response[BankReportOut]:
    """Read and judge the files of a bank. Nothing is written; every problem is named by file, line and column."""
    judged = await judge(tx, platform.vault, files_of(data), policy=platform.policy, now=now)
    return Response(_report(judged.report))


@post(
    "/v1/imports",
    tags=TAGS,
    guards=OPERATORS,
    operation_id="commitImport",
    status_code=202,
    request_max_body_size=LARGEST_BODY,
)
async def commit_import(
    data: JSONBody[BankCommitIn], tx: Tx, actor: Acting, now: Now, platform: Home, once: OnceGiven
) -> Response[BankImportOut]:
    """Have the bank brought in by a job; `address` and the Location header say where to see how far it is.

    The same files once more change nothing; those of an import that was stopped let it go on."""

    async def work() -> BankImportOut:
        made = await start(
            tx, platform.vault, files_of(data), policy=platform.policy, actor=actor, now=now, token=data.token
        )
        return _import(made)

    found = await once(tx, BankImportOut, work)
    return Response(found, headers={"Location": found.address})


@get("/v1/imports/{import_id:uuid}", tags=TAGS, guards=OPERATORS, operation_id="showImport")
async def show_import(import_id: FromPath[UUID], tx: Tx) -> BankImportOut:
    """How far an import is."""
    made = await tx.get(BankImport, import_id)
    if made is None:
        raise Unknown(what="import")
    return _import(made)


@get("/v1/imports", tags=TAGS, guards=OPERATORS, operation_id="listImports")
async def list_imports(tx: Tx) -> list[BankImportOut]:
    """The banks that came in, or are on their way, the newest first."""
    query = select(BankImport).order_by(col(BankImport.id).desc()).limit(MOST_LISTED)
    return [_import(made) for made in await tx.scalars(query)]


@get("/v1/imports/{import_id:uuid}/undo", tags=TAGS, guards=OPERATORS, operation_id="dryRunUndoImport")
async def dry_run_undo(import_id: FromPath[UUID], tx: Tx) -> BankUndoReportOut:
    """What taking the import back would do, and who of it has done something since. Nothing is written."""
    found = await prospect(tx, import_id)
    shown = [
        ObstacleOut(
            member=one.member,
            code=one.code,
            table=one.table,
            count=one.count,
            zh=one.sentence("zh"),
            en=one.sentence("en"),
        )
        for one in found.obstacles[:MOST_SHOWN]
    ]
    return BankUndoReportOut.model_validate(
        {
            "id": found.made.id,
            "state": found.made.state,
            "entries": found.left.entries,
            "members": found.left.members,
            "steps": 0 if found.made.state == "undone" else found.left.steps,
            "called_off": is_called_off(found.made),
            "ends_as": ends_as(found.made),
            "obstacles_total": len(found.obstacles),
            "obstacles": shown,
        }
    )


@post("/v1/imports/{import_id:uuid}/undo", tags=TAGS, guards=OPERATORS, operation_id="undoImport", status_code=202)
async def undo_import(
    import_id: FromPath[UUID], data: JSONBody[BankUndoIn], tx: Tx, actor: Acting, now: Now, once: OnceGiven
) -> Response[BankImportOut]:
    """Have an import taken back by a job: one that stopped, or a finished one of which nobody has done anything.

    `ends_as` says as what it will stand. While one that was called off lets people in again it is refused
    (`import_undo_ending`): nothing would be taken back.
    Every entry is reversed, accounts close at zero, its people are taken out; then its files may come in again."""

    async def work() -> BankImportOut:
        return _import(await start_undo(tx, import_id, reason=data.reason, actor=actor, now=now))

    found = await once(tx, BankImportOut, work)
    return Response(found, headers={"Location": found.address})


def _import(made: BankImport) -> BankImportOut:
    shared = set(BankImportOut.model_fields) - {"address", "ends_as"}
    address = f"/v1/imports/{made.id}"
    return BankImportOut(**made.model_dump(include=shared), address=address, ends_as=ends_as(made))


def files_of(data: BankIn) -> Files:
    """The files' bytes. `NotBase64`."""
    content: dict[str, bytes] = {}
    for shape in SHAPES:
        field = shape.name.removesuffix(".csv")
        given = getattr(data, field)
        if given is None:
            continue
        try:
            content[shape.name] = base64.b64decode(given, validate=True)
        except (binascii.Error, ValueError):
            raise NotBase64(pointer=f"/{field}", name=shape.name) from None
    return Files(content, data.encoding)


def _report(report: Report) -> BankReportOut:
    shown = [
        ProblemOut(
            file=one.file,
            line=one.line,
            column=one.column,
            code=one.code,
            zh=one.sentence("zh"),
            en=one.sentence("en"),
        )
        for one in report.problems[:MOST_SHOWN]
    ]
    return BankReportOut(
        files_sha256=report.files_sha256,
        token=None if report.problems else report.token,
        done=report.done,
        rows=dict(report.rows),
        members=dict(report.members),
        entries=report.entries,
        minutes=report.minutes,
        problems_total=len(report.problems),
        problems=shown,
    )


HANDLERS: list[Any] = [dry_run_import, commit_import, show_import, list_imports, dry_run_undo, undo_import]
