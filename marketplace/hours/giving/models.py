"""Tables of giving: orders with their lines, schedules that place orders, and what key elders were granted and why.

An order that is done has exactly one standing entry in the ledger, with the key and reference `order:ID`.
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

ORDER_STEPS = machine(
    collecting="pending done expired cancelled",
    pending="done rejected expired cancelled",
    done="reversed",
    reversed="",
    rejected="",
    expired="",
    cancelled="",
    skipped="",
)
SCHEDULE_STEPS = machine(active="paused ended", paused="active ended", ended="")
ACTED_AS = "num_nulls(on_behalf_of, acted_as) IN (0, 2) AND acted_as IN ('officer', 'family', 'guardian', 'contact')"
KINDS = ("gift", "donation", "collection", "inheritance", "move", "leaving", "pool_grant", "programme_grant")


class TransferOrder(SQLModel, table=True):
    """Hours that shall move: from whom, why, who asked, who agreed.

    `district_id` is the branch whose officers may agree. `giver_id` is None where a pool or a programme gives, and for
    a collection, whose lines name their givers. `on_behalf_of` is the member for whom somebody else asked, by the right
    `acted_as`. `collecting` waits for the givers' consent until `executes_at`, `pending` for a second person until
    `expires_at`; the minutes are held. Of the `minutes` of a done order `excess_minutes` passed the receiver's cap.
    """

    __tablename__ = "transfer_order"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('gift', 'donation', 'collection', 'inheritance', 'move', 'leaving', 'pool_grant',"
            " 'programme_grant')",
            name="transfer_order_kind",
        ),
        CheckConstraint(
            "state IN ('collecting', 'pending', 'done', 'reversed', 'rejected', 'expired', 'cancelled', 'skipped')",
            name="transfer_order_state",
        ),
        CheckConstraint("minutes >= 0 AND owed_minutes >= 0", name="transfer_order_minutes"),
        CheckConstraint("excess_minutes BETWEEN 0 AND minutes", name="transfer_order_excess"),
        CheckConstraint("state NOT IN ('done', 'reversed') OR done_at IS NOT NULL", name="transfer_order_done"),
        CheckConstraint("state <> 'pending' OR expires_at IS NOT NULL", name="transfer_order_pending"),
        CheckConstraint("state <> 'collecting' OR executes_at IS NOT NULL", name="transfer_order_collecting"),
        CheckConstraint("decided_by <> asked_by", name="transfer_order_second_person"),
        CheckConstraint(ACTED_AS, name="transfer_order_acted_as"),
        UniqueConstraint("schedule_id", "occurs_at", name="transfer_order_occurrence"),
        Index("transfer_order_of_giver", "giver_id", "asked_at"),
        Index("transfer_order_open", "district_id", postgresql_where=text("state IN ('pending', 'collecting')")),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    kind: str
    state: str
    version: int = 1
    district_id: UUID = Field(foreign_key="region.id")
    giver_id: UUID | None = Field(default=None, foreign_key="member.id")
    asked_by: UUID | None = Field(default=None, foreign_key="account.id", index=True)
    on_behalf_of: UUID | None = Field(default=None, foreign_key="member.id")
    acted_as: str | None = None
    minutes: int
    owed_minutes: int = 0
    excess_minutes: int = 0
    reason: str | None = None
    proof: str | None = None
    policy: str
    asked_at: datetime = instant()
    executes_at: datetime | None = instant(default=None)
    expires_at: datetime | None = instant(default=None)
    decided_by: UUID | None = Field(default=None, foreign_key="account.id")
    decided_at: datetime | None = instant(default=None)
    decision: str | None = None
    done_at: datetime | None = instant(default=None)
    schedule_id: UUID | None = Field(default=None, foreign_key="transfer_schedule.id")
    occurs_at: datetime | None = instant(default=None)

    @property
    def key(self) -> str:
        """The key and the reference of the order's entry in the ledger."""
        return f"order:{self.id}"

    def hold_key(self, account: UUID) -> str:
        """The ledger's name for what the order holds on an account."""
        return f"{self.key}:hold:{account}"


class TransferLine(SQLModel, table=True):
    """One transfer of an order. A member's id stands where the account is a member's. `consent` is a giver's word.

    `counts_as` says what the line is by the rule set: gifts are limited by the year, and so is a donation to who is no
    elder. `parts` are an heir's of an inheritance, by which it is divided anew when a second person agrees.
    """

    __tablename__ = "transfer_line"
    __table_args__ = (
        CheckConstraint("minutes > 0", name="transfer_line_minutes"),
        CheckConstraint("source_account <> destination_account", name="transfer_line_accounts"),
        CheckConstraint("destination IN ('member', 'branch', 'city')", name="transfer_line_destination"),
        CheckConstraint("consent IN ('asked', 'given', 'declined')", name="transfer_line_consent"),
        CheckConstraint("counts_as IN ('gift', 'donation')", name="transfer_line_counts_as"),
        CheckConstraint("parts > 0", name="transfer_line_parts"),
        Index("transfer_line_giver", "giver_id"),
        Index("transfer_line_receiver", "receiver_id"),
    )

    order_id: UUID = Field(primary_key=True, foreign_key="transfer_order.id")
    place: int = Field(primary_key=True)
    source_account: UUID
    giver_id: UUID | None = Field(default=None, foreign_key="member.id")
    destination: str
    destination_account: UUID
    receiver_id: UUID | None = Field(default=None, foreign_key="member.id")
    minutes: int
    counts_as: str | None = None
    consent: str | None = None
    parts: int | None = None

    @property
    def moves(self) -> bool:
        """Does the line take part when the order is carried out? What nobody agreed to does not."""
        return self.consent in {None, "given"}


class TransferSchedule(SQLModel, table=True):
    """A standing order: places its order at `next_at`, once or by a rule (RFC 5545), until it ends.

    `what` is the order's content as it was asked for: the kind and the lines.
    """

    __tablename__ = "transfer_schedule"
    __table_args__ = (
        CheckConstraint("kind IN ('gift', 'donation')", name="transfer_schedule_kind"),
        CheckConstraint("state IN ('active', 'paused', 'ended')", name="transfer_schedule_state"),
        CheckConstraint("state <> 'ended' OR next_at IS NULL", name="transfer_schedule_next"),
        CheckConstraint(ACTED_AS, name="transfer_schedule_acted_as"),
        Index("transfer_schedule_of_giver", "giver_id"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    kind: str
    state: str = "active"
    version: int = 1
    giver_id: UUID = Field(foreign_key="member.id")
    asked_by: UUID | None = Field(default=None, foreign_key="account.id")
    on_behalf_of: UUID | None = Field(default=None, foreign_key="member.id")
    acted_as: str | None = None
    what: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    reason: str | None = None
    rule: str | None = None
    starts_at: datetime = instant()
    next_at: datetime | None = instant(default=None)
    asked_at: datetime = instant()


class KeyGrant(SQLModel, table=True):
    """What a key elder was granted in a month, by which source, in which turn, and why.

    By her branch's pool (then `order_id` names the order) or issued by a programme, once a month. `group_rank` is the
    place of her group in the rule set, `turn` her place in the run.
    """

    __tablename__ = "key_grant"
    __table_args__ = (
        CheckConstraint("num_nulls(order_id, programme_id) = 1", name="key_grant_source"),
        CheckConstraint("minutes > 0 AND group_rank > 0 AND turn > 0", name="key_grant_numbers"),
        Index("key_grant_issued", "elder_id", "month", unique=True, postgresql_where=text("programme_id IS NOT NULL")),
        Index("key_grant_month", "district_id", "month"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    district_id: UUID = Field(foreign_key="region.id")
    elder_id: UUID = Field(foreign_key="elder.id")
    member_id: UUID = Field(foreign_key="member.id")
    month: date
    order_id: UUID | None = Field(default=None, foreign_key="transfer_order.id", unique=True)
    programme_id: UUID | None = Field(default=None, foreign_key="programme.id")
    group_rank: int
    turn: int
    reason: str
    minutes: int
    policy: str
    granted_at: datetime = instant()

    @property
    def key(self) -> str:
        """The key of the entry by which a programme issued it: one per programme, elder and month."""
        return f"issue:{self.programme_id}:{self.elder_id}:{self.month.isoformat()}"
