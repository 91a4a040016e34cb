from hypothesis import given
from hypothesis import strategies as st

from marketplace.bookings.models import BOOKING_STEPS, ENDED, GIVEN_UP, NOT_AGREED


@given(st.data())
def test_every_walk_through_the_machine_ends_and_stays_ended(data: st.DataObject) -> None:
    state, walked = "held", ["held"]
    while BOOKING_STEPS[state]:
        state = data.draw(st.sampled_from(sorted(BOOKING_STEPS[state])))
        walked.append(state)
    assert state in ENDED
    assert len(walked) == len(set(walked)) <= 7
    # nothing is served or paid out that was not agreed, and what was served is not given up
    if "completed" in walked:
        assert walked[-1] == "closed"
        assert "confirmed" in walked
    if "in_service" in walked:
        assert walked.index("confirmed") < walked.index("in_service")
        assert walked[-1] in {"closed", "failed"}


def test_every_state_is_not_yet_agreed_agreed_or_over() -> None:
    assert {"closed", "expired", "declined", "cancelled", "failed", "no_show"} == ENDED
    assert ENDED - {"closed"} == GIVEN_UP
    assert set(BOOKING_STEPS) == NOT_AGREED | ENDED | {"confirmed", "in_service", "completed"}
