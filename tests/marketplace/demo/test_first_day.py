"""What a newcomer reads of the first day's bookings: nothing that failed stands there without its reason."""

from marketplace.demo.bookings import DECLINED, wishes
from marketplace.demo.population import cast_of
from marketplace.up.first_day import BOOKINGS, SEED, Bookings
from marketplace.up.welcome import booking_lines


def test_fifteen_of_the_first_days_wishes_are_paid_with_a_card_that_is_declined_on_purpose() -> None:
    found = wishes(cast_of(SEED), BOOKINGS, seed=SEED)
    assert (len(found), sum(one.method == DECLINED for one in found)) == (300, 15)


def test_each_booking_that_did_not_come_about_has_its_reason() -> None:
    lines = booking_lines(Bookings(300, {"confirmed": 280, "failed": 15}, 15, {"no_slot": 4, "odd_code": 1}))
    assert lines[0] == "bookings: 300 wished, 280 confirmed, 15 failed, 5 not made"
    assert lines[1].startswith("  15 failed on purpose: these payers of the demo gave a test card")
    assert lines[2:] == ["  5 not made: 4 because no caregiver was free, 1 because odd_code"]


def test_a_failure_that_was_not_meant_is_told_apart() -> None:
    lines = booking_lines(Bookings(20, {"confirmed": 17, "failed": 3}, 2, {}))
    assert lines[0] == "bookings: 20 wished, 17 confirmed, 3 failed"
    assert [line.split(":")[0] for line in lines[1:]] == [
        "  2 failed on purpose",
        "  1 failed and should not have",
    ]


def test_an_empty_day_and_one_that_an_earlier_start_booked_say_so() -> None:
    assert booking_lines(Bookings(0, {}, 0, {})) == ["bookings: none"]
    assert booking_lines(Bookings(0, {"confirmed": 3}, 0, {})) == ["bookings: 3 confirmed"]
