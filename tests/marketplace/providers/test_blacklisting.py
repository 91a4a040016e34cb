"""Barring a provider takes two persons, an appeal a third, and it ends one day."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from marketplace.base.actor import Actor, Role
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.providers.models import Provider
from marketplace.providers.standing import suspend
from tests.builders import a_town, an_actor
from tests.conftest import MovableClock
from tests.marketplace.providers.builders import SYSTEM, a_provider, an_admin

Deliver = Callable[[Platform], Awaitable[int]]
WHY: dict[str, Any] = {"reason": "fraud upheld"}


@dataclass(frozen=True, slots=True)
class Court:
    """A suspended provider, its admin and three operators."""

    platform: Platform
    client: httpx.AsyncClient
    as_: Callable[[Actor], dict[str, str]]
    provider: Provider
    admin: Actor
    operators: tuple[Actor, Actor, Actor]

    async def post(self, step: str, actor: Actor, expect: int = 200, **body: Any) -> dict[str, Any]:
        path = f"/v1/providers/{self.provider.id}/blacklisting{step}"
        answer = await self.client.post(path, json=body, headers=self.as_(actor))
        assert answer.status_code == expect, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def barred(self) -> None:
        """Proposed by the first operator for a hundred days, confirmed by the second."""
        await self.post("", self.operators[0], 201, days=100, **WHY)
        await self.post("/confirm", self.operators[1])

    async def state(self) -> str:
        async with transaction(self.platform.db) as tx:
            return (await tx.get_one(Provider, self.provider.id)).state


@pytest.fixture
async def court(platform: Platform, client: httpx.AsyncClient, as_: Callable[[Actor], dict[str, str]]) -> Court:
    async with transaction(platform.db) as tx:
        town = await a_town(tx)
        provider = await a_provider(platform, tx, town.districts[0])
        admin = await an_admin(platform, tx, provider)
        one, two, three = [await an_actor(platform, tx, Role.OPERATOR) for _ in range(3)]
        await suspend(tx, provider.id, actor=SYSTEM, now=platform.now(), reason="complaint upheld")
    return Court(platform, client, as_, provider, admin, (one, two, three))


async def test_nobody_confirms_what_he_proposed(court: Court) -> None:
    await court.post("", court.operators[0], 201, days=100, **WHY)
    assert await court.state() == "suspended"
    assert (await court.post("/confirm", court.operators[0], 409))["code"] == "another_person"
    confirmed = await court.post("/confirm", court.operators[1])
    assert (confirmed["state"], await court.state()) == ("in_force", "blacklisted")
    assert confirmed["appeal_until"] == "2026-04-01T01:00:00Z"  # thirty days after 2 March
    assert confirmed["expires_at"] == "2026-06-10T01:00:00Z"


async def test_the_database_knows_two_persons_too(court: Court) -> None:
    await court.post("", court.operators[0], 201, days=100, **WHY)
    with pytest.raises(IntegrityError, match="blacklisting_two_persons"):
        async with transaction(court.platform.db) as tx:
            await tx.execute(text("UPDATE blacklisting SET confirmed_by = proposed_by"))


async def test_only_a_suspended_provider_is_barred_and_once_at_a_time(court: Court) -> None:
    await court.post("", court.operators[0], 201, days=100, **WHY)
    assert (await court.post("", court.operators[1], 409, days=5, **WHY))["code"] == "blacklisting_open"
    assert (await court.post("/refuse", court.operators[1], **WHY))["state"] == "refused"
    async with transaction(court.platform.db) as tx:
        await tx.execute(text("UPDATE provider SET state = 'active'"))
    assert (await court.post("", court.operators[0], 409, days=5, **WHY))["code"] == "illegal_transition"


async def test_a_third_person_decides_the_one_appeal(court: Court) -> None:
    await court.barred()
    await court.post("/appeal", court.admin, reason="the invoices are genuine")
    for took_part in court.operators[:2]:
        assert (await court.post("/decide", took_part, 409, lift=True, **WHY))["code"] == "another_person"
    assert (await court.post("/decide", court.operators[2], lift=False, **WHY))["state"] == "in_force"
    assert (await court.post("/appeal", court.admin, 409, reason="once more"))["code"] == "appeal_over"
    assert await court.state() == "blacklisted"


async def test_a_lifted_blacklisting_leads_back_to_the_suspension(court: Court) -> None:
    await court.barred()
    await court.post("/appeal", court.admin, reason="the invoices are genuine")
    assert (await court.post("/decide", court.operators[2], lift=True, **WHY))["state"] == "lifted"
    assert await court.state() == "suspended"


async def test_the_appeal_window_closes(court: Court, clock: MovableClock) -> None:
    await court.barred()
    clock.set(clock.now() + timedelta(days=30))
    assert (await court.post("/appeal", court.admin, 409, reason="too late"))["code"] == "appeal_over"


async def test_it_expires_and_an_operator_lets_the_provider_serve_again(
    court: Court, clock: MovableClock, deliver_all: Deliver
) -> None:
    await court.barred()
    clock.set(clock.now() + timedelta(days=100) - timedelta(seconds=1))
    await deliver_all(court.platform)
    assert await court.state() == "blacklisted"
    clock.set(clock.now() + timedelta(seconds=1))
    await deliver_all(court.platform)
    assert await court.state() == "repaired"
    path = f"/v1/providers/{court.provider.id}/resume"
    answer = await court.client.post(path, json=WHY, headers=court.as_(court.operators[0]))
    assert (answer.status_code, await court.state()) == (200, "active")


async def test_the_provider_sees_its_own_and_proposes_nothing(court: Court) -> None:
    await court.barred()
    path = f"/v1/providers/{court.provider.id}/blacklisting"
    shown = (await court.client.get(path, headers=court.as_(court.admin))).json()
    assert [one["state"] for one in shown["blacklistings"]] == ["in_force"]
    await court.post("", court.admin, 403, days=5, **WHY)
    async with transaction(court.platform.db) as tx:
        stranger = await an_actor(court.platform, tx, Role.PROVIDER)
    assert (await court.client.get(path, headers=court.as_(stranger))).status_code == 404
