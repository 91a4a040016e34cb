"""What a running day keeps, worked out by hand on days that exist in memory only."""

from datetime import datetime
from typing import Any
from uuid import uuid4

from marketplace.planning.day import Day
from marketplace.planning.prefix import expected, prefix_of
from marketplace.planning.problem import problem_of
from marketplace.visits.models import Assignment, Shift, Visit
from tests.marketplace.visits.builders import MONDAY, at

DISTRICT = uuid4()
MIDDLE = {"lon": 8.68, "lat": 49.40}


def a_shift(**given: Any) -> Shift:
    values: dict[str, Any] = {"performer_id": uuid4(), "starts_at": at(8), "ends_at": at(18), "mode": "ebike"}
    return Shift(**{**values, **MIDDLE, "district_id": DISTRICT, "day": MONDAY, "skills": ["meal"], **given})


def a_visit(**given: Any) -> Visit:
    values: dict[str, Any] = {"cause_kind": "booking", "cause_id": uuid4(), "elder_id": uuid4(), "service": "cleaning"}
    values |= {"window_start": at(8), "window_end": at(17), "service_seconds": 1800, "skills": [], **MIDDLE}
    return Visit(**{**values, "district_id": DISTRICT, "state": "published", **given})


def attended(shift: Shift, visit: Visit, begin: datetime, end: datetime, **given: Any) -> Assignment:
    values: dict[str, Any] = {"visit_id": visit.id, "performer_id": shift.performer_id, "shift_id": shift.id}
    values |= {"planned_from": begin, "planned_until": end, "plan_id": uuid4(), "state": "published"}
    return Assignment(**{**values, **given})


def a_day(shifts: list[Shift], visits: list[Visit], assignments: list[Assignment], **given: Any) -> Day:
    values: dict[str, Any] = {"came_at": {}, "went_at": {}, "rests": {}}
    in_order = tuple(sorted(assignments, key=lambda one: (one.planned_from, one.id)))
    found = {visit.id: visit for visit in visits}
    return Day(DISTRICT, MONDAY, at(0), tuple(shifts), found, in_order, **{**values, **given})


def test_with_boxes_aboard_a_shift_is_free_only_after_the_last_one_is_delivered() -> None:
    shift, visits = a_shift(), [a_visit(lat=49.40 + step / 100) for step in (1, 2, 3)]
    boxes = [
        attended(shift, visits[0], at(10, 30), at(10, 33), pickup_at=at(10, 15)),
        attended(shift, visits[1], at(10, 40), at(10, 43), pickup_at=at(10, 15)),
        attended(shift, visits[2], at(11, 20), at(11, 23), pickup_at=at(11)),
    ]
    prefix = prefix_of(a_day([shift], visits, boxes), at(10))
    assert set(prefix.kept) == {boxes[0].id, boxes[1].id}
    free = prefix.free[shift.id]
    assert (free.since, free.lat) == (at(10, 43), 49.42)


def test_a_stop_that_begins_in_twenty_minutes_may_move_and_one_second_earlier_may_not() -> None:
    shift, visit = a_shift(), a_visit()
    day = a_day([shift], [visit], [attended(shift, visit, at(10, 20), at(10, 50))])
    assert prefix_of(day, at(10)).kept == {}
    assert len(prefix_of(day, at(10, 1)).kept) == 1


def test_a_crew_is_kept_whole() -> None:
    one, other, bath = a_shift(), a_shift(), a_visit(crew_size=2)
    long = a_visit()
    work = [
        attended(one, long, at(9), at(11)),  # keeps the first member bound until eleven
        attended(one, bath, at(10, 55), at(11, 40)),
        attended(other, bath, at(10, 55), at(11, 40), member=1),
    ]
    prefix = prefix_of(a_day([one, other], [long, bath], work), at(9, 30))
    assert set(prefix.kept) == {each.id for each in work}
    assert prefix.free[other.id].since == at(11, 40)


def test_lateness_is_carried_on_from_stop_to_stop() -> None:
    shift, visits = a_shift(), [a_visit(), a_visit(), a_visit()]
    line = [
        attended(shift, visits[0], at(9), at(9, 30)),
        attended(shift, visits[1], at(9, 40), at(10), travel_seconds=600),
        attended(shift, visits[2], at(11), at(11, 30), travel_seconds=600),
    ]
    day = a_day([shift], visits, line, came_at={line[0].id: at(9, 25)})
    # came at 9:25 and stays 30 min: 9:55; ten minutes of way and 20 of service: 10:25; the third is on time again
    assert list(expected(day, line, at(9, 30)).values()) == [at(9, 55), at(10, 25), at(11, 30)]


def test_who_has_not_come_in_time_is_expected_from_now() -> None:
    shift, visit = a_shift(), a_visit()
    line = [attended(shift, visit, at(9), at(9, 30))]
    assert list(expected(a_day([shift], [visit], line), line, at(9, 15)).values()) == [at(9, 45)]


def test_a_shift_that_has_not_begun_starts_at_its_own_place_and_time() -> None:
    shift = a_shift()
    free = prefix_of(a_day([shift], [], []), at(6)).free[shift.id]
    assert (free.since, free.lon, free.lat) == (at(8), 8.68, 49.40)


def test_a_shift_that_is_over_is_no_part_of_the_problem() -> None:
    shift = a_shift(ends_at=at(9, 20))
    day = a_day([shift], [a_visit(state="planned")], [])
    assert problem_of(day, prefix_of(day, at(9)))["shifts"] == []
    assert len(problem_of(day, prefix_of(day, at(8, 59)))["shifts"]) == 1


def test_a_break_that_was_had_is_not_owed_again() -> None:
    rest = {"break_from": at(11), "break_until": at(13), "break_seconds": 1800}
    shift = a_shift(**rest)
    had = a_day([shift], [], [], rests={shift.id: (at(11, 30), at(12))})
    (before,) = problem_of(had, prefix_of(had, at(11)))["shifts"]
    assert before["breaks"] == [{"id": "rest", "window": [11 * 3600 + 1200, 13 * 3600], "seconds": 1800}]
    (after,) = problem_of(had, prefix_of(had, at(11, 20)))["shifts"]
    assert after["breaks"] == []
    assert after["window"][0] == 12 * 3600  # free when the rest is over


def test_a_rest_missed_for_running_late_stays_owed() -> None:
    shift = a_shift(break_from=at(11), break_until=at(12), break_seconds=1800)
    day = a_day([shift], [], [])
    (found,) = problem_of(day, prefix_of(day, at(12)))["shifts"]
    assert found["breaks"] == [{"id": "rest", "window": [12 * 3600 + 1200, 18 * 3600 - 1800], "seconds": 1800}]


def test_nobody_is_sent_to_an_elder_while_a_kept_visit_is_with_her() -> None:
    shift, other = a_shift(), a_shift()
    kept = a_visit()
    wish = a_visit(elder_id=kept.elder_id, state="planned", window_start=at(9), window_end=at(11), service_seconds=600)
    day = a_day([shift, other], [kept, wish], [attended(shift, kept, at(9, 10), at(9, 40))])
    (visit,) = problem_of(day, prefix_of(day, at(9)))["visits"]
    # ten minutes long, it may begin at 9:00 sharp or from 9:40 on
    assert visit["windows"] == [[32_400, 32_400], [34_800, 39_600]]


def test_an_elder_who_is_never_free_is_left_over() -> None:
    shift = a_shift()
    kept = a_visit()
    wish = a_visit(elder_id=kept.elder_id, state="planned", window_start=at(9), window_end=at(9, 30))
    day = a_day([shift], [kept, wish], [attended(shift, kept, at(9), at(10))])
    (visit,) = problem_of(day, prefix_of(day, at(9)))["visits"]
    assert visit["excluded"] == [str(shift.performer_id)]


def test_a_meal_is_a_delivery_that_any_provider_carries() -> None:
    lunch = a_visit(
        state="planned",
        skills=["meal", f"provider:{uuid4()}"],
        window_start=at(11),
        window_end=at(12),
        kitchen_id=uuid4(),
        kitchen_lon=8.69,
        kitchen_lat=49.41,
        boxes=2,
        max_ride_seconds=2400,
    )
    day = a_day([a_shift(capacity_boxes=10)], [lunch], [])
    problem = problem_of(day, prefix_of(day, at(6)))
    (delivery,) = problem["deliveries"]
    assert delivery["skills"] == ["meal"]
    assert delivery["load"] == {"boxes": 2}
    assert delivery["max_ride_seconds"] == 2400
    # fetched at most 40 minutes before the window opens, so that no box waits longer at a door either
    assert delivery["pickup"]["windows"] == [[39_600 - 2400, 43_200]]
    assert problem["visits"] == []
