from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from marketplace.hours.certificates.minutes import Part, Served, by_kind, choose, free

ONE, TWO = UUID(int=1), UUID(int=2)


def test_all_free_minutes_are_taken_oldest_task_first() -> None:
    tasks = [Served(ONE, "escort", 60, 60), Served(TWO, "shopping", 30, 30, taken=((10, 20),))]
    assert choose(tasks, None) == [
        Part(ONE, "escort", 0, 60, 60),
        Part(TWO, "shopping", 0, 10, 10),
        Part(TWO, "shopping", 20, 30, 10),
    ]


def test_no_more_than_asked_for_is_taken() -> None:
    tasks = [Served(ONE, "escort", 60, 60), Served(TWO, "shopping", 30, 30)]
    assert choose(tasks, 70) == [Part(ONE, "escort", 0, 60, 60), Part(TWO, "shopping", 0, 10, 10)]
    assert by_kind(choose(tasks, 70)) == {"escort": 60, "shopping": 10}


def test_what_went_to_a_pool_is_certified_but_not_spent_again() -> None:
    # 90 verified, 60 credited, 30 above the cap: two thirds of every part were credited
    tasks = [Served(ONE, "escort", 90, 60)]
    assert [part.spent for part in choose(tasks, 45)] == [30]
    assert [part.spent for part in choose([Served(ONE, "escort", 90, 60, taken=((0, 45),))], None)] == [30]


def test_a_task_taken_whole_has_nothing_free() -> None:
    assert free(60, ((0, 20), (20, 60))) == []


@given(
    verified=st.integers(1, 500),
    credited=st.integers(0, 500),
    portions=st.lists(st.integers(1, 120), max_size=12),
)
def test_portions_never_overlap_and_add_up_to_the_whole(verified: int, credited: int, portions: list[int]) -> None:
    taken: list[tuple[int, int]] = []
    spent = 0
    for portion in [*portions, None]:
        for part in choose([Served(ONE, "escort", verified, credited, tuple(sorted(taken)))], portion):
            assert all(part.end <= start or part.start >= end for start, end in taken)
            taken.append((part.start, part.end))
            spent += part.spent
    assert sum(end - start for start, end in taken) == verified
    assert spent == credited
