"""What goes wrong on any day: somebody does not come to work, families change their minds."""

from random import Random
from typing import Any

from marketplace.base.actor import Role
from marketplace.demo.bookings import Made
from marketplace.demo.callers import Refused
from marketplace.demo.callers.exchange import together
from marketplace.demo.day.stage import Stage

REASONS = ("changed_mind", "changed_mind", "illness", "other")


async def call_in_sick(stage: Stage) -> str | None:
    """One caregiver with a full day does not come; her dispatcher says so. The shift's id, None if nobody had work."""
    numbers = list(range(len(stage.line.cast.district_codes)))
    Random(f"absent {stage.seed}").shuffle(numbers)
    for number in numbers:
        dispatcher = stage.line.staff(Role.DISPATCHER, number)
        routes = await _home_routes(stage, number)
        if routes:
            shift_id = max(routes, key=lambda route: (len(route["stops"]), route["shift_id"]))["shift_id"]
            path = f"/v1/shifts/{shift_id}/absent"
            await dispatcher.post(path, {"reason": "called in sick"}, key=f"demo:absent:{shift_id}")
            return str(shift_id)
    return None


async def _home_routes(stage: Stage, number: int) -> list[dict[str, Any]]:
    """The routes of a district's plan in force that visit homes."""
    dispatcher = stage.line.staff(Role.DISPATCHER, number)
    plans = (await dispatcher.get("/v1/plans", day=stage.day))["items"]
    in_force = [plan for plan in plans if plan["state"] == "published"]
    if not in_force:
        return []
    detail = await dispatcher.get(f"/v1/plans/{in_force[0]['id']}")
    return [route for route in detail["routes"] if any(stop["kind"] == "visit" for stop in route["stops"])]


async def cancel(stage: Stage, made: list[Made]) -> int:
    """These bookings are cancelled by who made them; returns how many. One that has begun is refused and stays."""

    async def one(booking: Made) -> int:
        caller = stage.line.caller(booking.wish.phone)
        reason = Random(f"reason {stage.seed} {booking.wish.number}").choice(REASONS)
        try:
            path = f"/v1/bookings/{booking.booking_id}/cancel"
            await caller.post(path, {"reason": reason}, key=f"demo:cancel:{booking.booking_id}")
        except Refused as problem:
            if problem.status != 409:
                raise
            return 0
        return 1

    return sum(await together(one, [booking for booking in made if booking.booking_id]))
