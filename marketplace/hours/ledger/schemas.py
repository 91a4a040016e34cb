"""What the ledger's routes take and give. All hours are minutes."""

from datetime import date, datetime
from uuid import UUID

from pydantic import Field

from marketplace.web.schemas import Out


class RootOut(Out):
    """A day's Merkle root over the heads of all accounts."""

    on_day: date
    root: str = Field(examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"])
    leaves: int = Field(description="accounts", examples=[10240])
    recorded_at: datetime


class RootPage(Out):
    """Roots, the newest first; `next_before` is the cursor of the page that follows, if any."""

    items: list[RootOut]
    next_before: date | None


class NightOut(Out):
    """One night's cycle in a list, over the branches that the reader may see."""

    on_day: date
    ran_at: datetime
    branches: int = Field(examples=[6])
    owes: int = Field(description="gross minutes that the branches owe", examples=[1200])
    is_owed: int = Field(examples=[1500])
    breached: int = Field(description="branches above their cap", examples=[0])
    drawn: int = Field(description="from the city's reserve", examples=[0])


class NightPage(Out):
    """Cycles, the newest first; `next_before` is the cursor of the page that follows, if any."""

    items: list[NightOut]
    next_before: date | None


class PartnerOut(Out):
    """What a branch owes one partner, and is owed by it; `district_id` None: the city, by what it issued."""

    district_id: UUID | None
    name_zh: str
    name_en: str
    owes: int
    is_owed: int
    net: int


class CycleLineOut(Out):
    """A branch in a cycle. `net` above 0: it owed that much. `debt`: what it owes in all, before the reserve's draw."""

    district_id: UUID
    name_zh: str
    name_en: str
    owes: int = Field(examples=[90])
    is_owed: int = Field(examples=[600])
    net: int = Field(examples=[-510])
    debt: int
    cap: int | None
    breached: bool
    drawn: int
    partners: list[PartnerOut]


class CycleOut(Out):
    """A night's cycle. `city_net` is told only to those who see every branch: all nets and it sum to 0."""

    on_day: date
    ran_at: datetime
    cut_off: int
    city_net: int | None
    lines: list[CycleLineOut]
