"""When the time bank has its night: half past midnight, by a timer that arms itself anew."""

from datetime import date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base import timers
from marketplace.base.clock import local_day, next_time

CYCLE_DUE = "cycle.due"
AT = time(0, 30)
THE_CITY = UUID("3d1f6a04-9c55-5f0e-8e57-5a0a5d4c1f10")  # whose timer it is: there is one city in a program


def next_night(now: datetime) -> datetime:
    """When the next cycle is due."""
    return next_time(now, AT)


def day_before(now: datetime) -> date:
    """The day that a night's cycle is of."""
    return local_day(now) - timedelta(days=1)


async def arm(tx: AsyncSession, *, now: datetime) -> None:
    """See to it that there is a next night. Repeating it changes nothing."""
    await timers.arm_timer(tx, CYCLE_DUE, THE_CITY, next_night(now))
