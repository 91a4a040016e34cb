"""What the routes of members' files and standing take and give."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from marketplace.hours.members.student_schemas import StudentWaitsOut
from marketplace.hours.models import LARGEST_GROUP, Incident, Insurance, Training
from marketplace.hours.schemas import MemberOut
from marketplace.web.schemas import In, Instant, Out

TrainingKind = Literal["induction", "first_aid", "dementia_care", "escort_safety"]
IncidentKind = Literal["no_show", "malice"]
IncidentState = Literal["standing", "appealed", "upheld", "struck_out", "lifted"]
Words = Annotated[str, Field(min_length=2, max_length=500, examples=["当天手机没电，已提前告知站点"])]


class GroupIn(In):
    """A group that takes tasks together; its contact is oneself unless an officer names an account."""

    name: Annotated[str, Field(min_length=2, max_length=60, examples=["示例中学志愿队"])]
    district_id: UUID = Field(description="home branch")
    size: Annotated[int, Field(ge=2, le=LARGEST_GROUP, examples=[12], description="how many people it counts")]
    contact_id: UUID | None = Field(default=None, description="a volunteer's account, who checks in for the group")
    gender: Literal["f", "m"] = Field(examples=["f"], description="the contact's")
    mode: Literal["walk", "ebike", "car"] = Field(default="walk", examples=["walk"])


class ConsentIn(In):
    """Does the guardian let the minor be a member?"""

    consents: bool = Field(examples=[True])


class TrainingIn(In):
    """A training that was passed. Without `valid_until` it is valid for good."""

    kind: TrainingKind = Field(examples=["induction"])
    passed_on: date = Field(examples=["2026-02-20"])
    valid_until: date | None = Field(default=None, examples=["2028-02-19"])


class TrainingOut(Out):
    """A training in a member's file."""

    id: UUID
    kind: TrainingKind
    passed_on: date
    valid_until: date | None
    recorded_by: UUID | None

    @classmethod
    def of(cls, training: Training) -> "TrainingOut":
        return cls(**training.model_dump(include=set(cls.model_fields)))


class InsuranceIn(In):
    """An accident insurance, both days inclusive."""

    insurer: Annotated[str, Field(min_length=2, max_length=100, examples=["示例保险公司"])]
    policy_number: Annotated[str, Field(min_length=2, max_length=60, examples=["PA-2026-000123"])]
    valid_from: date = Field(examples=["2026-01-01"])
    valid_until: date = Field(examples=["2026-12-31"])


class InsuranceOut(Out):
    """An insurance in a member's file; the policy's number is shown to who may see the file."""

    id: UUID
    insurer: str
    policy_number: str | None
    valid_from: date
    valid_until: date

    @classmethod
    def of(cls, insurance: Insurance, policy_number: str | None) -> "InsuranceOut":
        return cls(
            **insurance.model_dump(include=set(cls.model_fields) - {"policy_number"}), policy_number=policy_number
        )


class IncidentIn(In):
    """What a member did, with the task or the name of what it comes from: the same cause counts once."""

    kind: IncidentKind = Field(examples=["malice"])
    task_id: UUID | None = None
    cause: Annotated[str, Field(pattern=r"^[\w./-]{2,60}$")] | None = Field(
        default=None, examples=["complaint/2026-17"]
    )
    reason: Words


class SuspensionIn(In):
    """Why a member is suspended, and until when; without an instant until it is lifted."""

    until: Instant | None = Field(default=None, examples=["2026-04-01T09:00:00+08:00"])
    reason: Words


class LiftIn(In):
    """Why a suspension ends before its time."""

    reason: Words


class IncidentOut(Out):
    """An incident, or an officer's suspension. It counts unless it is struck out or lifted."""

    id: UUID
    member_id: UUID
    kind: Literal[IncidentKind, "suspension"]
    cause: str = Field(examples=["task:0195a3f0-0000-7000-8000-000000000001"])
    task_id: UUID | None
    reason: str
    recorded_by: UUID | None = Field(description="null: the site, by rule")
    recorded_at: datetime
    appeal_until: datetime
    state: IncidentState
    appeal: str | None
    decision: str | None
    decided_by: UUID | None
    suspends_until: datetime | None = Field(description="null: without an end, or no suspension")
    lifted_by: UUID | None
    lift_reason: str | None

    @classmethod
    def of(cls, incident: Incident) -> "IncidentOut":
        return cls(**incident.model_dump(include=set(cls.model_fields)))


class IncidentPage(Out):
    """Appeals in the order of their ids; `next_after` is the cursor of the page that follows, if any."""

    items: list[IncidentOut]
    next_after: UUID | None


class AppealIn(In):
    """Why it should not count."""

    words: Words


class AppealDecisionIn(In):
    """An officer's decision on an appeal, and why."""

    strike_out: bool = Field(examples=[True])
    reason: Words


class LeaveIn(In):
    """Leave the time bank. What the account still holds can be given to the branch's pool in the same step."""

    balance_to: Literal["pool"] | None = Field(default=None, examples=["pool"])
    reason: Annotated[str, Field(min_length=2, max_length=200, examples=["搬家"])]


class LeaveOut(MemberOut):
    """Who left, or is a member until a second person agrees to where so many minutes go."""

    waits_for: UUID | None = Field(description="the order that waits for a second person; null: she has left")


class MemberPage(Out):
    """Members in the order of their ids; `next_after` is the cursor of the page that follows, if any."""

    items: list[MemberOut]
    next_after: UUID | None


class MemberFileOut(Out):
    """All that stands in a member's file. A look by anybody else leaves an audit row."""

    member: MemberOut
    birth_on: date | None
    school: str | None
    student_number: str | None
    student_waits: StudentWaitsOut | None = Field(description="what of her being a student nobody has proved yet")
    earned_minutes: int = Field(description="served in all, reversals taken off", examples=[6030])
    stars: int = Field(examples=[1])
    no_shows: int = Field(description="that stand", examples=[0])
    malice: int = Field(description="malicious acts that stand", examples=[0])
    trainings: list[TrainingOut]
    insurance: InsuranceOut | None
    incidents: list[IncidentOut]
