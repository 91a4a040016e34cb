"""What the routes of students' schools and their proofs take and give."""

from datetime import datetime
from typing import Annotated, Literal, get_args
from uuid import UUID

from pydantic import Field

from marketplace.base.errors import Language
from marketplace.hours.members.waiting_students import Waiting, What
from marketplace.hours.models import StudentChange
from marketplace.web.schemas import In, Out

StudentProof = Literal["student_card", "enrolment_letter", "transfer_letter", "school_register"]
PROOFS_OF_STUDENTS: tuple[StudentProof, ...] = get_args(StudentProof)
Words = Annotated[str, Field(min_length=2, max_length=500, examples=["学生证已过期"])]
WAITS = {  # her own words for what waits, in Chinese and English
    "first": (
        "学生身份待核实：请由本区另一位工作人员查验学生证等证明之一；核实之前照常服务、积累时间。",
        "You are a student here once another officer of the branch has seen one of the papers; you earn meanwhile.",
    ),
    "changed": (
        "新的学校或学号待核实：请由本区另一位工作人员查验证明之一；核实之前仍按原学校和学号。",
        "Another officer of the branch has yet to see one of the papers; the school and number of before stand.",
    ),
    "standing": (
        "学校和学号登记较早，尚未核实：请由本区工作人员查验证明之一；核实之前仍然有效。",
        "An officer of the branch has yet to see one of the papers; your school and number stand meanwhile.",
    ),
}
WHAT = (
    "first: told on joining, she is no student until it is proved · changed: another school or number, the old ones"
    " stand · standing: told before proofs were asked for, it stands meanwhile"
)


class StudentProofIn(In):
    """Which paper the officer saw."""

    proof: StudentProof = Field(examples=["student_card"])


class StudentRejectIn(In):
    """Why it is not confirmed."""

    reason: Words


class StudentChangeOut(Out):
    """Another school or number. Until it is confirmed the membership, and every certificate, has the old ones.

    `before` is what they were until it was confirmed, or what the membership lost when it was rejected itself. Numbers
    are null once the member was forgotten.
    """

    id: UUID
    member_id: UUID
    school: str = Field(examples=["示例大学"])
    number: str | None = Field(examples=["2026-0815"])
    state: Literal["pending", "confirmed", "rejected", "withdrawn"]
    asked_by: UUID | None
    asked_at: datetime
    proof: StudentProof | None
    decided_by: UUID | None
    decided_at: datetime | None
    decision: str | None = Field(description="why it was rejected")
    before_school: str | None
    before_number: str | None

    @classmethod
    def of(cls, change: StudentChange, number: str | None, before_number: str | None) -> "StudentChangeOut":
        shared = set(cls.model_fields) - {"number", "before_number"}
        return cls(**change.model_dump(include=shared), number=number, before_number=before_number)


class StudentChangesOut(Out):
    """All that was ever told of a student, the newest first."""

    items: list[StudentChangeOut]


class StudentWaitsOut(Out):
    """What was told of her as a student and waits for a proof: since when, and what is missing."""

    what: What = Field(description=WHAT, examples=["first"])
    school: str = Field(description="as it was told", examples=["示例大学"])
    since: datetime = Field(description="when it was told")
    change_id: UUID | None = Field(description="the change that waits; null: what her membership has")
    missing: Literal["proof_seen_by_officer"] = Field(
        description="an officer of her branch, neither herself nor who told it, has yet to see one of `proofs`"
    )
    proofs: list[StudentProof] = Field(description="any one of them is enough", examples=[["student_card"]])
    words: str = Field(description="in the language of the request", examples=[WAITS["first"][0]])

    @classmethod
    def of(cls, waiting: Waiting, language: Language) -> "StudentWaitsOut":
        return cls(
            what=waiting.what,
            school=waiting.school,
            since=waiting.since,
            change_id=waiting.change.id if waiting.change else None,
            missing="proof_seen_by_officer",
            proofs=list(PROOFS_OF_STUDENTS),
            words=WAITS[waiting.what][language == "en"],
        )


class WaitingStudentOut(Out):
    """A member who waits for a proof. It is proved by `confirmStudentChange`, or without a change by `proveStudent`.

    Numbers stand in the member's own list, and file.
    """

    member_id: UUID
    district_id: UUID = Field(description="her home branch")
    what: What = Field(description=WHAT, examples=["first"])
    school: str = Field(description="as it was told", examples=["示例大学"])
    since: datetime = Field(description="when it was told")
    change_id: UUID | None = Field(description="the change that waits; null: what her membership has")
    told_by: UUID | None = Field(description="the account that told the change, and does not confirm it")

    @classmethod
    def of(cls, waiting: Waiting) -> "WaitingStudentOut":
        return cls(
            member_id=waiting.member.id,
            district_id=waiting.member.district_id,
            what=waiting.what,
            school=waiting.school,
            since=waiting.since,
            change_id=waiting.change.id if waiting.change else None,
            told_by=waiting.told_by,
        )


class WaitingStudentPage(Out):
    """Who waits, the oldest first; `next_after` is the cursor of the page that follows, if any."""

    items: list[WaitingStudentOut]
    next_after: UUID | None
