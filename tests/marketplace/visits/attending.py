"""Steps of an attendance over HTTP, for the tests of reports and of what follows from them."""

from collections.abc import Callable
from typing import Any

import httpx
from sqlalchemy import select
from sqlmodel import col

from marketplace.base.actor import Actor
from marketplace.base.database import transaction
from marketplace.base.outbox import Message
from marketplace.base.platform import Platform
from marketplace.visits.models import Visit
from tests.conftest import MovableClock
from tests.marketplace.visits.builders import (
    Attended,
    an_attended_visit,
    at,
    report,
)

Headers = Callable[[Actor], dict[str, str]]


async def attended_visit(platform: Platform, **given: Any) -> Attended:
    async with transaction(platform.db) as tx:
        return await an_attended_visit(platform, tx, **given)


async def send(
    client: httpx.AsyncClient, as_: Headers, one: Attended, kind: str, body: dict[str, Any]
) -> httpx.Response:
    return await client.post(f"/v1/assignments/{one.assignment.id}/check-{kind}", json=body, headers=as_(one.actor))


async def visit_now(platform: Platform, one: Attended) -> Visit:
    async with transaction(platform.db) as tx:
        return await tx.get_one(Visit, one.visit.id)


async def messages(platform: Platform, name: str) -> list[dict[str, Any]]:
    async with transaction(platform.db) as tx:
        return [message.ids for message in await tx.scalars(select(Message).where(col(Message.name) == name))]


async def attend(
    platform: Platform, clock: MovableClock, client: httpx.AsyncClient, as_: Headers, one: Attended, **out: Any
) -> None:
    """Come at nine, leave at ten."""
    clock.set(at(9))
    assert (await send(client, as_, one, "in", report(platform, one))).status_code == 200
    clock.set(at(10))
    assert (await send(client, as_, one, "out", report(platform, one, **out))).status_code == 200


async def send_at(
    clock: MovableClock,
    instant: Any,
    client: httpx.AsyncClient,
    as_: Headers,
    one: Attended,
    kind: str,
    platform: Platform,
) -> None:
    clock.set(instant)
    assert (await send(client, as_, one, kind, report(platform, one))).status_code == 200
