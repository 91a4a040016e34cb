"""The time bank's nightly cycle: the day before is netted between the districts' branches.

A night that no worker was up for is made up for by the next one, whose cycle then holds what happened since the last.
"""

from datetime import date, datetime

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

import timebank
from marketplace.base import outbox, timers
from marketplace.base.timebank_rules import TimeBankRules
from marketplace.hours.books import CITY, MINUTE
from marketplace.hours.nights import CYCLE_DUE, THE_CITY, day_before, next_night
from timebank import Cycle

BREACHED = "cycle.debt_above_cap"

_BRANCHES = text("SELECT id FROM ledger_book WHERE city = :city AND state = 'open' ORDER BY id")
log = structlog.get_logger()


async def run_night(tx: AsyncSession, *, rules: TimeBankRules, now: datetime) -> Cycle:
    """Run the cycle of the day before `now`, and arm the next night."""
    cycle = await run_day(tx, day_before(now), rules=rules, now=now)
    await timers.set_timer(tx, CYCLE_DUE, THE_CITY, next_night(now))
    return cycle


async def run_day(tx: AsyncSession, day: date, *, rules: TimeBankRules, now: datetime) -> Cycle:
    """Run a day's cycle and tell of branches above their cap; or read the one that was run. Call it in a transaction of
    its own. Errors of `timebank.run_cycle`."""
    caps = dict.fromkeys(await tx.scalars(_BRANCHES, {"city": CITY}), rules.debt_cap_minutes)
    cycle = await timebank.run_cycle(tx, CITY, unit=MINUTE, on_day=day, caps=caps, now=now)
    for line in cycle.lines:
        if line.breached and not cycle.repeated:
            log.warning("a branch owes more than its cap", branch=line.branch, debt=line.debt, drawn=line.drawn)
            await outbox.send(
                tx, BREACHED, district_id=line.branch, day=day.isoformat(), debt=line.debt, drawn=line.drawn
            )
    return cycle
