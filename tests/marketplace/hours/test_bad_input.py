from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text

from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from tests.marketplace.hours.asking import AVAILABILITY, Asking
from tests.marketplace.hours.builders import HOUR, TEN
from tests.marketplace.hours.calling import Headers


async def counts(platform: Platform) -> list[int]:
    tables = ("task", "visit", "member", "ledger_hold", "ledger_entry", "assignment")
    async with transaction(platform.db) as tx:
        return [int(await tx.scalar(text(f"SELECT count(*) FROM {table}")) or 0) for table in tables]


def body_of(asking: Asking, **changes: Any) -> dict[str, Any]:
    return {
        "elder_id": asking.elder_id,
        "kind": "shopping",
        "window_start": TEN.isoformat(),
        "window_end": (TEN + HOUR).isoformat(),
        "minutes": 30,
        **changes,
    }


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"minutes": 0}, 400, "malformed"),
        ({"minutes": -60}, 400, "malformed"),
        ({"minutes": 30.5}, 400, "malformed"),
        ({"minutes": 2**63}, 400, "malformed"),
        ({"minutes": 241}, 400, "task_too_long"),
        ({"minutes": 61}, 409, "no_hours_source"),
        ({"kind": "dancing"}, 400, "malformed"),
        ({"paid_by": "somebody"}, 400, "malformed"),
        ({"surprise": 1}, 400, "malformed"),
        ({"elder_id": "no-uuid"}, 400, "malformed"),
        ({"elder_id": str(uuid4())}, 404, "unknown"),
        ({"window_end": (TEN - HOUR).isoformat()}, 400, "window_backwards"),
        ({"window_start": (TEN - timedelta(days=2)).isoformat()}, 400, "window_too_long"),
        ({"window_start": "2026-03-03T10:00:00"}, 400, "malformed"),
        ({"notes": "x" * 501}, 400, "malformed"),
        ({"paid_by": "me"}, 409, "not_a_relative"),
    ],
)
async def test_a_task_that_cannot_be_is_refused_and_nothing_changes(
    platform: Platform,
    client: httpx.AsyncClient,
    as_: Headers,
    asking: Asking,
    changes: dict[str, Any],
    status: int,
    code: str,
) -> None:
    before = await counts(platform)
    answer = await client.post("/v1/tasks", json=body_of(asking, **changes), headers=as_(asking.officer))
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert await counts(platform) == before


@pytest.mark.parametrize("days", [-1, 40])
async def test_the_past_and_the_far_future_take_no_tasks(
    client: httpx.AsyncClient, as_: Headers, asking: Asking, days: int
) -> None:
    start = TEN + timedelta(days=days - 1 if days < 0 else days)
    window = {"window_start": start.isoformat(), "window_end": (start + HOUR).isoformat()}
    answer = await client.post("/v1/tasks", json=body_of(asking, **window), headers=as_(asking.officer))
    assert answer.json()["code"] == ("in_the_past" if days < 0 else "beyond_horizon")


async def test_at_night_nobody_is_asked_for(client: httpx.AsyncClient, as_: Headers, asking: Asking) -> None:
    start = TEN + timedelta(hours=12)
    window = {"window_start": start.isoformat(), "window_end": (start + HOUR).isoformat()}
    answer = await client.post("/v1/tasks", json=body_of(asking, **window), headers=as_(asking.officer))
    assert (answer.status_code, answer.json()["code"]) == (400, "outside_opening_hours")


async def test_an_elder_of_another_district_is_unknown_and_so_is_one_without_a_grant(
    platform: Platform, client: httpx.AsyncClient, as_: Headers, asking: Asking
) -> None:
    before = await counts(platform)
    foreign = body_of(asking, elder_id=asking.foreign_elder_id)
    assert (await client.post("/v1/tasks", json=foreign, headers=as_(asking.officer))).status_code == 404
    assert (await client.post("/v1/tasks", json=body_of(asking), headers=as_(asking.family))).status_code == 404
    assert (await client.post("/v1/tasks", json=body_of(asking), headers=as_(asking.volunteer))).status_code == 403
    assert (await client.post("/v1/tasks", json=body_of(asking))).status_code in {400, 401}
    assert await counts(platform) == before


async def test_a_post_needs_its_key_and_gives_the_same_answer_again(
    platform: Platform, client: httpx.AsyncClient, as_: Headers, asking: Asking
) -> None:
    headers, nothing = as_(asking.officer), await counts(platform)
    bare = {name: value for name, value in headers.items() if name != "Idempotency-Key"}
    for unseen in ({}, {"Idempotency-Key": ""}, {"Idempotency-Key": " "}, {"Idempotency-Key": "   "}):
        answer = await client.post("/v1/tasks", json=body_of(asking), headers=bare | unseen)
        assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_missing")
    assert await counts(platform) == nothing
    first = await client.post("/v1/tasks", json=body_of(asking), headers=headers)
    before = await counts(platform)
    again = await client.post("/v1/tasks", json=body_of(asking), headers=headers)
    assert (first.status_code, first.json()) == (201, again.json())
    assert await counts(platform) == before
    other = await client.post("/v1/tasks", json=body_of(asking, minutes=20), headers=headers)
    assert other.status_code == 422


@pytest.mark.parametrize("step", ["grab", "cancel"])
@pytest.mark.parametrize("task_id", ["00000000-0000-7000-8000-000000000000", "no-uuid"])
async def test_a_task_that_is_not_there_is_unknown(
    client: httpx.AsyncClient, as_: Headers, asking: Asking, step: str, task_id: str
) -> None:
    actor = asking.volunteer if step == "grab" else asking.officer
    body = None if step == "grab" else {"reason": "no more"}
    answer = await client.post(f"/v1/tasks/{task_id}/{step}", json=body, headers=as_(actor))
    assert answer.status_code == 404


@pytest.mark.parametrize("body", [None, {}, {"reason": ""}, {"reason": "x" * 201}, {"reason": 7}, {"why": "so"}])
async def test_cancelling_needs_a_reason(
    platform: Platform, client: httpx.AsyncClient, as_: Headers, asking: Asking, body: dict[str, Any] | None
) -> None:
    answer = await client.post(f"/v1/tasks/{asking.task_id}/cancel", json=body, headers=as_(asking.officer))
    assert answer.status_code == 400
    async with transaction(platform.db) as tx:
        assert await tx.scalar(text("SELECT state FROM task")) == "published"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"district_id": "no-uuid"},
        {"district_id": str(uuid4())},
        {"district_id": str(uuid4()), "gender": "x"},
        {"elder_id": str(uuid4()), "account_id": str(uuid4())},
        {"district_id": str(uuid4()), "skills": ["Provider:1"]},
        {"district_id": str(uuid4()), "surprise": True},
    ],
)
async def test_a_membership_that_cannot_be_is_refused(
    platform: Platform, client: httpx.AsyncClient, as_: Headers, asking: Asking, body: dict[str, Any]
) -> None:
    before = await counts(platform)
    answer = await client.post("/v1/members", json=body, headers=as_(asking.family))
    assert answer.status_code == 400, answer.text
    assert await counts(platform) == before


@pytest.mark.parametrize("query", ["lon=8.6", "lon=200&lat=1", "lat=91&lon=1", "limit=0", "limit=201", "district_id=x"])
async def test_a_list_that_cannot_be_is_refused(
    client: httpx.AsyncClient, as_: Headers, asking: Asking, query: str
) -> None:
    assert (await client.get(f"/v1/tasks?{query}", headers=as_(asking.volunteer))).status_code == 400


@pytest.mark.parametrize(
    ("address", "body", "status", "code"),
    [
        ("/v1/members", {"birth_on": "2026-03-03"}, 400, "birth_date_impossible"),
        ("/v1/members", {"birth_on": "1850-01-01"}, 400, "birth_date_impossible"),
        ("/v1/members", {"birth_on": "9999-12-31"}, 400, "birth_date_impossible"),
        ("/v1/members", {"birth_on": "1970-13-01"}, 400, "malformed"),
        ("/v1/members", {"student": {"school": "x", "number": ""}}, 400, "malformed"),
        ("/v1/task-series", {"rule": "FREQ=WEEKLY"}, 403, "forbidden"),
        ("/v1/me/availability", {"starts_at": "9999-12-31T12:00:00Z"}, 400, "beyond_horizon"),
        ("/v1/me/availability", {"ends_at": "9999-12-31T12:00:00Z"}, 400, "impossible_shift"),
        ("/v1/me/availability", {"ends_at": "2026-03-03T09:00:00+08:00"}, 400, "impossible_shift"),
        ("/v1/me/availability", {"place": {"lon": 181, "lat": 0}}, 400, "malformed"),
    ],
)
async def test_what_a_volunteer_says_wrongly_is_refused_by_name(
    platform: Platform,
    client: httpx.AsyncClient,
    as_: Headers,
    asking: Asking,
    address: str,
    body: dict[str, Any],
    status: int,
    code: str,
) -> None:
    before = await counts(platform)
    usual: dict[str, dict[str, Any]] = {
        "/v1/members": {"district_id": asking.district_id},
        "/v1/task-series": {},
        "/v1/me/availability": AVAILABILITY,
    }
    answer = await client.post(address, json=usual[address] | body, headers=as_(asking.volunteer))
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert await counts(platform) == before


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"window_start": "9999-12-31T12:00:00Z", "window_end": "9999-12-31T12:30:00Z"}, "no_occurrence"),
        ({"window_end": "9999-12-31T12:30:00Z"}, "window_too_long"),
        ({"window_end": "2020-01-01T00:00:00Z"}, "window_backwards"),
        ({"rule": "FREQ=SECONDLY"}, "rule_malformed"),
        ({"rule": "x" * 201}, "malformed"),
        ({"minutes": 241}, "task_too_long"),
        ({"places": 21}, "malformed"),
        ({"group_people": 1}, "malformed"),
    ],
)
async def test_a_series_that_cannot_be_is_refused_and_nothing_changes(
    platform: Platform,
    client: httpx.AsyncClient,
    as_: Headers,
    asking: Asking,
    changes: dict[str, Any],
    code: str,
) -> None:
    before = await counts(platform)
    body = body_of(asking, **{"rule": "FREQ=WEEKLY", **changes})
    answer = await client.post("/v1/task-series", json=body, headers=as_(asking.officer))
    assert (answer.status_code in {400, 409}, answer.json()["code"]) == (True, code), answer.text
    assert await counts(platform) == before
