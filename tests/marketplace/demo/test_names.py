"""Invented people: plainly so, each with numbers of their own that pass the usual checks."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.demo.names import check_digit, identity_number, organisation_names, persons, phone


def test_the_check_digit_of_the_standards_own_example_is_x() -> None:
    # GB 11643-1999: 11010519491231002 gives X
    assert check_digit("11010519491231002") == "X"


def test_the_check_digit_of_a_worked_example_is_3() -> None:
    # 999999 1940 01 01 001: 9×(7+9+10+5+8+4)=387, 1×2 + 9×1 + 4×6 + 0×3 = 35, 0×7 + 1×9 + 0×10 + 1×5 = 14,
    # 0×8 + 0×4 + 1×2 = 2; 387+35+14+2 = 438 = 39×11 + 9, and the ninth of "10X98765432" counted from 0 is 3
    assert identity_number(date(1940, 1, 1), 1) == "999999194001010013"


def test_ten_thousand_people_have_ten_thousand_phones_and_identity_numbers() -> None:
    everybody = persons(1, 10_000)
    assert len({p.phone for p in everybody}) == len({p.identity_number for p in everybody}) == 10_000
    assert all(p.phone.startswith("+861990000") for p in everybody)


@given(st.integers(0, 100), st.integers(0, 9_990))
def test_a_person_agrees_with_the_identity_number(seed: int, index: int) -> None:
    (person,) = persons(seed, 1, first_index=index)
    number = person.identity_number
    assert number[:6] == "999999"
    assert number[6:14] == f"{person.born_on:%Y%m%d}"
    assert (int(number[16]) % 2 == 1) == (person.gender == "male")
    assert number[17] == check_digit(number[:17])
    assert date(1930, 1, 1) <= person.born_on <= date(1962, 12, 31)


@given(st.integers(0, 9_999))
def test_the_shortest_range_of_birthdays_is_kept(index: int) -> None:
    born = (date(1990, 5, 1), date(1990, 5, 20))
    (person,) = persons(1, 1, first_index=index, born=born)
    assert born[0] <= person.born_on <= born[1]


def test_a_person_depends_on_seed_and_index_alone() -> None:
    assert persons(3, 10)[4] == persons(3, 1, first_index=4)[0]
    assert persons(3, 10) != persons(4, 10)


def test_every_given_name_says_that_it_is_made_up() -> None:
    assert all(p.name.zh[1] in "拟例样示设虚试演" for p in persons(1, 500))


def test_about_three_in_five_elders_are_women() -> None:
    # 600 of 1,000 expected; 540 to 660 is four standard deviations of chance
    assert 540 <= sum(p.gender == "female" for p in persons(1, 1000)) <= 660


@pytest.mark.parametrize(("first", "count"), [(-1, 1), (9_999, 2), (0, -1)])
def test_people_outside_the_telephone_block_are_refused(first: int, count: int) -> None:
    with pytest.raises(ValueError, match="not within 0 to 9999"):
        persons(1, count, first_index=first)


def test_a_phone_outside_the_block_and_too_few_birthdays_are_refused() -> None:
    with pytest.raises(ValueError, match="10000 is not within"):
        phone(10_000)
    with pytest.raises(ValueError, match="at least 20 days"):
        persons(1, 1, born=(date(1950, 1, 1), date(1950, 1, 19)))


def test_organisations_are_different_and_called_examples() -> None:
    names = organisation_names(1, 10)
    assert len({n.zh for n in names}) == 10
    assert all("示例" in n.zh and "Example" in n.en for n in names)
    assert names == organisation_names(1, 10)
    with pytest.raises(ValueError, match="11 organisations"):
        organisation_names(1, 11)
