from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from itertools import product
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text

from marketplace.base.actor import Actor, Role
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from tests.builders import an_actor
from tests.marketplace.hours.builders import HOUR, TEN, a_bank, a_member_elder, a_person, a_task

Headers = Callable[[Actor], dict[str, str]]
AVAILABILITY = {
    "starts_at": (TEN - HOUR).isoformat(),
    "ends_at": (TEN + HOUR).isoformat(),
    "place": {"lon": 8.68, "lat": 49.4},
}


@dataclass(frozen=True)
class Scene:
    elder_id: str
    foreign_elder_id: str
    task_id: str
    district_id: str
    officer: Actor
    volunteer: Actor
    family: Actor


@pytest.fixture
async def scene(platform: Platform) -> Scene:
    async with transaction(platform.db) as tx:
        bank = await a_bank(platform, tx)
        elder, _ = await a_member_elder(platform, tx, bank, minutes=120)
        foreign, _ = await a_member_elder(platform, tx, bank, district=1, minutes=120)
        task = await a_task(platform, tx, elder)
        volunteer = await a_person(platform, tx, bank)
        return Scene(
            elder_id=str(elder.id),
            foreign_elder_id=str(foreign.id),
            task_id=str(task.id),
            district_id=str(elder.district_id),
            officer=await an_actor(platform, tx, Role.OFFICER, region=bank.town.districts[0]),
            volunteer=volunteer.actor,
            family=await an_actor(platform, tx, Role.FAMILY),
        )


async def counts(platform: Platform) -> list[int]:
    tables = ("task", "visit", "member", "ledger_hold", "ledger_entry", "assignment")
    async with transaction(platform.db) as tx:
        return [int(await tx.scalar(text(f"SELECT count(*) FROM {table}")) or 0) for table in tables]


def body_of(scene: Scene, **changes: Any) -> dict[str, Any]:
    return {
        "elder_id": scene.elder_id,
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
    scene: Scene,
    changes: dict[str, Any],
    status: int,
    code: str,
) -> None:
    before = await counts(platform)
    answer = await client.post("/v1/tasks", json=body_of(scene, **changes), headers=as_(scene.officer))
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert await counts(platform) == before


@pytest.mark.parametrize("days", [-1, 40])
async def test_the_past_and_the_far_future_take_no_tasks(
    client: httpx.AsyncClient, as_: Headers, scene: Scene, days: int
) -> None:
    start = TEN + timedelta(days=days - 1 if days < 0 else days)
    window = {"window_start": start.isoformat(), "window_end": (start + HOUR).isoformat()}
    answer = await client.post("/v1/tasks", json=body_of(scene, **window), headers=as_(scene.officer))
    assert answer.json()["code"] == ("in_the_past" if days < 0 else "beyond_horizon")


async def test_at_night_nobody_is_asked_for(client: httpx.AsyncClient, as_: Headers, scene: Scene) -> None:
    start = TEN + timedelta(hours=12)
    window = {"window_start": start.isoformat(), "window_end": (start + HOUR).isoformat()}
    answer = await client.post("/v1/tasks", json=body_of(scene, **window), headers=as_(scene.officer))
    assert (answer.status_code, answer.json()["code"]) == (400, "outside_opening_hours")


async def test_an_elder_of_another_district_is_unknown_and_so_is_one_without_a_grant(
    platform: Platform, client: httpx.AsyncClient, as_: Headers, scene: Scene
) -> None:
    before = await counts(platform)
    foreign = body_of(scene, elder_id=scene.foreign_elder_id)
    assert (await client.post("/v1/tasks", json=foreign, headers=as_(scene.officer))).status_code == 404
    assert (await client.post("/v1/tasks", json=body_of(scene), headers=as_(scene.family))).status_code == 404
    assert (await client.post("/v1/tasks", json=body_of(scene), headers=as_(scene.volunteer))).status_code == 403
    assert (await client.post("/v1/tasks", json=body_of(scene))).status_code in {400, 401}
    assert await counts(platform) == before


async def test_a_post_needs_its_key_and_gives_the_same_answer_again(
    platform: Platform, client: httpx.AsyncClient, as_: Headers, scene: Scene
) -> None:
    headers, nothing = as_(scene.officer), await counts(platform)
    bare = {name: value for name, value in headers.items() if name != "Idempotency-Key"}
    for unseen in ({}, {"Idempotency-Key": ""}, {"Idempotency-Key": " "}, {"Idempotency-Key": "   "}):
        answer = await client.post("/v1/tasks", json=body_of(scene), headers=bare | unseen)
        assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_missing")
    assert await counts(platform) == nothing
    first = await client.post("/v1/tasks", json=body_of(scene), headers=headers)
    before = await counts(platform)
    again = await client.post("/v1/tasks", json=body_of(scene), headers=headers)
    assert (first.status_code, first.json()) == (201, again.json())
    assert await counts(platform) == before
    other = await client.post("/v1/tasks", json=body_of(scene, minutes=20), headers=headers)
    assert other.status_code == 422


@pytest.mark.parametrize("step", ["grab", "cancel"])
@pytest.mark.parametrize("task_id", ["00000000-0000-7000-8000-000000000000", "no-uuid"])
async def test_a_task_that_is_not_there_is_unknown(
    client: httpx.AsyncClient, as_: Headers, scene: Scene, step: str, task_id: str
) -> None:
    actor = scene.volunteer if step == "grab" else scene.officer
    body = None if step == "grab" else {"reason": "no more"}
    answer = await client.post(f"/v1/tasks/{task_id}/{step}", json=body, headers=as_(actor))
    assert answer.status_code == 404


@pytest.mark.parametrize("body", [None, {}, {"reason": ""}, {"reason": "x" * 201}, {"reason": 7}, {"why": "so"}])
async def test_cancelling_needs_a_reason(
    platform: Platform, client: httpx.AsyncClient, as_: Headers, scene: Scene, body: dict[str, Any] | None
) -> None:
    answer = await client.post(f"/v1/tasks/{scene.task_id}/cancel", json=body, headers=as_(scene.officer))
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
    platform: Platform, client: httpx.AsyncClient, as_: Headers, scene: Scene, body: dict[str, Any]
) -> None:
    before = await counts(platform)
    answer = await client.post("/v1/members", json=body, headers=as_(scene.family))
    assert answer.status_code == 400, answer.text
    assert await counts(platform) == before


@pytest.mark.parametrize("query", ["lon=8.6", "lon=200&lat=1", "lat=91&lon=1", "limit=0", "limit=201", "district_id=x"])
async def test_a_list_that_cannot_be_is_refused(
    client: httpx.AsyncClient, as_: Headers, scene: Scene, query: str
) -> None:
    assert (await client.get(f"/v1/tasks?{query}", headers=as_(scene.volunteer))).status_code == 400


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
    scene: Scene,
    address: str,
    body: dict[str, Any],
    status: int,
    code: str,
) -> None:
    before = await counts(platform)
    usual: dict[str, dict[str, Any]] = {
        "/v1/members": {"district_id": scene.district_id},
        "/v1/task-series": {},
        "/v1/me/availability": AVAILABILITY,
    }
    answer = await client.post(address, json=usual[address] | body, headers=as_(scene.volunteer))
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
    scene: Scene,
    changes: dict[str, Any],
    code: str,
) -> None:
    before = await counts(platform)
    body = body_of(scene, **{"rule": "FREQ=WEEKLY", **changes})
    answer = await client.post("/v1/task-series", json=body, headers=as_(scene.officer))
    assert (answer.status_code in {400, 409}, answer.json()["code"]) == (True, code), answer.text
    assert await counts(platform) == before


async def test_a_statement_of_days_at_the_calendars_ends_is_refused_in_every_form(
    client: httpx.AsyncClient, as_: Headers, scene: Scene
) -> None:
    headers = as_(scene.volunteer)
    me = (await client.get("/v1/me/hours", headers=headers)).json()["member_id"]
    for form, (since, until, field) in product(
        ("json", "csv", "xlsx", "pdf", "proof"),
        (
            ("0001-01-01", "0001-01-02", "/to"),
            ("9999-12-31", "9999-12-31", "/to"),
            ("1899-12-31", "1900-01-01", "/from"),
            ("2999-12-31", "3000-01-01", "/to"),
        ),
    ):
        period = {"from": since, "to": until, "format": form}
        answer = await client.get(f"/v1/members/{me}/statement", params=period, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (400, "day_out_of_range"), (period, answer.text)
        assert answer.json()["errors"][0]["pointer"] == field
        assert (answer.json()["earliest"], answer.json()["latest"]) == ("1900-01-01", "2999-12-31")


async def test_nobody_asks_for_a_day_or_offers_an_instant_at_the_calendars_ends(
    client: httpx.AsyncClient, as_: Headers, scene: Scene
) -> None:
    for (who, address), day in product(
        ((scene.volunteer, "/v1/me/route"), (scene.officer, "/v1/visits")), ("0001-01-01", "9999-12-31")
    ):
        answer = await client.get(address, params={"day": day}, headers=as_(who))
        assert (answer.status_code, answer.json()["code"]) == (400, "day_out_of_range"), (address, answer.text)
    for changed in (
        {"ends_at": "9999-12-31T23:59:59-12:00"},  # no instant in UTC
        {"ends_at": "9999-12-31T16:00:00Z"},  # nor on the city's clock
        {"starts_at": "0001-01-01T00:00:00+14:00"},
    ):
        body = AVAILABILITY | changed
        answer = await client.post("/v1/me/availability", json=body, headers=as_(scene.volunteer))
        assert (answer.status_code, answer.json()["code"]) == (400, "malformed"), (changed, answer.text)


async def test_a_suspension_beyond_the_calendar_is_refused_and_nothing_changes(
    platform: Platform, client: httpx.AsyncClient, as_: Headers, scene: Scene
) -> None:
    async with transaction(platform.db) as tx:
        member = await tx.scalar(text("SELECT id FROM member WHERE performer_id IS NOT NULL"))
    for until in ("9999-12-31T23:59:59-12:00", "9999-12-31T16:00:00Z", "0001-01-01T00:00:00+12:00"):
        body = {"reason": "bad", "until": until}
        answer = await client.post(f"/v1/members/{member}/suspensions", json=body, headers=as_(scene.officer))
        assert (answer.status_code, answer.json()["code"]) == (400, "malformed"), answer.text
        assert answer.json()["errors"][0]["pointer"] == "/until"
    async with transaction(platform.db) as tx:
        assert await tx.scalar(text("SELECT count(*) FROM incident")) == 0
