"""Which district, which day or which month a page is about, as far as the actor may know of it."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base.actor import Actor
from marketplace.base.clock import local_day
from marketplace.base.errors import Unknown
from marketplace.people.models import Region

REACH = timedelta(days=366)  # a page shows days of a year around today, no further
YEARS = range(2000, 2200)  # of months


class NoDistrict(Unknown):
    """No such district, or none in the actor's reach."""

    code = "no_district"
    zh = "没有这个行政区，或不在您的辖区内。"
    en = "There is no such district, or it lies outside your region."


class NoDay(Unknown):
    """Not a day, or one that is too far away."""

    code = "no_day"
    zh = "没有这一天：请使用一年之内、形如 2026-03-02 的日期。"
    en = "There is no such day: use a date within a year, like 2026-03-02."


class NoMonth(Unknown):
    """Not a month, or none that a time bank could have."""

    code = "no_month"
    zh = "没有这个月份：请使用形如 2026-03 的月份。"
    en = "There is no such month: use one like 2026-03."


async def districts_for(tx: AsyncSession, actor: Actor) -> list[Region]:
    """The districts of the actor's subtree, or the one that the actor's street or community lies in."""
    found = await tx.scalars(select(Region).where(col(Region.level) == "district").order_by(col(Region.path)))
    path = actor.region_path
    return [one for one in found if one.path.startswith(path) or path.startswith(one.path)]


def chosen(districts: Sequence[Region], wanted: str | None) -> Region:
    """The district with this id, or the first one when none is named. `NoDistrict` otherwise."""
    for one in districts:
        if wanted is None or str(one.id) == wanted:
            return one
    raise NoDistrict


def day_of(text: str | None, now: datetime) -> date:
    """The day written as 2026-03-02, today when none is; `NoDay` for anything else."""
    today = local_day(now)
    if text is None:
        return today
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise NoDay from error
    if abs(day - today) > REACH:
        raise NoDay
    return day


def month_told(text: str | None, this: date) -> date:
    """The month written as 2026-03, by its first day; this one when none is. `NoMonth` for anything else."""
    if not text:
        return this
    try:
        month = date.fromisoformat(f"{text}-01")
    except ValueError as error:
        raise NoMonth from error
    if month.year not in YEARS:
        raise NoMonth
    return month
