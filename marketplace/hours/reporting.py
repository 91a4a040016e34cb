"""Reports of the time bank that an operator asks for at a terminal."""

from datetime import date

import timebank
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.hours.books import CITY, MINUTE
from marketplace.hours.cycles import run_day
from marketplace.hours.nights import day_before
from timebank import Cycle


async def cycle_of(platform: Platform, day: date | None, *, run: bool) -> Cycle | None:
    """The cycle of a day of the city, by default yesterday; with `run` it is run if need be. None if there is none."""
    now = platform.now()
    wanted = day or day_before(now)
    async with transaction(platform.db) as tx:
        if run:
            return await run_day(tx, wanted, rules=platform.policy.timebank, now=now)
        return await timebank.find_cycle(tx, CITY, unit=MINUTE, on_day=wanted)
