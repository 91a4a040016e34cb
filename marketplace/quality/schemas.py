"""What quality's routes take and give."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from marketplace.web.schemas import In, Out, Text


class RatingIn(In):
    """Stars from 1 to 5, with words if one likes."""

    stars: Annotated[int, Field(ge=1, le=5)] = Field(examples=[5])
    comment: Text | None = Field(default=None, examples=["守时，细心。"])


class BookingRatingOut(Out):
    """What was said of a booking."""

    booking_id: UUID
    provider_id: UUID
    stars: int
    comment: str | None
    rated_at: datetime
