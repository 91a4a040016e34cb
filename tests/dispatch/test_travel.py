"""Travel of a model is worked out leg by leg; whoever asks for all of it at once gets the very same numbers."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch import travel
from dispatch.places import Euclidean, GreatCircle, Place
from dispatch.problem import Problem
from dispatch.travel import Table, single_ways, tables
from tests.dispatch.builders import shift

NEAR = st.tuples(st.floats(8.6, 8.7), st.floats(49.4, 49.5))
ANYWHERE = st.tuples(st.floats(-180, 180), st.floats(-90, 90))


def globe(points: list[tuple[float, float]], model: GreatCircle = GreatCircle(1.4, 18.0)) -> Table:  # noqa: B008  # frozen
    places = tuple(Place(f"p{index}", lonlat=point) for index, point in enumerate(points))
    return tables(Problem(places, {"bike": model}, (shift(),)))["bike"]


@given(st.lists(st.one_of(NEAR, ANYWHERE), min_size=1, max_size=12))
@settings(max_examples=100, deadline=None)
def test_a_leg_by_itself_is_that_of_the_dense_table(points: list[tuple[float, float]]) -> None:
    table = globe(points)
    for rows in (table.seconds, table.metres):
        whole = np.asarray(rows, np.int64).tolist()
        assert [[rows[i][j] for j in range(len(points))] for i in range(len(points))] == whole


@given(st.lists(st.tuples(st.floats(-1e4, 1e4), st.floats(-1e4, 1e4)), min_size=1, max_size=12))
@settings(max_examples=50, deadline=None)
def test_a_leg_on_the_plane_is_that_of_the_dense_table(points: list[tuple[float, float]]) -> None:
    places = tuple(Place(f"p{index}", xy=point) for index, point in enumerate(points))
    rows = tables(Problem(places, {"bike": Euclidean()}, (shift(),), ticks_per_unit=10))["bike"].seconds
    assert [[rows[i][j] for j in range(len(points))] for i in range(len(points))] == np.asarray(rows).tolist()


@pytest.mark.parametrize(
    ("one", "two", "metres"),
    [
        ((0.0, 0.0), (90.0, 0.0), 10_007_557),  # a quarter of 2π · 6,371,008.8 m
        ((0.0, 90.0), (0.0, -90.0), 20_015_115),  # half of it: 20,015,114.4 …, the poles
        ((8.68, 49.41), (8.68, 49.41), 0),
    ],
)
def test_known_distances(one: tuple[float, float], two: tuple[float, float], metres: int) -> None:
    assert abs(globe([one, two], GreatCircle(1.0, 3.6)).metres[0][1] - metres) <= 1


def test_a_second_is_never_rounded_down() -> None:
    """0.001° of latitude: 111.195 m × 1.4 at 18 km/h (5 m/s) are 31.13 s."""
    assert globe([(8.68, 49.41), (8.68, 49.411)]).seconds[0][1] == 32


def test_no_table_keeps_more_legs_than_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(travel, "MOST_LEGS", 10)
    table = globe([(8.6 + index / 100, 49.4) for index in range(6)])
    found = [[table.metres[i][j] for j in range(6)] for i in range(6)]
    assert sum(len(table.metres[i]) for i in range(6)) <= 10
    assert found == np.asarray(table.metres).tolist()


@pytest.mark.parametrize("model", [GreatCircle(1.35, 14.0), Euclidean()])
def test_single_ways_worked_out_together_are_those_of_the_table(model: GreatCircle | Euclidean) -> None:
    chance = random.Random(5)
    spots = [(8.6 + chance.random() / 10, 49.3 + chance.random() / 10) for _ in range(40)]
    places = tuple(
        Place(f"p{row}", lonlat=spot) if isinstance(model, GreatCircle) else Place(f"p{row}", xy=spot)
        for row, spot in enumerate(spots)
    )
    found = Problem(places, {"bike": model}, (shift(),), ticks_per_unit=1000)
    table = tables(found)["bike"]
    pairs = [(chance.randrange(40), chance.randrange(40)) for _ in range(300)]
    seconds, metres = single_ways(found, "bike", pairs)
    assert seconds == [table.seconds[one][two] for one, two in pairs]
    assert metres == [table.metres[one][two] for one, two in pairs]
