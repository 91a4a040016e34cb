"""The measuring under the demo city: distances, convex rings, cells of equal load, simpler lines."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.demo.geography import contains, distance_metres
from marketplace.demo.geography.cells import divide
from marketplace.demo.geography.plane import to_lonlat, to_metres
from marketplace.demo.geography.rings import area, cut, hull, widened_hull
from marketplace.demo.geography.simplify import simplified

SQUARE = [(0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (0.0, 10.0)]


def test_a_hundredth_of_a_degree_north_is_1112_metres() -> None:
    # 6,371,008.8 m × π / 180 × 0.01 = 1,111.95 m
    assert distance_metres((8.69, 49.40), (8.69, 49.41)) == pytest.approx(1111.95, abs=0.01)


def test_a_hundredth_of_a_degree_east_at_60_degrees_north_is_half_of_that() -> None:
    # cos 60° = 0.5, so 1,111.95 / 2 = 555.975 m
    assert distance_metres((8.69, 60.0), (8.70, 60.0)) == pytest.approx(555.975, abs=0.01)


@given(st.floats(8.62, 8.76), st.floats(49.36, 49.44))
def test_flat_coordinates_lead_back_to_the_same_spot(lon: float, lat: float) -> None:
    assert distance_metres(to_lonlat(to_metres((lon, lat))), (lon, lat)) < 0.1


@given(
    st.tuples(st.floats(8.62, 8.76), st.floats(49.36, 49.44)), st.tuples(st.floats(8.62, 8.76), st.floats(49.36, 49.44))
)
def test_flat_distances_stray_less_than_two_per_mille_from_the_great_circle(
    one: tuple[float, float], other: tuple[float, float]
) -> None:
    flat = float(np.hypot(*np.subtract(to_metres(one), to_metres(other))))
    assert flat == pytest.approx(distance_metres(one, other), rel=0.002, abs=0.01)


def test_a_square_contains_its_middle_and_not_a_spot_beside_it() -> None:
    assert contains(SQUARE, (5, 5))
    assert not contains(SQUARE, (11, 5))


def test_a_square_of_ten_metres_has_100_square_metres() -> None:
    assert area(SQUARE) == 100


def test_cutting_a_square_at_x_4_leaves_40_square_metres() -> None:
    assert area(cut(SQUARE, 1, 0, 4)) == 40


def test_cutting_everything_away_leaves_nothing() -> None:
    assert cut(SQUARE, 1, 0, -1) == []


@given(st.lists(st.tuples(st.integers(-50, 50), st.integers(-50, 50)), min_size=3, max_size=30))
def test_a_widened_hull_contains_every_point(points: list[tuple[int, int]]) -> None:
    ring = widened_hull(points, metres=1.0)
    assert all(contains(ring, point) for point in points)
    assert area(ring) >= area(hull(points))


def test_a_row_of_100_points_is_divided_into_four_cells_of_25() -> None:
    row = np.array([(float(x), 0.0) for x in range(100)])
    cells = divide(row, widened_hull([(x, y) for x, y in row.tolist()], metres=5), parts=4)
    assert [len(cell.points) for cell in cells] == [25, 25, 25, 25]


def test_fewer_points_than_cells_are_refused() -> None:
    with pytest.raises(ValueError, match="1 points cannot fill 2 cells"):
        divide(np.array([(0.0, 0.0)]), SQUARE, parts=2)


def test_a_corner_two_metres_off_is_dropped_at_four_metres_and_kept_at_one() -> None:
    bent = [to_lonlat(p) for p in [(0.0, 0.0), (50.0, 2.0), (100.0, 0.0)]]
    assert simplified(bent, metres=4.0) == [bent[0], bent[2]]
    assert simplified(bent, metres=1.0) == bent
