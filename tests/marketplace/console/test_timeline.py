"""The timeline's geometry, worked out by hand on a day from seven to eight: one hour is 100/13 percent."""

from datetime import timedelta
from typing import Any

import pytest

from marketplace.console.day.lines import lines_of
from marketplace.console.day.timeline import Bar, Timeline, timeline
from marketplace.console.words import speaker
from marketplace.planning.schemas import StopOut
from marketplace.visits.models import Visit
from tests.marketplace.console.rows import a_shift, a_visit, rows_of
from tests.marketplace.visits.builders import at

HOUR = 100 / 13


def a_stop(kind: str, visit: Visit | None, begin: Any, end: Any, **given: Any) -> StopOut:
    values: dict[str, Any] = {"arrives_at": begin, "starts_at": begin, "departs_at": end, "travel_seconds": 0}
    values |= {"visit_id": visit.id if visit else None, "elder_id": None, "service": None, "member": 0}
    values |= {"lon": 8.7, "lat": 49.4, "travel_metres": 0, "boxes": visit.boxes if visit else 0, "kept": False}
    return StopOut(kind=kind, **{**values, "state": "published" if visit else None, "late_seconds": 0, **given})


def drawn(stops: list[StopOut], visits: list[Visit], **shift_given: Any) -> Timeline:
    rows = rows_of(a_shift(**shift_given), visits, stops=stops)
    return timeline(rows, lines_of(rows), speaker("en"))


def bars(found: Timeline) -> list[Bar]:
    (row,) = found.rows
    return list(row.bars)


def test_a_service_stands_at_its_hour_with_its_number_and_travel_before_it() -> None:
    visit = a_visit()
    travel, service = bars(drawn([a_stop("visit", visit, at(9), at(10), travel_seconds=1800)], [visit]))
    assert travel.kind == "travel"
    assert travel.left == pytest.approx(1.5 * HOUR, abs=0.01)  # half past eight
    assert travel.width == pytest.approx(0.5 * HOUR, abs=0.01)
    assert (service.kind, service.label, service.progress) == ("service", "1", "todo")
    assert service.left == pytest.approx(2 * HOUR, abs=0.01)
    assert service.width == pytest.approx(HOUR, abs=0.01)
    assert service.title == "1. Cleaning · 陈 · 09:00–10:00"


def test_waiting_before_the_window_is_a_bar_of_its_own() -> None:
    visit = a_visit()
    wait, service = bars(drawn([a_stop("visit", visit, at(9), at(10), arrives_at=at(8, 30))], [visit]))
    assert (wait.kind, wait.title) == ("wait", "Wait, 30 min")
    assert wait.left + wait.width == pytest.approx(service.left, abs=0.01)


def test_boxes_of_one_stay_at_a_kitchen_are_one_bar() -> None:
    lunches = [a_visit(service="meal", boxes=2), a_visit(service="meal", boxes=1)]
    stops = [
        a_stop("pickup", lunches[0], at(11), at(11, 3)),
        a_stop("pickup", lunches[1], at(11), at(11, 3)),
        a_stop("dropoff", lunches[0], at(11, 10), at(11, 13)),
    ]
    load, first = bars(drawn(stops, lunches))
    assert (load.kind, load.title) == ("load", "Fetch 3 boxes · 11:00–11:03")
    assert first.title.startswith("1. Meal")
    assert first.label == ""  # three minutes are too narrow for a number


def test_a_late_stop_says_by_how_much_and_a_finished_one_is_late_no_more() -> None:
    visit = a_visit()
    late = a_stop("visit", visit, at(9), at(10), late_seconds=900)
    (bar,) = bars(drawn([late], [visit]))
    assert bar.late
    assert bar.title.endswith("about 15 min late")
    (bar,) = bars(drawn([late.model_copy(update={"state": "checked_out"})], [visit]))
    assert not bar.late
    assert bar.progress == "done"


def test_what_the_actor_may_not_see_is_a_bar_without_name_or_number() -> None:
    visit = a_visit()
    (bar,) = bars(drawn([a_stop("visit", visit, at(9), at(10))], []))
    assert (bar.progress, bar.visit_id, bar.label) == ("hidden", None, "")
    assert bar.title == "Visit in another community 09:00–10:00"


def test_what_was_withdrawn_since_the_plan_is_not_drawn() -> None:
    visit = a_visit()
    assert bars(drawn([a_stop("visit", visit, at(9), at(10), state=None)], [visit])) == []


def test_the_present_is_marked_and_an_early_shift_widens_the_day() -> None:
    assert drawn([], []).now == pytest.approx(3.25 * HOUR, abs=0.01)  # 10:15
    wide = drawn([], [], starts_at=at(5, 30))
    assert wide.hours[0] == (0.0, "05:00")
    assert wide.hours[-1] == (100.0, "20:00")
    assert len(wide.hours) == 16


def test_a_shift_past_the_evening_lengthens_the_day_to_the_full_hour() -> None:
    late = drawn([], [], ends_at=at(21) + timedelta(minutes=1))
    assert late.hours[-1][1] == "22:00"
