"""The demo's first day: seeded and booked on the evening before, planned at dawn, begun at a quarter to seven.

Each part may be repeated: seeding is all or nothing, and bookings and plans carry keys made from the seed.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import text

from marketplace.base.clock import LOCAL, FileClock, local_day, local_instant
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.base.settings import SettingsError
from marketplace.demo.bookings import DECLINED, Made, make_all, wishes
from marketplace.demo.callers.exchange import exchange
from marketplace.demo.city import Seeded, seed_city
from marketplace.demo.day.planning import plan_districts
from marketplace.demo.day.stage import EVENING
from marketplace.demo.population import cast_of
from marketplace.demo.rest import rest
from marketplace.demo.seeding.scene import Progress
from marketplace.up.instance import Instance
from marketplace.up.nudging import opened

SEED = 1
BOOKINGS = 300
DAWN = time(6, 15)  # the day is planned before anybody's window opens
MORNING = time(6, 45)  # before anybody is due
RUNS = 1.0

_STATES = text("SELECT state, count(*) AS n FROM booking WHERE day = :day GROUP BY state ORDER BY state")
_DECLINED = text(
    "SELECT count(*) FROM booking JOIN payment ON payment.booking_id = booking.id WHERE booking.day = :day"
    " AND booking.state = 'failed' AND payment.method = :method AND payment.decline_code IS NOT NULL"
)
_PLANS = text(
    "SELECT region.name_zh AS name, jsonb_array_length(plan.plan->'routes') AS routes,"
    " jsonb_array_length(plan.plan->'unassigned') AS unassigned, plan.seconds AS seconds FROM plan"
    " JOIN region ON region.id = plan.district_id WHERE plan.day = :day AND plan.state = 'published'"
    " ORDER BY region.path"
)


@dataclass(frozen=True, slots=True)
class PlanLine:
    """A district's plan in short."""

    district: str
    routes: int
    unassigned: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Bookings:
    """The day's bookings by state, those that failed because a card is declined on purpose, and wishes not booked.

    `wished` counts what this start asked for; 0 when an earlier one had done that. `not_made`: by the code of why.
    """

    wished: int
    states: Mapping[str, int]
    declined: int
    not_made: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class FirstDay:
    """What was prepared. `seeded` None: an earlier start had done that."""

    day: date
    seeded: Seeded | None
    bookings: Bookings
    plans: list[PlanLine]


def evening_before() -> datetime:
    """Yesterday evening, by the machine's clock: when the demo's bookings are made."""
    return local_instant(local_day(datetime.now(UTC)) - timedelta(days=1), EVENING)


async def open_first_day(running: Instance, progress: Progress, *, bookings: int = BOOKINGS) -> FirstDay:
    """Prepare the day after the clock's evening, with all processes started on the way; the clock runs at the end."""
    settings = running.settings
    if settings.clock_file is None:
        raise SettingsError("the demo needs a clock of its own")
    clock = FileClock(settings.clock_file)
    async with opened(settings) as platform:
        seeded = await seed_city(platform, seed=SEED, progress=progress)
        await asyncio.to_thread(running.start_processes)
        shown = clock.now()
        is_evening = shown.astimezone(LOCAL).time() >= EVENING
        day = local_day(shown) + timedelta(days=1 if is_evening else 0)
        cast = cast_of(SEED)
        made: list[Made] = []
        async with exchange(running.address, cast) as line:
            if is_evening:
                made = await make_all(line, wishes(cast, bookings, seed=SEED), day, progress=progress)
                await rest(platform)
                clock.set(local_instant(day, DAWN))
            await plan_districts(line, day, progress=progress)
            await rest(platform)
        clock.set(local_instant(day, MORNING), rate=RUNS)
        return await _told(platform, day, seeded, made)


async def _told(platform: Platform, day: date, seeded: Seeded | None, made: list[Made]) -> FirstDay:
    not_made = Counter(one.refused for one in made if one.refused)
    async with transaction(platform.db) as tx:
        states = {row.state: int(row.n) for row in await tx.execute(_STATES, {"day": day})}
        declined = int(await tx.scalar(_DECLINED, {"day": day, "method": DECLINED}) or 0)
        plans = [
            PlanLine(row.name, row.routes, row.unassigned, row.seconds)
            for row in await tx.execute(_PLANS, {"day": day})
        ]
    return FirstDay(day, seeded, Bookings(len(made), states, declined, not_made), plans)
