"""A task: an hour of help that an elder needs and a volunteer may take.

It is published only with its minutes held at their source, and ends by crediting or releasing them. Who asks for
several volunteers gets a task for each: these are the places of one request, each with a hold, a visit, a volunteer and
a credit of its own.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from marketplace.base.database import instant
from marketplace.base.ids import new_id
from marketplace.base.states import machine

TASK_STEPS = machine(
    submitted="published returned expired cancelled",
    returned="",
    published="reserved grabbed expired cancelled",
    reserved="grabbed published expired cancelled",
    grabbed="published disputed credited missed cancelled",
    disputed="credited voided",
    credited="",
    voided="",
    missed="",
    expired="",
    cancelled="",
)
OPEN = ("published", "reserved", "grabbed", "disputed")  # states in which a task's minutes are held


def reference(task_id: UUID) -> str:
    """What the ledger says an entry of this task is about."""
    return f"task:{task_id}"


def hold_key(task_id: UUID) -> str:
    """The ledger's name for the minutes that a task holds."""
    return f"task:{task_id}:hold"


class Task(SQLModel, table=True):
    """One place. `minutes` is how long somebody helps, `worth_minutes` what is held: times `people`, or the price of a
    `priced` kind. `source_*` says whose minutes are held and why; `considered` what each possible source had.

    submitted, returned: before and instead of publishing · reserved: somebody was found, and a yes is waited for, hers
    or her guardian's · disputed: an officer decides, ending in credited (in full or part) or voided.
    At the credit: `verified_minutes` = `credited_minutes` to the volunteer + `excess_minutes` above her caps, which
    went to the pool `excess_account`.
    """

    __tablename__ = "task"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('companionship', 'escort', 'shopping', 'cleaning', 'welfare_visit', 'neighbour_watch')",
            name="task_kind",
        ),
        CheckConstraint("window_end >= window_start", name="task_window"),
        CheckConstraint("minutes > 0 AND worth_minutes > 0", name="task_minutes"),
        CheckConstraint("place > 0", name="task_place"),
        CheckConstraint("people BETWEEN 1 AND 500 AND (people = 1 OR group_task)", name="task_people"),
        CheckConstraint("gender IN ('f', 'm')", name="task_gender"),
        CheckConstraint("channel IN ('app', 'phone', 'staff')", name="task_channel"),
        CheckConstraint("consent IN ('recording', 'signature', 'witness')", name="task_consent"),
        CheckConstraint(
            "channel <> 'phone' OR num_nulls(caller_sealed, consent, consent_reference) = 0", name="task_phone"
        ),
        CheckConstraint("taking IN ('grab', 'dispatch')", name="task_taking"),
        CheckConstraint("paid_by IN ('auto', 'elder', 'me')", name="task_paid_by"),
        CheckConstraint("source_kind IN ('own', 'relative', 'pool', 'programme')", name="task_source"),
        CheckConstraint(
            "state IN ('submitted', 'returned', 'published', 'reserved', 'grabbed', 'disputed', 'credited', 'voided',"
            " 'missed', 'expired', 'cancelled')",
            name="task_state",
        ),
        CheckConstraint(
            "state IN ('submitted', 'returned', 'expired', 'cancelled')"
            " OR num_nulls(source_kind, source_account, source_reason, published_at) = 0",
            name="task_published",
        ),
        CheckConstraint("state <> 'returned' OR return_reason IS NOT NULL", name="task_returned"),
        CheckConstraint(
            "state NOT IN ('reserved', 'grabbed', 'disputed', 'credited', 'voided', 'missed') OR member_id IS NOT NULL",
            name="task_volunteer",
        ),
        CheckConstraint(
            "state NOT IN ('disputed', 'voided') OR num_nulls(dispute_reason, disputed_by) = 0", name="task_disputed"
        ),
        CheckConstraint(
            "verdict IS NULL OR (verdict IN ('full', 'part', 'nothing')"
            " AND num_nulls(verdict_reason, dispute_reason) = 0)",
            name="task_verdict",
        ),
        CheckConstraint(
            "CASE state WHEN 'voided' THEN COALESCE(verdict, '') = 'nothing'"
            " WHEN 'credited' THEN COALESCE(verdict, '') <> 'nothing' ELSE true END",
            name="task_voided",
        ),
        CheckConstraint(
            "state <> 'credited' OR (num_nulls(verified_minutes, credited_minutes, excess_minutes, served_on,"
            " minutes_by) = 0 AND verified_minutes BETWEEN 0 AND worth_minutes AND credited_minutes >= 0"
            " AND excess_minutes >= 0 AND credited_minutes + excess_minutes = verified_minutes)",
            name="task_credit",
        ),
        CheckConstraint("minutes_by IN ('evidence', 'officer', 'item')", name="task_minutes_by"),
        CheckConstraint("confirmed_by IN ('elder', 'family', 'site', 'officer')", name="task_confirmed_by"),
        Index("task_open", "district_id", "id", postgresql_where=text("state = 'published'")),
        Index("task_waiting", "state", "id", postgresql_where=text("state IN ('submitted', 'disputed')")),
        Index("task_served", "member_id", "served_on"),
        UniqueConstraint("request_id", "place", name="task_place_once"),
        CheckConstraint("num_nulls(series_id, series_start) IN (0, 2)", name="task_series"),
        Index(
            "task_of_series_once",
            "series_id",
            "series_start",
            "place",
            unique=True,
            postgresql_where=text("state <> 'cancelled'"),
        ),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    request_id: UUID
    place: int = 1
    people: int = 1
    group_task: bool = False
    series_id: UUID | None = Field(default=None, foreign_key="task_series.id")
    series_start: datetime | None = instant(default=None)
    elder_id: UUID = Field(foreign_key="elder.id", index=True)
    district_id: UUID = Field(foreign_key="region.id")
    community_id: UUID = Field(foreign_key="region.id")
    kind: str
    window_start: datetime = instant()
    window_end: datetime = instant()
    minutes: int
    worth_minutes: int
    priced: bool = False
    gender: str | None = None
    taking: str = "grab"
    notes_sealed: bytes | None = None
    requested_by: UUID | None = Field(default=None, foreign_key="account.id", index=True)
    channel: str = "app"
    caller_sealed: bytes | None = None
    consent: str | None = None
    consent_reference: str | None = None
    paid_by: str = "auto"
    source_kind: str | None = None
    source_id: UUID | None = None
    source_account: UUID | None = None
    source_reason: str | None = None
    considered: list[dict[str, Any]] = Field(default_factory=list, sa_column=Column(JSONB, nullable=False))
    policy: str
    state: str = "published"
    version: int = 1
    member_id: UUID | None = Field(default=None, foreign_key="member.id")
    verified_minutes: int | None = None
    credited_minutes: int | None = None
    excess_minutes: int | None = None
    excess_account: UUID | None = None
    minutes_by: str | None = None
    served_on: date | None = None
    confirmed_by: str | None = None
    return_reason: str | None = None
    dispute_reason: str | None = None
    disputed_by: UUID | None = Field(default=None, foreign_key="account.id")
    verdict: str | None = None
    verdict_reason: str | None = None
    published_at: datetime | None = instant(default=None)

    @property
    def hold_key(self) -> str:
        """The ledger's name for the minutes that this task holds."""
        return hold_key(self.id)

    @property
    def reference(self) -> str:
        """What entries and holds of the ledger say they are about."""
        return reference(self.id)

    @property
    def payer(self) -> UUID:
        """The account that holds a published task's minutes."""
        if self.source_account is None:
            raise ValueError(f"task {self.id} was never published")
        return self.source_account
