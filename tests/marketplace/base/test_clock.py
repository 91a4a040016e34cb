from datetime import UTC, datetime, timedelta
from pathlib import Path

from marketplace.base.clock import FileClock, local_day

AT = datetime(2026, 3, 2, 20, 30, tzinfo=UTC)


def test_a_standing_clock_stands(tmp_path: Path) -> None:
    clock = FileClock(tmp_path / "clock")
    clock.set(AT)
    assert clock.now() == AT
    assert FileClock(tmp_path / "clock").now() == AT


def test_a_running_clock_goes_on_from_where_it_was_set(tmp_path: Path) -> None:
    clock = FileClock(tmp_path / "clock")
    clock.set(AT, rate=1.0)
    assert timedelta(0) <= clock.now() - AT < timedelta(seconds=5)


def test_the_citys_day_begins_eight_hours_before_that_of_greenwich() -> None:
    assert local_day(AT).isoformat() == "2026-03-03"
