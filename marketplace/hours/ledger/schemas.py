"""What the ledger's public routes give."""

from datetime import date, datetime

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
