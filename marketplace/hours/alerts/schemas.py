"""What the routes of alerts take and give."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from marketplace.hours.alerts.models import Kind
from marketplace.web.schemas import In, Out


class AlertOut(Out):
    """What was noticed, since which day, and how often; closed with a note of what was done."""

    id: UUID
    kind: Kind = Field(examples=["debt_above_cap"])
    subject: UUID = Field(description="the district, link, relay or series that it is about")
    district_id: UUID | None = Field(description="the branch that it concerns; null: the city")
    figures: dict[str, int | str | None] = Field(
        examples=[{"debt_minutes": 60310, "cap_minutes": 60000, "drawn_minutes": 310}], description="of the last time"
    )
    since: date
    last_on: date
    times: int = Field(examples=[2], description="how often it was noticed; for a debt, how many nights")
    state: Literal["open", "closed"]
    note: str | None
    opened_at: datetime
    closed_at: datetime | None


class AlertList(Out):
    """Alerts, the newest first."""

    items: list[AlertOut]


class CloseAlertIn(In):
    """What was done."""

    note: Annotated[str, Field(min_length=2, max_length=500, examples=["与该区商定下月补足"])]
