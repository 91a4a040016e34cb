"""Each minute is certified once, and leaves the account where the rules say so."""

import asyncio
import dataclasses
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.hours.books import pool_account
from tests.marketplace.hours.builders import apply, balances
from tests.marketplace.hours.certificates.builders import Headers, a_campus, issued, reverse_task
from timebank import Post, Transfer


async def test_each_minute_is_certified_once(platform: Platform, client: httpx.AsyncClient, as_: Headers) -> None:
    campus = await a_campus(platform, 47, 60)
    first = (await issued(client, as_, campus, up_to_minutes=100)).json()
    second = (await issued(client, as_, campus)).json()
    assert (first["total_minutes"], second["total_minutes"]) == (100, 7)
    third = await issued(client, as_, campus)
    assert (third.status_code, third.json()["code"]) == (409, "nothing_to_certify")
    assert (third.json()["verified_minutes"], third.json()["certified_minutes"]) == (107, 107)


async def test_two_requests_at_once_do_not_certify_the_same_minute(
    platform: Platform, client: httpx.AsyncClient, as_: Headers
) -> None:
    campus = await a_campus(platform, 47, 60)
    answers = await asyncio.gather(*(issued(client, as_, campus, up_to_minutes=60) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 201, 409, 409]
    assert sum(answer.json().get("total_minutes", 0) for answer in answers) == 107
    async with transaction(platform.db) as tx:
        assert await tx.scalar(text("SELECT sum(until_minute - from_minute) FROM certified_minutes")) == 107
    assert await balances(platform, campus.student.account) == [(0, 0)]


async def test_the_database_itself_keeps_certified_minutes_single_verified_and_unchanged(
    platform: Platform, client: httpx.AsyncClient, as_: Headers
) -> None:
    campus = await a_campus(platform, 47)
    made = (await issued(client, as_, campus)).json()
    insert = "INSERT INTO certified_minutes VALUES (:c, :t, :a, :b, false)"
    attacks = [
        (insert, 46, 47, "certified_once"),
        (insert, 47, 48, "verified minutes"),
        (insert, 5, 5, "certified_minutes_range"),
        ("UPDATE certified_minutes SET until_minute = 1", 0, 0, "and stay"),
        ("DELETE FROM certified_minutes", 0, 0, "and stay"),
    ]
    for attack, start, end, why in attacks:
        row = {"c": UUID(made["id"]), "t": campus.tasks[0].id, "a": start, "b": end}
        with pytest.raises(DBAPIError, match=why):
            await attacked(platform, attack, row if ":c" in attack else {})


async def attacked(platform: Platform, attack: str, row: dict[str, object]) -> None:
    async with transaction(platform.db) as tx:
        await tx.execute(text(attack), row)


async def test_who_spent_her_minutes_is_told_what_is_short_and_nothing_changes(
    platform: Platform, client: httpx.AsyncClient, as_: Headers
) -> None:
    campus = await a_campus(platform, 47, 60)
    gift = Transfer(campus.student.account, pool_account(campus.district_id), 10)
    await apply(platform, [Post("gift", (gift,), "gift", "gift", platform.now())])
    answer = await issued(client, as_, campus)
    assert (answer.status_code, answer.json()["code"]) == (409, "minutes_spent")
    assert (answer.json()["needed_minutes"], answer.json()["available_minutes"]) == (107, 97)
    assert await balances(platform, campus.student.account) == [(97, 0)]
    assert (await issued(client, as_, campus, up_to_minutes=97)).status_code == 201


async def test_where_the_rules_say_so_certified_minutes_stay_spendable(
    platform: Platform, client: httpx.AsyncClient, as_: Headers
) -> None:
    campus = await a_campus(platform, 47)
    rules = platform.policy.timebank
    students = rules.students.model_copy(update={"stays_spendable": True})
    policy = platform.policy.model_copy(update={"timebank": rules.model_copy(update={"students": students})})
    client._transport.app.state.platform = dataclasses.replace(platform, policy=policy)  # type: ignore[attr-defined]
    made = (await issued(client, as_, campus)).json()
    assert (made["total_minutes"], made["spent_minutes"]) == (47, 0)
    assert await balances(platform, campus.student.account) == [(47, 0)]
    assert (await issued(client, as_, campus)).json()["code"] == "nothing_to_certify"


async def test_hours_that_were_taken_back_are_not_certified(
    platform: Platform, client: httpx.AsyncClient, as_: Headers
) -> None:
    campus = await a_campus(platform, 47, 60)
    await reverse_task(platform, campus, 0)
    assert (await issued(client, as_, campus)).json()["total_minutes"] == 60
