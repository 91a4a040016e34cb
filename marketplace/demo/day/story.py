"""The order of a day: book the evening before, plan in the morning, drive, settle at night, and three nights after."""

from dataclasses import dataclass
from datetime import time

from sqlalchemy import text

from marketplace.base.database import transaction
from marketplace.demo.bookings import Made, make_all, wishes
from marketplace.demo.day import closing, favours, mishaps
from marketplace.demo.day.driving import Drivers
from marketplace.demo.day.paying import confirm_wallets
from marketplace.demo.day.planning import plan_districts
from marketplace.demo.day.stage import EVENING, Stage

DAWN, DUSK = time(6, 15), time(20, 30)
_CREWS = text(
    "SELECT coalesce(sum(crew_size), 0) FROM visit WHERE state IN ('planned', 'published')"
    " AND window_start >= :first AND window_start < :following"
)


@dataclass(frozen=True, slots=True)
class Told:
    """What the players themselves know of the day: what they asked for."""

    made: list[Made]
    cancelled: int
    absent_shift: str | None
    exceptions: int
    confirmed: int
    refunds: int
    reports: int


async def play_day(stage: Stage, *, visits: int) -> Told:
    """Live the day with so many wished bookings, on a seeded city whose clock shows the evening before."""
    with stage.phase("book"):
        stage.clock.set(stage.instant(EVENING, days=-1))
        made = await make_all(
            stage.line, wishes(stage.line.cast, visits, seed=stage.seed), stage.day, progress=stage.progress
        )
        await stage.rest()
        await confirm_wallets(stage, made)
        await stage.rest()
        cancelled = await mishaps.cancel(stage, [one for one in made if one.wish.cancels == "before"])
        await stage.rest()
    with stage.phase("plan"):
        await stage.turn_to(DAWN)
        await plan_districts(stage.line, stage.day, progress=stage.progress)
        await stage.rest()
    with stage.phase("drive"):
        drivers = Drivers(stage, total=2 * await _attendances(stage))
        absent, more = await _drive(stage, drivers, made, visits)
    with stage.phase("settle"):
        exceptions = await closing.approve_exceptions(stage)
        confirmed = await closing.confirm_some(stage, made)
        await stage.rest()
        refunds = await closing.refund_some(stage, made)
        await stage.rest()
    with stage.phase("nights"):
        await closing.pass_nights(stage)
    return Told(made, cancelled + more, absent, exceptions, confirmed, refunds, drivers.reports)


async def _drive(stage: Stage, drivers: Drivers, made: list[Made], visits: int) -> tuple[str | None, int]:
    """From dawn to dusk; returns the absent caregiver's shift and how many bookings were cancelled on the way."""
    children = favours.children(stage, visits)
    asked = favours.Favours()
    await favours.ask_and_grab(stage, asked, children)
    await drivers.read_routes()
    await drivers.until(time(7, 0))
    absent = await mishaps.call_in_sick(stage)
    fickle = [one for one in made if one.wish.cancels == "after"]
    cancelled = await mishaps.cancel(stage, fickle[::2])
    await drivers.until(time(9, 30))
    cancelled += await mishaps.cancel(stage, fickle[1::2])
    await drivers.until(time(10, 30))
    await closing.approve_tasks(stage)
    await stage.rest()
    await favours.redeem(stage, asked, children)
    await drivers.read_routes()
    await drivers.until(DUSK)
    await favours.confirm_for_mothers(asked)
    return absent, cancelled


async def _attendances(stage: Stage) -> int:
    """How many places in crews the day has, for the progress bar."""
    bounds = {"first": stage.instant(time()), "following": stage.instant(time(), days=1)}
    async with transaction(stage.platform.db) as tx:
        return int(await tx.scalar(_CREWS, bounds) or 0)
