"""Students of a branch who wait for a proof, the oldest first, each with what was told and the act of proving it."""

from typing import Any
from uuid import UUID

from litestar import Response, get
from litestar.params import FromQuery

from marketplace.base import audit
from marketplace.base.actor import Role
from marketplace.console.bank.branch_page import open_branch
from marketplace.console.bank.frame import Asked
from marketplace.console.bank.naming import names_for
from marketplace.hours.members.student_changes import number_in
from marketplace.hours.members.student_schemas import PROOFS_OF_STUDENTS
from marketplace.hours.members.waiting_students import waiting_students
from marketplace.web.dependencies import Home, Now, Tx

PER_PAGE = 50


@get("/console/students", include_in_schema=False)
async def show_students(
    request: Asked,
    tx: Tx,
    now: Now,
    platform: Home,
    district: FromQuery[str | None] = None,
    after: FromQuery[UUID | None] = None,
) -> Response[str]:
    """Who waits, with the number that a card is compared with: the look at each is noted, as at her file."""
    page = await open_branch(request, tx, platform, "members", district, now=now)
    actor = page.actor
    found = await waiting_students(tx, actor=actor, district_id=page.here.id, after=after, limit=PER_PAGE + 1)
    shown = found[:PER_PAGE]
    for one in shown:
        audit.note(tx, "member.read", actor=actor, entity="member", entity_id=one.member.id)
    tellers = {one.told_by for one in shown if one.told_by is not None}
    return page.framed(
        "students.html",
        waiting=[(one, await number_in(tx, platform.vault, one.member, one.number_sealed)) for one in shown],
        names=await names_for(tx, {one.member.id for one in shown}, tellers, page.reader),
        proofs=PROOFS_OF_STUDENTS,
        confirms=actor.is_any(Role.OFFICER),
        me=actor.account_id,
        next_after=shown[-1].cursor if len(found) > PER_PAGE else None,
    )


HANDLERS: list[Any] = [show_students]
