"""The stage of a day: who can be called, the clock's hand, how rest is waited for, what each phase took."""

import time as wall
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from marketplace.base.clock import FileClock, local_instant
from marketplace.base.platform import Platform
from marketplace.demo.callers import Exchange
from marketplace.demo.rest import OnTheWay, nothing_on_the_way, rest
from marketplace.demo.seeding.scene import Progress, silent

EVENING = time(18)  # of the day before: the bookings are made


@dataclass(slots=True)
class Stage:
    """One day under way. `seconds` are wall seconds by phase."""

    platform: Platform
    line: Exchange
    clock: FileClock
    day: date
    seed: int
    on_the_way: OnTheWay = nothing_on_the_way
    progress: Progress = silent
    seconds: dict[str, float] = field(default_factory=dict)

    def instant(self, at: time, *, days: int = 0) -> datetime:
        """A wall-clock time of the city, `days` after the day."""
        return local_instant(self.day + timedelta(days=days), at)

    async def rest(self) -> None:
        """Wait until nothing is to be done at this moment of the clock."""
        await rest(self.platform, on_the_way=self.on_the_way)

    async def turn_to(self, at: time, *, days: int = 0) -> None:
        """Move the hand and wait until everything that has come due is done."""
        self.clock.set(self.instant(at, days=days))
        await self.rest()

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Count what this phase takes."""
        began = wall.monotonic()
        try:
            yield
        finally:
            self.seconds[name] = round(self.seconds.get(name, 0.0) + wall.monotonic() - began, 1)
