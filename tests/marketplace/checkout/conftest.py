"""A desk at which tests book over HTTP, with a market behind it and the payment simulator beside it."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import func, select
from sqlmodel import col

from marketplace.base.actor import Actor
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.bookings.models import Capacity
from marketplace.people.accounts import actor_of
from marketplace.people.models import Account
from marketplace.visits.models import Assignment, Visit
from marketplace.visits.service import assign, visits_of
from tests.conftest import MovableClock
from tests.marketplace.checkout.builders import Market, a_market, at
from tests.marketplace.payments.conftest import paying, simulator, webhook_url  # noqa: F401 - fixtures

Json = dict[str, Any]
VISA = "pm_card_visa"


class Desk:
    """Asks over HTTP as somebody. `expect` is the status that the answer must have."""

    def __init__(
        self,
        platform: Platform,
        client: httpx.AsyncClient,
        as_: Callable[[Actor], dict[str, str]],
        deliver: Callable[[Platform], Awaitable[int]],
        market: Market,
    ) -> None:
        self.platform, self.client, self.market = platform, client, market
        self._as, self._deliver = as_, deliver

    async def post(self, path: str, body: Json, *, actor: Actor | None = None, expect: int = 201) -> Json:
        headers = self._as(actor or self.market.family)
        answer = await self.client.post(path, json=body, headers=headers)
        assert answer.status_code == expect, answer.text
        found: Json = answer.json()
        return found

    async def get(self, path: str, *, actor: Actor | None = None, expect: int = 200, **query: str) -> Json:
        headers = self._as(actor or self.market.family)
        answer = await self.client.get(path, params=query, headers=headers)
        assert answer.status_code == expect, answer.text
        found: Json = answer.json()
        return found

    async def quote(self, service: str = "cleaning", *, actor: Actor | None = None, **changed: Any) -> Json:
        return await self.post("/v1/quotes", self.market.asks(service, **changed), actor=actor)

    async def book(
        self,
        service: str = "cleaning",
        *,
        actor: Actor | None = None,
        asks: Json | None = None,
        expect: int = 201,
        **body: Any,
    ) -> Json:
        """Quote and book, by card unless told otherwise."""
        quote = await self.quote(service, actor=actor, **(asks or {}))
        paid = {"payment_method": VISA} if quote["unit"] == "fen" and quote["amount"] else {}
        return await self.post("/v1/bookings", {"quote_id": quote["id"], **paid, **body}, actor=actor, expect=expect)

    async def agreed(self, service: str = "cleaning", **changed: Any) -> Json:
        """A booking whose card has been authorised."""
        booking = await self.book(service, **changed)
        await self.settle_down()
        return await self.show(booking)

    async def show(self, booking: Json, *, actor: Actor | None = None) -> Json:
        return await self.get(f"/v1/bookings/{booking['id']}", actor=actor)

    async def cancel(self, booking: Json, *, actor: Actor | None = None, expect: int = 200, **body: Any) -> Json:
        path = f"/v1/bookings/{booking['id']}/cancel"
        return await self.post(path, {"reason": "changed_mind", **body}, actor=actor, expect=expect)

    async def settle_down(self) -> None:
        """Fire timers and deliver messages until nothing is due."""
        await self._deliver(self.platform)

    async def visit_of(self, booking: Json) -> Visit:
        async with transaction(self.platform.db) as tx:
            (visit,) = await visits_of(tx, "booking", UUID(booking["id"]))
            return visit

    async def assigned(self, booking: Json, *, travel_seconds: int = 0) -> Assignment:
        """The first caregiver is sent to the booking's visit, at its window's start."""
        visit = await self.visit_of(booking)
        async with transaction(self.platform.db) as tx:
            found = await assign(
                tx,
                visit.id,
                self.market.caregivers[0].id,
                starts_at=visit.window_start,
                ends_at=visit.window_start + (at(11) - at(10)),
                actor=Actor.system(),
                now=self.platform.now(),
            )
            found.travel_seconds = travel_seconds
        return found

    async def report(self, assignment: Assignment, kind: str, *, clock: MovableClock) -> None:
        """The caregiver checks in or out, now, at the elder's door."""
        async with transaction(self.platform.db) as tx:
            performer = self.market.caregivers[0]
            actor = await actor_of(tx, await tx.get_one(Account, performer.account_id))
        body = {
            "event_id": str(uuid4()),
            "device_at": clock.now().isoformat(),
            "lon": self.market.elder.lon,
            "lat": self.market.elder.lat,
            "accuracy_metres": 5,
        }
        await self.post(f"/v1/assignments/{assignment.id}/check-{kind}", body, actor=actor, expect=200)

    async def serve(self, booking: Json, clock: MovableClock) -> None:
        """The visit takes place as agreed, and the elder confirms it."""
        assignment = await self.assigned(booking)
        clock.set(assignment.planned_from)
        await self.report(assignment, "in", clock=clock)
        await self.settle_down()
        clock.set(assignment.planned_until)
        await self.report(assignment, "out", clock=clock)
        await self.confirm(assignment)
        await self.settle_down()

    async def confirm(self, assignment: Assignment) -> None:
        """The elder says that it was done."""
        path = f"/v1/visits/{assignment.visit_id}/confirm"
        await self.post(path, {}, actor=self.market.elder_actor, expect=200)

    async def seconds_used(self) -> int:
        """Seconds of capacity that are promised, over everybody."""
        async with transaction(self.platform.db) as tx:
            used = await tx.scalar(select(func.sum(Capacity.used)).where(col(Capacity.skill) == "*"))
            return int(used or 0)


@pytest.fixture
async def market(platform: Platform) -> Market:
    """One provider with one caregiver."""
    async with transaction(platform.db) as tx:
        return await a_market(platform, tx)


@pytest.fixture
def desk(
    paying: Platform,  # noqa: F811 - the fixture
    client: httpx.AsyncClient,
    as_: Callable[[Actor], dict[str, str]],
    deliver_all: Callable[[Platform], Awaitable[int]],
    market: Market,
) -> Desk:
    """The family member's desk. Nobody plans behind it: a solver per test would cost more than all else."""
    paying.db.consumers = {**paying.db.consumers, "plan.requested": ()}
    return Desk(paying, client, as_, deliver_all, market)
