"""The domain's clock. Services take `now` as an argument; routes and jobs ask the process's clock for it.

A simulated day moves a `FileClock` that all processes of the machine read; tokens, webhook tolerance and
the queue never ask it: they live in wall time.
"""

from datetime import UTC, date, datetime, time, timedelta, timezone
from pathlib import Path
from typing import Protocol

from marketplace.base.errors import DayOutOfRange

EARLIEST, LATEST = date(1900, 1, 1), date(2999, 12, 31)
LOCAL = timezone(timedelta(hours=8), "Asia/Shanghai")  # China has one zone and no summer time


class Clock(Protocol):
    """Tells the domain's present instant, aware and in UTC."""

    def now(self) -> datetime: ...


class WallClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class FileClock:
    """A clock whose hand stands in a file that every process on the machine reads.

    The file says which instant it showed at which wall time, and how fast it runs: 0 stands still until moved (a
    simulated day), 1 keeps step with the wall (the demo, whose day always begins in the morning).
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def now(self) -> datetime:
        shown, at, rate = self._path.read_text().split()
        passed = datetime.now(UTC) - datetime.fromisoformat(at)
        return (datetime.fromisoformat(shown) + passed * float(rate)).astimezone(UTC)

    def set(self, instant: datetime, *, rate: float = 0.0) -> None:
        """Show `instant` from now on. The file is replaced in one step, so that no reader sees half of it."""
        fresh = self._path.with_suffix(".next")
        fresh.write_text(f"{instant.astimezone(UTC).isoformat()} {datetime.now(UTC).isoformat()} {rate}")
        fresh.replace(self._path)


def wall_now() -> datetime:
    """The machine's time, for what lives outside the domain: tokens, gateways, the queue."""
    return datetime.now(UTC)


def local_day(instant: datetime) -> date:
    """The city's calendar day of an instant."""
    return instant.astimezone(LOCAL).date()


def reckoned(day: date, *, pointer: str) -> date:
    """A day that somebody named. `DayOutOfRange` near the calendar's ends, where what follows from it is none."""
    if not EARLIEST <= day <= LATEST:
        raise DayOutOfRange(pointer=pointer, earliest=EARLIEST.isoformat(), latest=LATEST.isoformat())
    return day


def local_instant(day: date, at: time) -> datetime:
    """The instant of a wall-clock time on a day of the city, in UTC."""
    return datetime.combine(day, at, LOCAL).astimezone(UTC)


def next_time(now: datetime, at: time) -> datetime:
    """The next instant, later than `now`, at which the city's clock shows this time."""
    today = local_instant(local_day(now), at)
    return today if today > now else local_instant(local_day(now) + timedelta(days=1), at)
