"""The cast: pure values from a seed."""

import pytest

from marketplace.demo.bookings import wishes
from marketplace.demo.population import FULL, Scale, cast_of
from marketplace.demo.sign_ins import sign_ins

SMALL = Scale(elders=24, families=12, caregivers=36, volunteers=12)


def test_the_same_seed_gives_the_same_cast_and_another_seed_another() -> None:
    again = cast_of.__wrapped__(7, SMALL)
    assert again == cast_of(7, SMALL)
    assert again.elders != cast_of(8, SMALL).elders


def test_the_full_city_has_the_people_it_promises() -> None:
    cast = cast_of(1, FULL)
    counts = [len(group) for group in (cast.elders, cast.families, cast.caregivers, cast.volunteers)]
    assert counts == [600, 240, 100, 60]
    assert {one.mode for one in cast.caregivers} == {"walk", "ebike", "car"}
    assert {one.district for one in cast.volunteers} == set(range(6))


def test_nobody_shares_a_telephone() -> None:
    cast = cast_of(1, FULL)
    people = [one.person for group in (cast.staff, cast.elders, cast.families) for one in group]
    people += [one.person for group in (cast.caregivers, cast.volunteers) for one in group]
    people += [one.person for group in (cast.students, cast.minors) for one in group]
    phones = [one.phone for one in [*people, *cast.admins]]
    assert len(set(phones)) == len(phones)


@pytest.mark.parametrize("weekday", range(7))
def test_every_weekday_has_two_women_and_two_men_for_baths_and_three_riders_with_every_provider(weekday: int) -> None:
    on_duty = [one for one in cast_of(1, FULL).caregivers if one.day_off != weekday]
    for provider in range(6):
        own = [one for one in on_duty if one.provider == provider]
        bathers = [one.person.gender for one in own if "bath" in one.skills and one.district == provider]
        assert bathers.count("female") >= 2
        assert bathers.count("male") >= 2
        assert sum("meal" in one.skills for one in own) >= 3


def test_a_volunteers_mother_lives_in_another_district() -> None:
    cast = cast_of(1, FULL)
    with_mother = [one for one in cast.volunteers if one.mother is not None]
    assert len(with_mother) == 12  # every fifth of sixty
    for one in with_mother:
        assert one.mother is not None
        assert cast.elders[one.mother].district != one.district


def test_six_of_ten_wishes_are_lunches_and_the_seed_decides_all_of_them() -> None:
    cast = cast_of(1, FULL)
    found = wishes(cast, 100, seed=5)
    assert sum(one.is_meal for one in found) == 60
    assert found == wishes(cast, 100, seed=5)
    assert found != wishes(cast, 100, seed=6)


def test_a_wish_paid_in_hours_is_made_by_an_elder_who_was_granted_some() -> None:
    cast = cast_of(1, FULL)
    paid_in_hours = [one for one in wishes(cast, 300, seed=1) if one.unit == "minutes"]
    assert len(paid_in_hours) == 12
    for one in paid_in_hours:
        assert one.elder in cast.granted
        assert one.phone == cast.elders[one.elder].person.phone
        assert one.method is None


@pytest.mark.parametrize("counts", [{"elders": 11}, {"caregivers": 35}, {"volunteers": 11}, {"families": 3001}])
def test_a_scale_out_of_bounds_is_refused_by_name(counts: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=next(iter(counts))):
        Scale(**counts)


def test_every_role_has_a_sign_in_of_its_own() -> None:
    found = sign_ins()
    assert len({one.role for one in found}) == len(found) == 9
    assert len({one.phone for one in found}) == 9
