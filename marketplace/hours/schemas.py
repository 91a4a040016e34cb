"""What the time bank's routes take and give. All hours are minutes."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, model_validator

from marketplace.base.timebank_rules import Kind
from marketplace.hours.ledger.schemas import RootOut
from marketplace.hours.members.student_schemas import StudentWaitsOut
from marketplace.hours.models import LARGEST_GROUP, Member
from marketplace.hours.tasks.disputing import Verdict
from marketplace.hours.tasks.publishing import Channel, Consent, Taking
from marketplace.hours.tasks.sources import PaidBy
from marketplace.web.schemas import In, Instant, LonLat, Out, Text

TaskKind = Kind
TaskState = Literal[
    "submitted",
    "returned",
    "published",
    "reserved",
    "grabbed",
    "disputed",
    "credited",
    "voided",
    "missed",
    "expired",
    "cancelled",
]
MemberKind = Literal["individual", "minor", "student", "group", "elder", "provider"]
MemberState = Literal["pending", "active", "suspended", "ended", "left"]
Skill = Annotated[str, Field(pattern=r"^[a-z_]{1,40}$")]


class StudentIn(In):
    """A student of a school, by her number in it."""

    school: Annotated[str, Field(min_length=2, max_length=100, examples=["示例大学"])]
    number: Annotated[str, Field(min_length=1, max_length=40, examples=["2026-0815"])]


class MemberIn(In):
    """Join the time bank: nothing named is oneself; an officer names an account or an elder.

    Joining again adds what was not told before.
    """

    account_id: UUID | None = None
    elder_id: UUID | None = None
    district_id: UUID | None = Field(default=None, description="home branch; an elder's is her district")
    gender: Literal["f", "m"] | None = Field(default=None, examples=["f"], description="needed of volunteers")
    mode: Literal["walk", "ebike", "car"] = Field(default="walk", examples=["walk"])
    skills: Annotated[tuple[Skill, ...], Field(max_length=20)] = Field(default=(), examples=[["escort"]])
    birth_on: date | None = Field(default=None, examples=["1962-05-01"], description="before a volunteer's first task")
    guardian_id: UUID | None = Field(default=None, description="a minor's: an adult member, who then consents")
    student: StudentIn | None = Field(default=None, description="she is one once an officer has seen a paper of it")


class MemberOut(Out):
    """A member. `performer_id` is set for who may take tasks.

    pending: a minor whose guardian has not consented · ended: by sanction, the account still open · left: it is closed.
    """

    id: UUID
    kind: MemberKind
    account_id: UUID | None
    elder_id: UUID | None
    provider_id: UUID | None
    district_id: UUID
    performer_id: UUID | None
    state: MemberState
    joined_at: datetime
    guardian_id: UUID | None = Field(description="the member who answers for a minor")
    name: str | None = Field(description="of a group", examples=["示例中学志愿队"])
    contact_id: UUID | None = Field(description="the account that acts for a group")
    size: int | None = Field(description="how many people a group counts", examples=[12])
    may_redeem: bool = Field(description="a group's hours can only be given away", examples=[True])
    suspended_until: datetime | None
    excess_to: Literal["branch", "city"] | None = Field(
        description="where what passes the caps goes; null: where the rule set says first"
    )

    @classmethod
    def of(cls, member: Member) -> "MemberOut":
        return cls(**member.model_dump(include=set(cls.model_fields)), may_redeem=member.may_redeem)


class JoinedOut(MemberOut):
    """Who joined. A student is one once that is proved: `student_waits` says since when it waits, and for what."""

    student_waits: StudentWaitsOut | None = Field(description="null: nothing of her waits for a proof")

    @classmethod
    def joined(cls, member: Member, waits: StudentWaitsOut | None) -> "JoinedOut":
        return cls(**MemberOut.of(member).model_dump(), student_waits=waits)


class EntryOut(Out):
    """One line of an account, gained above zero, given below."""

    occurred_at: datetime
    recorded_at: datetime
    minutes: int = Field(examples=[60])
    balance_after_minutes: int = Field(examples=[120])
    kind: str = Field(examples=["task"])
    reference: str
    words: str = Field(examples=["志愿服务（陪伴）获得 60 分钟"])


class HoursOut(Out):
    """One's account now. `held` is set aside for what was asked for and not yet served."""

    member_id: UUID
    district_id: UUID
    balance_minutes: int = Field(examples=[180])
    held_minutes: int = Field(examples=[60])
    available_minutes: int = Field(examples=[120])
    owed_minutes: int = Field(examples=[0])
    student_waits: StudentWaitsOut | None = Field(description="what of her being a student nobody has proved yet")
    entries: list[EntryOut]


class StatementOut(Out):
    """`opening + Σ minutes = closing` over all pages; both days inclusive.

    `next_after` is the cursor of the page that follows, if any; `root` the newest published root of these days.
    """

    member_id: UUID
    since: date
    until: date
    opening_minutes: int
    closing_minutes: int
    entries: list[EntryOut]
    next_after: str | None
    root: RootOut | None


class TaskIn(In):
    """Ask volunteers for help. The window is when it may begin; `paid_by: auto` lets the time bank find the hours.

    A request by telephone names the caller and what proves the consent, and is reviewed by another officer first.
    """

    elder_id: UUID
    kind: TaskKind = Field(examples=["companionship"])
    window_start: Instant = Field(examples=["2026-03-03T10:00:00+08:00"])
    window_end: Instant = Field(examples=["2026-03-03T11:00:00+08:00"])
    minutes: Annotated[int, Field(gt=0, le=1440, examples=[60])]
    paid_by: PaidBy = "auto"
    notes: Text | None = Field(default=None, description="for the volunteer who takes it, and nobody before")
    gender: Literal["f", "m"] | None = Field(default=None, description="of the volunteer, if the elder asks for it")
    places: Annotated[int, Field(ge=0, le=20, examples=[2])] = Field(
        default=1, description="so many volunteers, each with minutes of her own"
    )
    group_people: Annotated[int, Field(ge=2, le=LARGEST_GROUP, examples=[10])] | None = Field(
        default=None, description="one more place, for a group with so many people"
    )
    taking: Taking | None = Field(default=None, description="grabbed, or dispatched; the city's usual if not given")
    channel: Channel | None = Field(default=None, examples=["phone"], description="staff only, but for `app`")
    caller: Annotated[str, Field(min_length=1, max_length=60, examples=["王女士（女儿）"])] | None = None
    consent: Consent | None = Field(default=None, examples=["recording"])
    consent_reference: Annotated[str, Field(min_length=1, max_length=100, examples=["call-2026-03-02-0815"])] | None = (
        None
    )

    @model_validator(mode="after")
    def _with_a_place(self) -> "TaskIn":
        if self.places == 0 and self.group_people is None:
            raise ValueError("a task has a place for somebody")
        return self


class GrabIn(In):
    """For whom a task is taken: oneself, or a minor one answers for, or a group whose contact one is."""

    member_id: UUID | None = None


class CancelTaskIn(In):
    """Why."""

    reason: Annotated[str, Field(min_length=2, max_length=200, examples=["女儿回来了"])]
    whole: bool = Field(default=False, description="with all places of the request that have not begun")


class WhyIn(In):
    """Why, in the actor's words."""

    reason: Annotated[str, Field(min_length=2, max_length=500, examples=["临时有事，无法前往"])]


class AvailableIn(In):
    """When a volunteer could come, on one day, and where she sets out and returns to."""

    starts_at: Instant = Field(examples=["2026-03-03T09:00:00+08:00"])
    ends_at: Instant = Field(examples=["2026-03-03T12:00:00+08:00"])
    place: LonLat
    member_id: UUID | None = Field(default=None, description="a minor one answers for, or a group; else oneself")


class AvailableOut(Out):
    """A time that a volunteer offers."""

    shift_id: UUID
    starts_at: datetime
    ends_at: datetime
    state: Literal["open", "withdrawn"]


class VerdictIn(In):
    """What an officer decides about a disputed task: `minutes` are given for a part."""

    verdict: Verdict = Field(examples=["part"])
    minutes: Annotated[int, Field(gt=0, examples=[30])] | None = None
    reason: Annotated[str, Field(min_length=2, max_length=500, examples=["服务半小时后离开，邻居可证"])]


class OpenTaskOut(Out):
    """A task to be taken. Where and for whom exactly is told to the volunteer who takes it."""

    id: UUID
    kind: TaskKind
    district_id: UUID
    community_id: UUID
    community_zh: str
    community_en: str
    distance_metres: int | None = Field(description="to the community's middle", examples=[850])
    window_start: datetime
    window_end: datetime
    minutes: int
    worth_minutes: int = Field(description="what it counts when it is done", examples=[60])
    people: int = Field(description="more than one: a group's place", examples=[1])
    group_task: bool
    gender: Literal["f", "m"] | None


class OpenTaskPage(Out):
    """Open tasks in the order of publishing; `next_after` is the cursor of the page that follows, if any."""

    items: list[OpenTaskOut]
    next_after: UUID | None


class TaskOut(Out):
    """A task. Whose hours pay for it, and why, is told to those who ask for the elder, not to the volunteer."""

    id: UUID
    request_id: UUID = Field(description="the same for all places of a request")
    series_id: UUID | None
    place: int = Field(examples=[1])
    place_ids: list[UUID] = Field(description="the tasks that are the request's places, in order")
    people: int = Field(examples=[1])
    group_task: bool
    elder_id: UUID
    district_id: UUID
    kind: TaskKind
    window_start: datetime
    window_end: datetime
    minutes: int
    worth_minutes: int = Field(description="what is held, and counts when it is done", examples=[60])
    gender: Literal["f", "m"] | None
    taking: Taking
    channel: Channel
    caller: str | None = Field(description="who telephoned, told to those who ask for the elder")
    consent: Consent | None
    consent_reference: str | None
    member_id: UUID | None
    notes: str | None
    state: TaskState
    version: int
    visit_id: UUID | None
    assignment_id: UUID | None = Field(description="for check-in and check-out by the volunteer")
    source_kind: Literal["own", "relative", "pool", "programme"] | None
    source_reason: str | None = Field(examples=["own has 90 of 60: the beneficiary's own"])
    verified_minutes: int | None
    credited_minutes: int | None
    excess_minutes: int | None = Field(description="above the volunteer's caps; went to the pool of her choice")
    confirmed_by: Literal["elder", "family", "site", "officer"] | None
    return_reason: str | None
    dispute_reason: str | None
    verdict: Verdict | None
    verdict_reason: str | None
    warnings: list[Literal["insurance_lapsed"]] = Field(description="for the volunteer; nothing keeps her from coming")


class TaskPage(Out):
    """Tasks in the order of their ids; `next_after` is the cursor of the page that follows, if any."""

    items: list[TaskOut]
    next_after: UUID | None
