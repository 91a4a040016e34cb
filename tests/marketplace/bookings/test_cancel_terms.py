from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.base.policy import load_policy
from marketplace.bookings.cancel_terms import CancelTerms, Charge, charge, terms_of

RULES = load_policy("taiyuan").cancel
START = datetime(2026, 3, 3, 2, tzinfo=UTC)
TERMS = terms_of(RULES, window_start=START, crew_size=1, cutoff=None)


@pytest.mark.parametrize(
    ("minutes_before", "departed", "expected"),
    [
        (121, False, Charge("free", 0)),
        (120, False, Charge("late", 1000)),  # two hours before is the first minute that costs
        (1, False, Charge("late", 1000)),
        (90, True, Charge("departed", 3000)),
    ],
)
def test_the_fee_goes_by_step(minutes_before: int, departed: bool, expected: Charge) -> None:
    now = START - timedelta(minutes=minutes_before)
    assert charge(TERMS, amount_fen=6800, reason="other", waived=False, departed=departed, now=now) == expected


@pytest.mark.parametrize("reason", ["illness", "hospital", "bereavement", "provider"])
def test_illness_is_never_charged_for_nor_what_the_provider_caused(reason: str) -> None:
    assert charge(TERMS, amount_fen=6800, reason=reason, waived=False, departed=True, now=START).fee_fen == 0


def test_staff_may_waive() -> None:
    found = charge(TERMS, amount_fen=6800, reason="other", waived=True, departed=True, now=START)
    assert found == Charge("waived", 0)


def test_a_departed_crew_of_two_costs_twice() -> None:
    terms = terms_of(RULES, window_start=START, crew_size=2, cutoff=None)
    assert charge(terms, amount_fen=12_000, reason="other", waived=False, departed=True, now=START).fee_fen == 6000


def test_a_meal_is_free_until_its_cutoff() -> None:
    cutoff = START - timedelta(hours=1)
    terms = terms_of(RULES, window_start=START, crew_size=1, cutoff=cutoff)
    before, after = cutoff - timedelta(seconds=1), cutoff
    assert charge(terms, amount_fen=1800, reason="other", waived=False, departed=False, now=before).fee_fen == 0
    assert charge(terms, amount_fen=1800, reason="other", waived=False, departed=False, now=after).fee_fen == 1000


@given(amount=st.integers(0, 10_000), minutes=st.integers(-600, 600), departed=st.booleans())
def test_a_fee_is_never_more_than_the_price(amount: int, minutes: int, departed: bool) -> None:
    now = START - timedelta(minutes=minutes)
    found = charge(TERMS, amount_fen=amount, reason="other", waived=False, departed=departed, now=now)
    assert 0 <= found.fee_fen <= amount


def test_terms_survive_being_stored() -> None:
    assert CancelTerms.read(TERMS.document()) == TERMS
