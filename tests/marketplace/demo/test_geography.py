"""The demo city: regions that cover their doors, doors at real streets, sites within reach."""

import hashlib
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from marketplace.demo.geography import (
    TooFewFrontages,
    build_city,
    contains,
    distance_metres,
    frontages,
    sites,
)
from marketplace.demo.geography.demand import residential_points
from marketplace.demo.geography.extract import EXTRACT, RESIDENTIAL_CLASSES, read_extract
from marketplace.demo.geography.place_names import road_names
from marketplace.demo.geography.plane import to_metres
from marketplace.demo.geography.rings import area


def test_the_extract_is_the_one_its_source_note_describes() -> None:
    digest = hashlib.sha256(EXTRACT.read_bytes()).hexdigest()
    assert digest in EXTRACT.with_name("SOURCE.md").read_text(encoding="utf-8")


def test_six_districts_hold_two_streets_of_two_communities() -> None:
    city = build_city()
    assert [[len(s.communities) for s in d.streets] for d in city.districts] == [[2, 2]] * 6


def test_region_codes_and_names_are_unique_and_codes_start_with_their_parents() -> None:
    city = build_city()
    codes, names = [city.code], [city.name]
    for district in city.districts:
        for street in district.streets:
            assert street.code.startswith(district.code[:6])
            assert all(c.code.startswith(street.code[:9]) for c in street.communities)
            codes += [street.code, *(c.code for c in street.communities)]
            names += [street.name, *(c.name for c in street.communities)]
        codes.append(district.code)
        names.append(district.name)
    assert len(set(codes)) == len(codes) == 43  # 1 city + 6 districts + 12 streets + 24 communities
    assert len({n.zh for n in names}) == len({n.en for n in names}) == 43
    assert all(re.fullmatch(r"9999\d{8}", code) for code in codes)


def test_every_district_holds_a_sixth_of_the_residential_streets_within_ten_percent() -> None:
    city = build_city()
    points = residential_points()
    owners = Counter(
        next(d.code for d in city.districts if contains([to_metres(c) for c in d.ring], (x, y)))
        for x, y in points.tolist()
    )
    assert len(owners) == 6
    assert all(abs(count / (len(points) / 6) - 1) < 0.10 for count in owners.values())


def test_communities_fill_their_district_and_do_not_overlap() -> None:
    for district in build_city().districts:
        parts = sum(area([to_metres(c) for c in community.ring]) for community in district.communities)
        assert parts == pytest.approx(area([to_metres(c) for c in district.ring]), rel=0.001)


def test_the_middle_of_every_region_is_found_in_it() -> None:
    city = build_city()
    for district in city.districts:
        place = city.find(district.centre)
        assert place
        assert place.district == district
        for community in district.communities:
            found = city.find(community.centre)
            assert found
            assert found.community == community


def test_a_spot_off_the_map_lies_in_no_region() -> None:
    assert build_city().find((116.4, 39.9)) is None


def test_every_named_road_has_a_name_of_its_own_in_both_languages() -> None:
    names = road_names()
    assert len({n.zh for n in names.values()}) == len({n.en for n in names.values()}) == len(names) > 500
    assert not {n.zh for n in names.values()} & set(names)


def test_the_same_seed_gives_the_same_doors_and_another_seed_others() -> None:
    assert frontages(7, 50) == frontages(7, 50)
    assert frontages(7, 50) != frontages(8, 50)


def test_fewer_doors_are_the_first_of_more() -> None:
    assert frontages(7, 100)[:30] == frontages(7, 30)


def test_no_two_doors_share_an_address_or_stand_within_four_metres() -> None:
    chosen = frontages(1, 1000)
    assert len({f.address.zh for f in chosen}) == len({f.address.en for f in chosen}) == 1000
    xy = np.array([to_metres(f.lonlat) for f in chosen])
    apart = np.hypot(xy[:, None, 0] - xy[None, :, 0], xy[:, None, 1] - xy[None, :, 1])
    np.fill_diagonal(apart, np.inf)
    assert apart.min() > 3.99


def test_every_door_lies_in_its_own_district_and_community_and_in_no_other() -> None:
    city = build_city()
    for f in frontages(1, 600):
        assert [d.code for d in city.districts if contains(d.ring, f.lonlat)] == [f.district_code]
        communities = [c for d in city.districts for c in d.communities if contains(c.ring, f.lonlat)]
        assert [c.code for c in communities] == [f.community_code]
        assert communities[0].name.zh in f.address.zh
        assert communities[0].name.en in f.address.en


def test_every_door_stands_within_eight_metres_of_a_residential_street() -> None:
    starts, ends = _residential_segments()
    for f in frontages(1, 600):
        p = np.array(to_metres(f.lonlat))
        along = np.clip(
            ((p - starts) * (ends - starts)).sum(axis=1) / np.maximum(((ends - starts) ** 2).sum(axis=1), 1e-9), 0, 1
        )
        nearest = np.hypot(*(starts + along[:, None] * (ends - starts) - p).T).min()
        assert nearest <= 8.0


def test_every_district_gets_its_share_of_600_doors() -> None:
    # 100 each if streets were alike; 60 to 140 is four standard deviations of chance
    counts = Counter(f.district_code for f in frontages(1, 600))
    assert len(counts) == 6
    assert all(60 <= count <= 140 for count in counts.values())


def test_more_doors_than_the_city_has_are_refused_with_both_numbers() -> None:
    with pytest.raises(TooFewFrontages) as refused:
        frontages(1, 10_000_000)
    assert refused.value.asked == 10_000_000
    assert 5_000 < refused.value.available < 100_000


def test_a_negative_number_of_doors_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        frontages(1, -1)


def _residential_segments() -> tuple[np.ndarray, np.ndarray]:
    lines = [[to_metres(p) for p in r.line] for r in read_extract().roads if r.road_class in RESIDENTIAL_CLASSES]
    return (
        np.array([p for line in lines for p in line[:-1]]),
        np.array([p for line in lines for p in line[1:]]),
    )


def test_there_are_six_offices_three_kitchens_and_six_centres_behind_different_doors() -> None:
    found = sites(1)
    everything = [*found.providers, *found.kitchens, *found.centres]
    assert (len(found.providers), len(found.kitchens), len(found.centres)) == (6, 3, 6)
    assert len({s.frontage.lonlat for s in everything}) == len({s.code for s in everything}) == 15
    assert len({s.name.zh for s in everything}) == 15


def test_every_district_has_an_office_and_a_centre_of_its_own() -> None:
    codes = [d.code for d in build_city().districts]
    assert [s.frontage.district_code for s in sites(1).providers] == codes
    assert [s.frontage.district_code for s in sites(1).centres] == codes


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_community_lies_within_three_kilometres_of_a_kitchen(seed: int) -> None:
    kitchens = [k.frontage.lonlat for k in sites(seed).kitchens]
    for district in build_city().districts:
        for middle in (district.centre, *(c.centre for c in district.communities)):
            assert min(distance_metres(middle, kitchen) for kitchen in kitchens) <= 3000


def test_sites_follow_the_seed() -> None:
    assert sites(1) == sites(1)
    assert sites(1) != sites(2)


def test_another_process_with_other_hashing_makes_the_same_city() -> None:
    picture = "from marketplace.demo.geography import *; print((build_city(), frontages(5, 200), sites(5)))"
    other = subprocess.run(
        [sys.executable, "-c", picture],
        env={**os.environ, "PYTHONHASHSEED": "4711", "PYTHONUTF8": "1"},
        cwd=Path(__file__).parents[3],
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert other.stdout.strip() == str((build_city(), frontages(5, 200), sites(5)))
