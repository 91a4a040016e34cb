"""Blacklistings over HTTP."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from marketplace.providers.schemas.words import Reason
from marketplace.web.schemas import In, Out


class BlacklistingIn(In):
    """Why a provider shall be barred, and for how many days."""

    reason: Reason = Field(examples=["fraud upheld in two complaints"])
    days: Annotated[int, Field(ge=1, le=3650)] = Field(examples=[365])


class AppealDecisionIn(In):
    """Lift the blacklisting, or let it stand; and why."""

    lift: bool
    reason: Reason = Field(examples=["the invoices were genuine"])


class BlacklistingOut(Out):
    """A blacklisting and who decided what of it."""

    id: UUID
    provider_id: UUID
    state: str = Field(examples=["in_force"])
    reason: str
    days: int
    proposed_by: UUID
    proposed_at: datetime
    confirmed_by: UUID | None
    confirmed_at: datetime | None
    appeal_until: datetime | None
    expires_at: datetime | None
    appeal: str | None
    decided_by: UUID | None
    decision: str | None


class Blacklistings(Out):
    """A provider's blacklistings, newest first."""

    provider_id: UUID
    blacklistings: list[BlacklistingOut]
