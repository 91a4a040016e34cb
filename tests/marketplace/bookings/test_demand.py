from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from marketplace.bookings.capacity.demand import HALF_HOUR, demand, requirement, slot_of, starts

TEN = datetime(2026, 3, 3, 2, tzinfo=UTC)  # 10:00 in the city


def test_an_hour_takes_three_half_hours_of_a_caregiver() -> None:
    # 1,800 × 0.7 = 1,260 a half-hour: 1,260 + 1,260 + 1,080 = 3,600
    taken = demand(TEN, service_seconds=3600, crew_size=1, share_permille=700)
    assert taken == {TEN: 1260, TEN + HALF_HOUR: 1260, TEN + 2 * HALF_HOUR: 1080}


def test_a_crew_of_two_counts_twice() -> None:
    taken = demand(TEN, service_seconds=3600, crew_size=2, share_permille=700)
    assert taken == {TEN: 2520, TEN + HALF_HOUR: 2520, TEN + 2 * HALF_HOUR: 2160}


def test_a_start_within_a_half_hour_takes_its_rest() -> None:
    # from 10:10 twenty minutes are left of the first half-hour: 1,200 × 0.7 = 840
    start = TEN + timedelta(minutes=10)
    taken = demand(start, service_seconds=1800, crew_size=1, share_permille=700)
    assert taken == {TEN: 840, TEN + HALF_HOUR: 960}


@given(
    minutes=st.integers(0, 24 * 60),
    service_seconds=st.integers(60, 28_800),
    crew_size=st.integers(1, 4),
    share=st.integers(100, 1000),
)
def test_what_is_taken_is_service_times_crew_and_never_more_than_a_half_hour_gives(
    minutes: int, service_seconds: int, crew_size: int, share: int
) -> None:
    taken = demand(
        TEN + timedelta(minutes=minutes), service_seconds=service_seconds, crew_size=crew_size, share_permille=share
    )
    assert sum(taken.values()) == service_seconds * crew_size
    assert all(0 < seconds <= 1800 * share // 1000 * crew_size for seconds in taken.values())
    slots = sorted(taken)
    assert slots == [slots[0] + index * HALF_HOUR for index in range(len(slots))]


def test_a_window_is_tried_at_its_start_and_at_every_half_hour_in_it() -> None:
    ten_past = TEN + timedelta(minutes=10)
    assert starts(ten_past, TEN + timedelta(hours=1)) == [ten_past, TEN + HALF_HOUR, TEN + 2 * HALF_HOUR]
    assert slot_of(ten_past) == TEN


def test_the_provider_is_no_part_of_a_requirement() -> None:
    assert requirement(["provider:1", "gender:f", "bath"]) == "bath gender:f"
    assert requirement([]) == "*"
