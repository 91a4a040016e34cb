"""Windows: when a service may be booked for. Pure rules over the policy's figures and the city's clock.

A home visit's service starts within its window, both ends inclusive, and must end before closing time. A meal is
delivered in its sitting's window, and is ordered before the cut-off of its own day.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from marketplace.base.clock import LOCAL, local_day, local_instant
from marketplace.base.policy import BookingRules, MealRules
from marketplace.bookings.errors import (
    BeyondHorizon,
    CutoffPassed,
    InThePast,
    OutsideOpeningHours,
    WindowBackwards,
    WindowTooLong,
)

Sitting = Literal["lunch", "dinner"]
SITTINGS: tuple[Sitting, ...] = ("lunch", "dinner")
LONGEST_WINDOW = timedelta(hours=4)  # half a service day: longer is no appointment


@dataclass(frozen=True, slots=True)
class Window:
    """When the service may start, both ends inclusive, and the city's day of it."""

    start: datetime
    end: datetime
    day: date


def home_window(start: datetime, end: datetime, *, service_seconds: int, rules: BookingRules, now: datetime) -> Window:
    """The window of a home visit, or the first named reason why there is none."""
    if end < start:
        raise WindowBackwards(pointer="/window_end")
    if end - start > LONGEST_WINDOW:
        raise WindowTooLong(pointer="/window_end", longest_hours=LONGEST_WINDOW // timedelta(hours=1))
    if start <= now:
        raise InThePast(pointer="/window_start")
    if start > now + timedelta(days=rules.horizon_days + 1):  # so far ahead a calendar may end
        raise BeyondHorizon(pointer="/window_start", horizon_days=rules.horizon_days)
    day = local_day(start)
    _require_horizon(day, rules, now, pointer="/window_start")
    opens, closes = local_instant(day, rules.opens), local_instant(day, rules.closes)
    if start < opens or end + timedelta(seconds=service_seconds) > closes:
        raise OutsideOpeningHours(
            pointer="/window_start", opens=rules.opens.isoformat("minutes"), closes=rules.closes.isoformat("minutes")
        )
    return Window(start, end, day)


def meal_window(day: date, sitting: Sitting, *, meals: MealRules, rules: BookingRules, now: datetime) -> Window:
    """The delivery window of a sitting. `CutoffPassed` when the kitchen has counted its boxes already."""
    if day < local_day(now):
        raise InThePast(pointer="/day")
    _require_horizon(day, rules, now, pointer="/day")
    cutoff = meal_cutoff(day, sitting, meals)
    if now >= cutoff:
        raise CutoffPassed(pointer="/sitting", cutoff=cutoff.astimezone(LOCAL).strftime("%H:%M"))
    first, last = meals.lunch_window if sitting == "lunch" else meals.dinner_window
    return Window(local_instant(day, first), local_instant(day, last), day)


def meal_cutoff(day: date, sitting: Sitting, meals: MealRules) -> datetime:
    """The instant from which on a sitting takes no orders."""
    return local_instant(day, meals.lunch_cutoff if sitting == "lunch" else meals.dinner_cutoff)


def _require_horizon(day: date, rules: BookingRules, now: datetime, *, pointer: str) -> None:
    if day > local_day(now) + timedelta(days=rules.horizon_days):
        raise BeyondHorizon(pointer=pointer, horizon_days=rules.horizon_days)
