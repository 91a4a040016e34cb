"""Caregivers, their weekly shifts, and kitchens, over HTTP."""

from datetime import date, time
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field

from marketplace.catalogue.service import Skill
from marketplace.providers.schemas.words import Title
from marketplace.web.schemas import In, LonLat, Out, Phone


def _in_the_city(at: time) -> time:
    if at.tzinfo is not None:
        raise ValueError("a wall-clock time of the city, without an offset")
    return at


WallTime = Annotated[time, AfterValidator(_in_the_city)]
Skills = Annotated[list[Skill], Field(min_length=1, max_length=6)]
Boxes = Annotated[int, Field(ge=0, le=5000)]


class CaregiverIn(In):
    """A caregiver to employ; an account is opened for her telephone. Place and district default to the provider's."""

    name: Title = Field(examples=["示例·王护理"])
    phone: Phone = Field(examples=["19900005678"])
    gender: Literal["f", "m"]
    skills: Skills = Field(examples=[["bath", "cleaning"]])
    mode: Literal["walk", "ebike", "car"]
    trained_on: date | None = Field(default=None, description="No shift before this day; none at all without it.")
    district_id: UUID | None = None
    place: LonLat | None = Field(default=None, description="Where her shifts begin and end.")
    capacity_boxes: Annotated[int, Field(ge=0, le=100)] = 0


class TrainingIn(In):
    """A training passed: since when she may work, and what she may do."""

    trained_on: date
    skills: Skills


class CaregiverOut(Out):
    """A caregiver as her provider sees her."""

    id: UUID
    name: str
    gender: str
    skills: list[str]
    mode: str
    trained_on: date | None
    district_id: UUID
    lon: float
    lat: float
    capacity_boxes: int
    state: str


class CaregiverPage(Out):
    """A page of caregivers."""

    caregivers: list[CaregiverOut]
    next_cursor: UUID | None


class WeeklyShiftIn(In):
    """A working period of every week, in the city's wall time; a break of so many seconds lies in its window."""

    weekday: Annotated[int, Field(ge=0, le=6, description="Monday is 0.")]
    starts: WallTime = Field(examples=["08:00:00"])
    ends: WallTime = Field(examples=["17:00:00"])
    break_from: WallTime | None = None
    break_until: WallTime | None = None
    break_seconds: Annotated[int, Field(ge=0, le=14_400)] = 0


class WeekIn(In):
    """The whole week; it replaces the one before."""

    shifts: Annotated[list[WeeklyShiftIn], Field(max_length=28)]


class WeeklyShiftOut(Out):
    """A working period of every week."""

    weekday: int
    starts: time
    ends: time
    break_from: time | None
    break_until: time | None
    break_seconds: int


class WeekOut(Out):
    """The week as it stands."""

    shifts: list[WeeklyShiftOut]


class RollOutIn(In):
    """Make real shifts of the weekly ones."""

    first_day: date = Field(examples=["2026-03-02"])
    days: Annotated[int, Field(ge=1, le=28)] = 7


class RollOutOut(Out):
    """How many shifts are new."""

    added: int


class KitchenIn(In):
    """A kitchen; a capacity of 0 means that the sitting is not cooked."""

    name: Title = Field(examples=["示例中央厨房"])
    place: LonLat
    district_ids: Annotated[list[UUID], Field(min_length=1, max_length=50)]
    lunch_capacity: Boxes = Field(examples=[120])
    dinner_capacity: Boxes = Field(examples=[0])


class KitchenOut(Out):
    """A kitchen."""

    id: UUID
    provider_id: UUID
    name: str
    lon: float
    lat: float
    district_ids: list[UUID]
    lunch_capacity: int
    dinner_capacity: int


class KitchenList(Out):
    """A provider's kitchens."""

    kitchens: list[KitchenOut]
