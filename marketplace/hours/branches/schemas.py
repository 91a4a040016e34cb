"""What the public is told of branches. All hours are minutes; small numbers of persons are hidden."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from marketplace.hours.branches.figures import BranchFigures
from marketplace.hours.branches.hiding import shown, shown_parts
from marketplace.web.schemas import Out

Persons = int | Literal["<5", ">=5"]


class BranchOut(Out):
    """A branch. `net_minutes` above 0: the other branches and the city owe it."""

    district_id: UUID
    code: str = Field(examples=["d1"])
    name_zh: str
    name_en: str
    members: Persons = Field(examples=[128])
    given_minutes: int = Field(description="verified service by its members", examples=[15400])
    received_minutes: int = Field(description="verified service for its elders", examples=[14200])
    elsewhere_minutes: int = Field(description="paid to its members by members of other branches", examples=[900])
    net_minutes: int = Field(examples=[-300])
    pool_minutes: int = Field(description="given to the branch, for whoever needs it", examples=[600])
    stars: list[Persons] = Field(description="members with 0, 1, 2 … stars", examples=[[96, 22, 6, "<5", "<5", "<5"]])
    as_of: datetime


class BranchList(Out):
    """Every branch of the city."""

    items: list[BranchOut]


def branch_out(figures: BranchFigures) -> BranchOut:
    """A branch as the public sees it."""
    return BranchOut.model_validate(
        {name: getattr(figures, name) for name in BranchOut.model_fields}
        | {"members": shown(figures.members), "stars": shown_parts(figures.stars)}
    )
