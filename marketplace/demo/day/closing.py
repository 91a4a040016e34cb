"""The end of the day and the nights after it: families confirm, officers look at exceptions, the rest goes by rule."""

from datetime import time
from random import Random
from typing import Any

from marketplace.base.actor import Role
from marketplace.demo.bookings import Made
from marketplace.demo.callers import Caller
from marketplace.demo.callers.exchange import together
from marketplace.demo.day.stage import Stage

CONFIRM_SHARE = 0.4
COMPLAIN_SHARE = 0.08  # of those that are paid for on the day itself
PAGE = 200
NIGHTS = (  # after the day: when, how many days later, and what comes due
    (time(3), 1),  # the payouts of what was settled on the day itself
    (time(21), 1),  # nobody objected for a day: approved by rule, settled, captured
    (time(3), 2),  # and paid out
    (time(21), 2),  # volunteers' visits are approved by rule after two days
    (time(3), 3),
    (time(22), 4),  # nobody complained: bookings are closed
)


async def approve_tasks(stage: Stage) -> int:
    """Officers approve volunteers' visits that are over, having called the elders; returns how many."""

    async def one(number: int) -> int:
        officer = stage.line.staff(Role.OFFICER, number)
        over = await officer.pages("/v1/visits", "items", state="checked_out", day=stage.day, limit=PAGE)
        tasks = [visit for visit in over if visit["cause_kind"] == "task"]
        for visit in tasks:
            await _approve(officer, visit, "confirmed by telephone")
        return len(tasks)

    return sum(await together(one, _districts(stage)))


async def approve_exceptions(stage: Stage) -> int:
    """Officers look at what the rules would not approve, and approve it with a reason; returns how many."""

    async def one(number: int) -> int:
        officer = stage.line.staff(Role.OFFICER, number)
        waiting = await officer.pages("/v1/visits/exceptions", "items", limit=PAGE)
        for visit in waiting:
            await _approve(officer, visit, f"looked into: {' '.join(visit['findings'])}")
        return len(waiting)

    return sum(await together(one, _districts(stage)))


async def confirm_some(stage: Stage, made: list[Made]) -> int:
    """Some of those who booked confirm at once; returns how many."""
    by_booking = {one.booking_id: one for one in made if one.booking_id}
    chosen: list[tuple[str, Made]] = []
    for number in _districts(stage):
        officer = stage.line.staff(Role.OFFICER, number)
        over = await officer.pages("/v1/visits", "items", state="checked_out", day=stage.day, limit=PAGE)
        for visit in over:
            booking = by_booking.get(visit["cause_id"])
            if booking and Random(f"confirm {stage.seed} {booking.wish.number}").random() < CONFIRM_SHARE:
                chosen.append((visit["id"], booking))

    async def one(visit: tuple[str, Made]) -> None:
        visit_id, booking = visit
        caller = stage.line.caller(booking.wish.phone)
        await caller.post(f"/v1/visits/{visit_id}/confirm", key=f"demo:confirm:{visit_id}")

    await together(one, chosen)
    return len(chosen)


async def refund_some(stage: Stage, made: list[Made]) -> int:
    """Officers give a quarter back where families were not content with what was paid for; returns how many."""
    by_booking = {one.booking_id: one for one in made if one.booking_id and one.wish.method}

    async def one(number: int) -> int:
        officer = stage.line.staff(Role.OFFICER, number)
        paid = await _completed(stage, officer)
        complained = [row for row in paid if row["id"] in by_booking and _complains(stage, by_booking[row["id"]])]
        for row in complained:
            asked = {"amount_fen": row["amount"] // 4, "reason": "part of the work was left out"}
            await officer.post(f"/v1/bookings/{row['id']}/refunds", asked, key=f"demo:refund:{row['id']}")
        return len(complained)

    return sum(await together(one, _districts(stage)))


async def _completed(stage: Stage, officer: Caller) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    before: str | None = None
    while True:
        page = await officer.get("/v1/bookings", state="completed", day=stage.day, before=before, limit=PAGE)
        found += page["bookings"]
        before = page["next_cursor"]
        if before is None:
            return found


def _complains(stage: Stage, booking: Made) -> bool:
    return Random(f"complaint {stage.seed} {booking.wish.number}").random() < COMPLAIN_SHARE


async def pass_nights(stage: Stage) -> None:
    """Everything that comes due in the days after."""
    for done, (at, days) in enumerate(NIGHTS, start=1):
        await stage.turn_to(at, days=days)
        stage.progress("nights", done, len(NIGHTS))


async def _approve(officer: Caller, visit: dict[str, Any], reason: str) -> None:
    await officer.post(f"/v1/visits/{visit['id']}/approve", {"reason": reason}, key=f"demo:approve:{visit['id']}")


def _districts(stage: Stage) -> list[int]:
    return list(range(len(stage.line.cast.district_codes)))
