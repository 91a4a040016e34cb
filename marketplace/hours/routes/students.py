"""A student's school and number: told, proved with what was shown, or not; and who waits for it."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base import audit
from marketplace.base.actor import Role
from marketplace.base.crypto import Vault
from marketplace.hours.members import student_changes as changes
from marketplace.hours.members.proxies import acts_for, member_for
from marketplace.hours.members.student_schemas import (
    StudentChangeOut,
    StudentChangesOut,
    StudentProofIn,
    StudentRejectIn,
    WaitingStudentOut,
    WaitingStudentPage,
)
from marketplace.hours.members.students_of_before import prove_standing, reject_standing
from marketplace.hours.members.waiting_students import waiting_students
from marketplace.hours.models import Member, StudentChange
from marketplace.hours.schemas import StudentIn
from marketplace.web.authentication import requires, signed_in
from marketplace.web.dependencies import Act, Acting, Doing, Home, Tx

TAGS = ["hours"]
change = partial(post, tags=TAGS, status_code=200)


@post("/v1/members/{member_id:uuid}/student-changes", tags=TAGS, guards=[signed_in], operation_id="askStudentChange")
async def ask(member_id: FromPath[UUID], data: JSONBody[StudentIn], act: Doing) -> StudentChangeOut:
    """Tell another school or number: the student, her guardian, or an officer of her branch for her.

    It takes the place of one that is pending. Certificates print the old ones until an officer confirms it."""
    return await _done(
        act,
        lambda: changes.ask_change(
            act.tx,
            act.platform.vault,
            member_id,
            school=data.school,
            number=data.number,
            actor=act.actor,
            now=act.now,
        ),
    )


@get("/v1/members/{member_id:uuid}/student-changes", tags=TAGS, guards=[signed_in], operation_id="studentChanges")
async def list_changes(member_id: FromPath[UUID], tx: Tx, actor: Acting, platform: Home) -> StudentChangesOut:
    """What was told and proved of a student, and when, for whom her file is for. A look by others is noted."""
    member = await member_for(tx, member_id, actor=actor)
    if not await acts_for(tx, actor, member):
        audit.note(tx, "member.read", actor=actor, entity="member", entity_id=member.id)
    found = await changes.changes_of(tx, member.id)
    return StudentChangesOut(items=[await _shown(tx, platform.vault, member, one) for one in found])


@change(
    "/v1/members/{member_id:uuid}/student-changes/{change_id:uuid}/confirm",
    guards=[requires(Role.OFFICER)],
    operation_id="confirmStudentChange",
)
async def confirm(
    member_id: FromPath[UUID], change_id: FromPath[UUID], data: JSONBody[StudentProofIn], act: Doing
) -> StudentChangeOut:
    """An officer of the branch saw a paper of it: school and number are these from now on."""
    return await _done(
        act,
        lambda: changes.confirm_change(act.tx, member_id, change_id, proof=data.proof, actor=act.actor, now=act.now),
    )


@change(
    "/v1/members/{member_id:uuid}/student-changes/{change_id:uuid}/reject",
    guards=[requires(Role.OFFICER)],
    operation_id="rejectStudentChange",
)
async def reject(
    member_id: FromPath[UUID], change_id: FromPath[UUID], data: JSONBody[StudentRejectIn], act: Doing
) -> StudentChangeOut:
    """An officer of the branch does not confirm it."""
    return await _done(
        act,
        lambda: changes.reject_change(act.tx, member_id, change_id, reason=data.reason, actor=act.actor, now=act.now),
    )


@change(
    "/v1/members/{member_id:uuid}/student-changes/{change_id:uuid}/withdraw",
    guards=[signed_in],
    operation_id="withdrawStudentChange",
)
async def withdraw(member_id: FromPath[UUID], change_id: FromPath[UUID], act: Doing) -> StudentChangeOut:
    """Whoever may ask for it takes it back."""
    return await _done(act, lambda: changes.withdraw_change(act.tx, member_id, change_id, actor=act.actor, now=act.now))


@post(
    "/v1/members/{member_id:uuid}/student-proof",
    tags=TAGS,
    status_code=200,
    guards=[requires(Role.OFFICER)],
    operation_id="proveStudent",
)
async def prove(member_id: FromPath[UUID], data: JSONBody[StudentProofIn], act: Doing) -> StudentChangeOut:
    """An officer of the branch saw a paper of what a student's membership has since before proofs were asked for."""
    return await _done(act, lambda: prove_standing(act.tx, member_id, proof=data.proof, actor=act.actor, now=act.now))


@post(
    "/v1/members/{member_id:uuid}/student-rejection",
    tags=TAGS,
    status_code=200,
    guards=[requires(Role.OFFICER)],
    operation_id="rejectStudent",
)
async def reject_student(member_id: FromPath[UUID], data: JSONBody[StudentRejectIn], act: Doing) -> StudentChangeOut:
    """There is no paper of what a student's membership has since before proofs were asked for: she is one no longer.

    She stays a member with her hours, and may tell a school again."""
    return await _done(
        act, lambda: reject_standing(act.tx, member_id, reason=data.reason, actor=act.actor, now=act.now)
    )


@get("/v1/waiting-students", tags=TAGS, guards=[requires(Role.OFFICER)], operation_id="waitingStudents")
async def list_waiting(
    tx: Tx,
    actor: Acting,
    district_id: FromQuery[UUID | None] = None,
    after: FromQuery[UUID | None] = None,
    limit: FromQuery[Annotated[int, QueryParameter(ge=1, le=200)]] = 50,
) -> WaitingStudentPage:
    """Members of the branches within one's reach, or of one of them, whose school waits for a proof."""
    found = await waiting_students(tx, actor=actor, district_id=district_id, after=after, limit=limit + 1)
    items = [WaitingStudentOut.of(one) for one in found[:limit]]
    return WaitingStudentPage(items=items, next_after=found[limit - 1].cursor if len(found) > limit else None)


async def _done(act: Act, doing: Callable[[], Awaitable[StudentChange]]) -> StudentChangeOut:
    async def work() -> StudentChangeOut:
        found = await doing()
        member = await act.tx.get_one(Member, found.member_id)
        return await _shown(act.tx, act.platform.vault, member, found)

    return await act.once(StudentChangeOut, work)


async def _shown(tx: AsyncSession, vault: Vault, member: Member, one: StudentChange) -> StudentChangeOut:
    number = await changes.number_in(tx, vault, member, one.student_number_sealed)
    before = await changes.number_in(tx, vault, member, one.before_number_sealed)
    return StudentChangeOut.of(one, number, before)


HANDLERS: list[Any] = [ask, list_changes, confirm, reject, withdraw, prove, reject_student, list_waiting]
