"""An alert: a branch that owes the others more than its cap. Nobody is refused for it; an operator must look at it."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from marketplace.base.database import instant
from marketplace.base.ids import new_id
from marketplace.base.states import machine

ALERT_STEPS = machine(open="closed", closed="")


class DebtAlert(SQLModel, table=True):
    """One is open per branch: a later night above the cap renews its figures. `note` says what was done about it."""

    __tablename__ = "debt_alert"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'closed')", name="debt_alert_state"),
        CheckConstraint("state = 'open' OR num_nulls(closed_at, note) = 0", name="debt_alert_closed"),
        Index("debt_alert_open_once", "district_id", unique=True, postgresql_where=text("state = 'open'")),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    district_id: UUID = Field(foreign_key="region.id", index=True)
    debt_minutes: int = Field(sa_type=BigInteger)
    drawn_minutes: int = Field(sa_type=BigInteger)
    since: date
    last_on: date
    nights: int = 1
    state: str = "open"
    version: int = 1
    opened_at: datetime = instant()
    closed_at: datetime | None = instant(default=None)
    closed_by: UUID | None = Field(default=None, foreign_key="account.id")
    note: str | None = None
