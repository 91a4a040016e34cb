"""Random walks over HTTP: whatever people do, in whatever order, the sums agree whenever all is quiet."""

import random
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from marketplace.base.database import transaction
from marketplace.payments import books
from marketplace.payments.simulator.process import SimulatorProcess
from tests.conftest import MovableClock
from tests.marketplace.checkout.builders import at
from tests.marketplace.checkout.conftest import Desk
from tests.marketplace.checkout.test_cancelling import fen

CARDS = ("pm_card_visa", "pm_card_visa", "alipay", "pm_card_chargeDeclined", "pm_card_authenticationRequired")
GIVEN_UP = "('expired', 'declined', 'cancelled', 'failed')"
STEPS = 25

# Each query finds what must not be.
WRONG = {
    "tenders that are not the price": (
        "SELECT booking.id FROM booking LEFT JOIN tender ON tender.booking_id = booking.id"
        " AND tender.unit = booking.unit GROUP BY booking.id"
        " HAVING coalesce(sum(tender.amount), 0) <> booking.amount"
    ),
    "capacity that is not what is held": (
        "SELECT capacity.slot_at FROM capacity LEFT JOIN (SELECT provider_id, district_id, skill, slot_at,"
        " sum(capacity_hold.seconds) AS seconds FROM capacity_hold JOIN booking ON booking.id = booking_id"
        " GROUP BY 1, 2, 3, 4) AS held USING (provider_id, district_id, skill, slot_at)"
        " WHERE capacity.used <> coalesce(held.seconds, 0)"
    ),
    "capacity held for nothing": (
        "SELECT booking.id FROM capacity_hold JOIN booking ON booking.id = booking_id"
        f" WHERE booking.state IN {GIVEN_UP}"
    ),
    "boxes that are not what is ordered": (
        "SELECT meal_capacity.day FROM meal_capacity LEFT JOIN (SELECT kitchen_id, day, sitting, sum(boxes) AS boxes"
        f" FROM booking WHERE state NOT IN {GIVEN_UP} GROUP BY 1, 2, 3) AS ordered USING (kitchen_id, day, sitting)"
        " WHERE meal_capacity.used <> coalesce(ordered.boxes, 0)"
    ),
    "money kept that is not earned": (
        "SELECT booking.id FROM booking JOIN payment ON payment.booking_id = booking.id"
        " WHERE payment.captured_fen - payment.refunded_fen <> CASE"
        f" WHEN booking.state IN {GIVEN_UP} THEN booking.fee_fen - booking.refunded_fen"
        " WHEN booking.state IN ('completed', 'closed') THEN booking.amount - booking.refunded_fen"
        " WHEN payment.method = 'alipay' THEN payment.captured_fen ELSE 0 END"
    ),
    "an agreement without its visit": (
        "SELECT booking.id FROM booking LEFT JOIN visit ON visit.cause_id = booking.id"
        " WHERE (booking.state IN ('confirmed', 'in_service', 'completed', 'closed'))"
        " <> (visit.id IS NOT NULL AND visit.state NOT IN ('cancelled', 'missed'))"
    ),
}


class Walk:
    """Somebody who books, cancels, lets time pass and has visits made, by chance."""

    def __init__(self, desk: Desk, clock: MovableClock, seed: int) -> None:
        self.desk, self.clock, self.chance = desk, clock, random.Random(seed)
        self.booked: list[dict[str, Any]] = []

    async def step(self) -> None:
        deed = self.chance.choice([self.book, self.book, self.cancel, self.wait, self.refund, self.serve])
        await deed()
        if self.chance.random() < 0.7:
            await self.desk.settle_down()

    async def book(self) -> None:
        service = self.chance.choice(["cleaning", "meal"])
        asks = {} if service == "meal" else self.desk.market.window(self.chance.randrange(8, 16))
        quote = await self._asked("/v1/quotes", self.desk.market.asks(service, **asks))
        if "id" in quote:
            body = {"quote_id": quote["id"], "payment_method": self.chance.choice(CARDS)}
            booking = await self._asked("/v1/bookings", body)
            if "id" in booking:
                self.booked.append(booking)

    async def cancel(self) -> None:
        if self.booked:
            reason = self.chance.choice(["changed_mind", "illness"])
            await self._asked(f"/v1/bookings/{self._one()['id']}/cancel", {"reason": reason})

    async def refund(self) -> None:
        if self.booked:
            body = {"amount_fen": self.chance.randrange(1, 3000), "reason": "by chance"}
            await self._asked(f"/v1/bookings/{self._one()['id']}/refunds", body, staff=True)

    async def wait(self) -> None:
        self.clock.set(self.clock.now() + timedelta(minutes=self.chance.choice([1, 20, 240])))

    async def serve(self) -> None:
        shown = [await self.desk.show(booking) for booking in self.booked]
        # later windows than now, so that the clock never runs backwards
        due = [
            one
            for one in shown
            if one["state"] == "confirmed"
            and one["sitting"] is None
            and one["window_start"] > self.clock.now().isoformat()
        ]
        if due:
            await self.desk.serve(min(due, key=lambda one: str(one["window_start"])), self.clock)

    def _one(self) -> dict[str, Any]:
        return self.chance.choice(self.booked)

    async def _asked(self, path: str, body: dict[str, Any], *, staff: bool = False) -> dict[str, Any]:
        """The answer, which may be a named refusal but never a defect."""
        actor = self.desk.market.officer if staff else self.desk.market.family
        answer = await self.desk.client.post(path, json=body, headers=self.desk._as(actor))
        assert answer.status_code in {200, 201, 400, 409}, answer.text
        found: dict[str, Any] = answer.json()
        return found


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_whatever_people_do_the_sums_agree(
    desk: Desk, clock: MovableClock, simulator: SimulatorProcess, seed: int
) -> None:
    walk = Walk(desk, clock, seed)
    for _ in range(STEPS):
        await walk.step()
    await desk.settle_down()
    await the_sums_agree(desk, simulator)
    clock.set(at(23) + timedelta(days=3))  # whatever is still open comes to its end
    await desk.settle_down()
    await the_sums_agree(desk, simulator)
    states = {(await desk.show(booking))["state"] for booking in walk.booked}
    assert states <= {"closed", "expired", "cancelled", "failed"}
    assert len(walk.booked) >= 3


async def the_sums_agree(desk: Desk, simulator: SimulatorProcess) -> None:
    async with transaction(desk.platform.db) as tx:
        for what, query in WRONG.items():
            assert (await tx.execute(text(query))).all() == [], what
        kept = await tx.scalar(text("SELECT coalesce(sum(captured_fen - refunded_fen), 0) FROM payment"))
    summary = await simulator.summary()
    assert summary["captured_fen"] - summary["refunded_fen"] == kept
    if await fen(desk, books.PAYABLE) or kept:
        transferred = summary["transferred_fen"]
        earned = await fen(desk, books.PAYABLE) + await fen(desk, books.FEE) + transferred
        assert earned + await fen(desk, books.RECEIVABLE) == kept
