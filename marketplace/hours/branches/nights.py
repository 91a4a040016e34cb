"""Keeping the figures each night, and reading the newest; before the first night they are summed on demand."""

from dataclasses import asdict
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base.timebank_rules import TimeBankRules
from marketplace.hours.branches.figures import BranchFigures, branch_figures
from marketplace.hours.branches.models import BranchNight
from marketplace.people.models import Region

KEPT = set(BranchNight.model_fields)


async def keep_night(tx: AsyncSession, day: date, *, rules: TimeBankRules, now: datetime) -> None:
    """Keep every branch's figures as the end of `day`, once."""
    rows = [
        {name: value for name, value in asdict(one).items() if name in KEPT} | {"on_day": day}
        for one in await branch_figures(tx, rules, now=now)
    ]
    if rows:
        await tx.execute(insert(BranchNight).values(rows).on_conflict_do_nothing())


async def newest(tx: AsyncSession, rules: TimeBankRules, *, now: datetime) -> list[BranchFigures]:
    """The branches' figures of the last night, in the order of the region tree."""
    last = select(func.max(col(BranchNight.on_day))).scalar_subquery()
    query = (
        select(BranchNight, Region)
        .join(Region, col(Region.id) == col(BranchNight.district_id))
        .where(col(BranchNight.on_day) == last)
        .order_by(col(Region.path))
    )
    found = [_figures(night, district) for night, district in await tx.execute(query)]
    return found or await branch_figures(tx, rules, now=now)


def _figures(night: BranchNight, district: Region) -> BranchFigures:
    kept = night.model_dump(exclude={"on_day", "stars"})
    kept |= {"code": district.code, "name_zh": district.name_zh, "name_en": district.name_en}
    return BranchFigures(**kept, stars=tuple(night.stars))
