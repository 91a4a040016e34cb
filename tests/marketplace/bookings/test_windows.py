from datetime import date, datetime, time, timedelta

import pytest

from marketplace.base.clock import local_instant
from marketplace.base.errors import DomainError
from marketplace.base.policy import load_policy
from marketplace.bookings.errors import (
    BeyondHorizon,
    CutoffPassed,
    InThePast,
    OutsideOpeningHours,
    WindowBackwards,
    WindowTooLong,
)
from marketplace.bookings.windows import home_window, meal_window

POLICY = load_policy("taiyuan")
MONDAY = date(2026, 3, 2)
TUESDAY = date(2026, 3, 3)
NOW = local_instant(MONDAY, time(9))


def tuesday(hour: int, minute: int = 0) -> datetime:
    return local_instant(TUESDAY, time(hour, minute))


@pytest.mark.parametrize(
    ("start", "end", "refusal"),
    [
        (tuesday(10), tuesday(9, 59), WindowBackwards),
        (tuesday(10), tuesday(14, 1), WindowTooLong),
        (NOW, NOW + timedelta(minutes=30), InThePast),
        (NOW - timedelta(days=9), NOW - timedelta(days=9), InThePast),
        (tuesday(6, 59), tuesday(7, 30), OutsideOpeningHours),
        (tuesday(18, 30), tuesday(19, 1), OutsideOpeningHours),  # an hour from 19:01 ends after 20:00
        (tuesday(23, 30), tuesday(23, 59), OutsideOpeningHours),
        (tuesday(10) + timedelta(days=28), tuesday(10) + timedelta(days=28), BeyondHorizon),
    ],
)
def test_an_impossible_window_has_its_own_error(start: datetime, end: datetime, refusal: type[DomainError]) -> None:
    with pytest.raises(refusal):
        home_window(start, end, service_seconds=3600, rules=POLICY.booking, now=NOW)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (tuesday(7), tuesday(7)),
        (tuesday(18, 30), tuesday(19)),  # an hour from 19:00 ends when the city closes
        (tuesday(10) + timedelta(days=27), tuesday(14) + timedelta(days=27)),
        (NOW + timedelta(seconds=1), NOW + timedelta(minutes=30)),
    ],
)
def test_a_window_is_good_up_to_each_edge(start: datetime, end: datetime) -> None:
    window = home_window(start, end, service_seconds=3600, rules=POLICY.booking, now=NOW)
    assert (window.start, window.end) == (start, end)


def test_lunch_is_ordered_before_nine_and_no_second_later() -> None:
    just_before = local_instant(TUESDAY, time(8, 59, 59))
    window = meal_window(TUESDAY, "lunch", meals=POLICY.meal, rules=POLICY.booking, now=just_before)
    assert (window.start, window.end, window.day) == (tuesday(11), tuesday(12, 30), TUESDAY)
    with pytest.raises(CutoffPassed):
        meal_window(TUESDAY, "lunch", meals=POLICY.meal, rules=POLICY.booking, now=tuesday(9))
    dinner = meal_window(TUESDAY, "dinner", meals=POLICY.meal, rules=POLICY.booking, now=tuesday(9))
    assert dinner.start == tuesday(17)


@pytest.mark.parametrize(("offset", "refusal"), [(-1, InThePast), (29, BeyondHorizon)])
def test_a_meal_of_yesterday_or_of_next_month_is_refused(offset: int, refusal: type[DomainError]) -> None:
    day = MONDAY + timedelta(days=offset)
    with pytest.raises(refusal):
        meal_window(day, "lunch", meals=POLICY.meal, rules=POLICY.booking, now=NOW)
