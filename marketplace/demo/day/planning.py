"""The dispatchers ask for their districts' plans, two at a time, and wait for them as a console does."""

import asyncio
from datetime import date

from marketplace.base.actor import Role
from marketplace.demo.callers import Exchange
from marketplace.demo.callers.exchange import together
from marketplace.demo.seeding.scene import Progress, silent

TWO = 2  # districts at once: one solver per core of a small machine
LOOK_SECONDS = 0.2
PATIENCE_SECONDS = 180.0


class NotPlanned(Exception):
    """A district's plan was asked for and not published."""


async def plan_districts(line: Exchange, day: date, *, progress: Progress = silent, key: str = "plan") -> None:
    """Plan every district's day; `NotPlanned` names the first that has no plan in time."""

    async def plan(number: int) -> None:
        dispatcher = line.staff(Role.DISPATCHER, number)
        regions = await dispatcher.get("/v1/regions")
        code = line.cast.district_codes[number]
        (district_id,) = [region["id"] for region in regions if region["code"] == code]
        asked = {"district_id": district_id, "day": day.isoformat()}
        await dispatcher.post("/v1/plans", asked, key=f"demo:{key}:{day}:{number}")
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                requests = (await dispatcher.get("/v1/plans/requests", day=day))["items"]
                (request,) = [one for one in requests if one["district_id"] == district_id]
                if request["state"] == "done":
                    break
                await asyncio.sleep(LOOK_SECONDS)
        if request["outcome"] != "published":
            raise NotPlanned(f"district {code} on {day}: {request['outcome']}")

    numbers = list(range(len(line.cast.district_codes)))
    await together(plan, numbers, told=lambda done, total: progress("plans", done, total), at_once=TWO)
