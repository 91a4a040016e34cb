"""Mixed demand: what is promised can be shared out among the people on shift, and what can be is promised."""

from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from marketplace.bookings.capacity.mixes import room_beside

KEYS = ("bath gender:f", "bath gender:m", "cleaning", "escort")
WHOLE = 1260  # one caregiver's half-hour

abilities = st.frozensets(st.sampled_from(KEYS))
staffs = st.lists(abilities, min_size=1, max_size=4)
wishes = st.lists(st.sampled_from(KEYS), max_size=6)


def promised(staff: list[frozenset[str]], wanted: list[str]) -> list[str]:
    """Take wishes one by one, each a caregiver's whole half-hour, while there is room."""
    used: dict[str, int] = {}
    people = [(able, WHOLE * 1000) for able in staff]
    taken = []
    for key in wanted:
        if room_beside(key, used, people) >= WHOLE:
            used[key] = used.get(key, 0) + WHOLE
            taken.append(key)
    return taken


def can_be_shared_out(staff: list[frozenset[str]], jobs: list[str]) -> bool:
    """By trying every way of giving each job a caregiver of its own."""
    return any(
        all(job in able for job, able in zip(jobs, chosen, strict=True)) for chosen in permutations(staff, len(jobs))
    )


@given(staffs, wishes)
def test_what_is_promised_can_be_shared_out_and_what_can_be_is_promised(
    staff: list[frozenset[str]], wanted: list[str]
) -> None:
    taken: list[str] = []
    for count in range(len(wanted)):
        before, now = taken, promised(staff, wanted[: count + 1])
        assert can_be_shared_out(staff, now)
        if now == before:
            assert not can_be_shared_out(staff, [*before, wanted[count]])
        taken = now


def test_two_who_bathe_and_clean_and_one_who_cleans_have_no_third_bath() -> None:
    both, cleans = frozenset({"bath gender:f", "cleaning"}), frozenset({"cleaning"})
    people = [(both, 2 * WHOLE * 1000), (cleans, WHOLE * 1000)]
    used = {"*": 2 * WHOLE, "cleaning": 2 * WHOLE}
    assert room_beside("bath gender:f", used, people) == WHOLE  # three people, two of them busy
    used = {"*": 2 * WHOLE, "bath gender:f": 2 * WHOLE}
    assert room_beside("bath gender:f", used, people) == 0
    assert room_beside("cleaning", used, people) == WHOLE


def test_two_scarce_skills_of_the_same_person_are_seen_together_though_others_are_free() -> None:
    people = [(frozenset({"bath gender:f", "escort"}), WHOLE * 1000), (frozenset({"cleaning"}), 2 * WHOLE * 1000)]
    # its own row (1,260 of escort) and everybody's (2,520) have room; she who could come is bathing
    assert room_beside("escort", {"*": WHOLE, "bath gender:f": WHOLE}, people) == 0
