"""Driving: the clock goes on by quarters of an hour, and everybody does what lies between.

After each quarter all messages come to rest, so that a plan that was changed is read before anybody goes on.
"""

from datetime import datetime, time, timedelta

from sqlalchemy import text

from marketplace.base.database import transaction
from marketplace.demo.callers.exchange import together
from marketplace.demo.day.stage import Stage
from marketplace.demo.day.traveller import Traveller

QUARTER = timedelta(minutes=15)
_PUBLISHED = text("SELECT count(*) FROM plan WHERE day = :day AND published_at IS NOT NULL")


class Drivers:
    """Everybody who may have a route on the day, and which plans they have read."""

    def __init__(self, stage: Stage, *, total: int) -> None:
        self._stage = stage
        cast = stage.line.cast
        people = [*(one.person for one in cast.caregivers), *(one.person for one in cast.volunteers)]
        self._travellers = [Traveller(stage.line.caller(one.phone), stage.day, seed=stage.seed) for one in people]
        self._total = total
        self._read = -1
        self._at: datetime | None = None

    @property
    def reports(self) -> int:
        """Check-ins and check-outs so far."""
        return sum(one.reports for one in self._travellers)

    async def read_routes(self) -> None:
        """Everybody reads her route anew; the first time signs her in."""
        await together(Traveller.read_route, self._travellers)
        self._read = await self._published()

    async def until(self, at: time) -> None:
        """Go on to a time of the day, quarter by quarter."""
        target = self._stage.instant(at)
        here = self._at or self._stage.clock.now()
        while here < target:
            here = min(max(here + QUARTER, self._next_at() or target), target)
            await self._quarter(here)

    def _next_at(self) -> datetime | None:
        """When somebody next has something to do."""
        return min((at for one in self._travellers if (at := one.next_at) is not None), default=None)

    async def _quarter(self, now: datetime) -> None:
        self._at = now
        self._stage.clock.set(now)
        await together(lambda one: one.go_on(now), [one for one in self._travellers if not one.is_done])
        await self._stage.rest()
        if await self._published() != self._read:
            await self.read_routes()
        self._stage.progress("reports", min(self.reports, self._total), self._total)

    async def _published(self) -> int:
        async with transaction(self._stage.platform.db) as tx:
            return int(await tx.scalar(_PUBLISHED, {"day": self._stage.day}) or 0)
