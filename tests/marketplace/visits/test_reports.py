"""Check-in and check-out over HTTP: what is kept, what is wrong with it, and what is refused."""

from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import select

from marketplace.base.actor import Role
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.visits.attendance.evidence import metres_between
from marketplace.visits.models import Assignment, CheckEvent
from tests.builders import an_actor
from tests.conftest import MovableClock
from tests.marketplace.visits.attending import Headers, attended_visit, messages, send, visit_now
from tests.marketplace.visits.builders import (
    at,
    report,
)


async def test_the_same_report_twice_is_one(platform: Platform, client: httpx.AsyncClient, as_: Headers) -> None:
    one = await attended_visit(platform)
    body = report(platform, one)
    first = await send(client, as_, one, "in", body)
    second = await send(client, as_, one, "in", body)
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json() == second.json()
    assert first.json()["verdict"] == "ok"
    assert len(await messages(platform, "visit.checked_in")) == 1


async def test_a_reports_id_belongs_to_one_report(platform: Platform, client: httpx.AsyncClient, as_: Headers) -> None:
    one = await attended_visit(platform)
    body = report(platform, one)
    await send(client, as_, one, "in", body)
    other = await send(client, as_, one, "in", {**body, "lon": body["lon"] + 0.001})
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


async def test_a_second_check_in_is_refused_with_the_present_state(
    platform: Platform, client: httpx.AsyncClient, as_: Headers
) -> None:
    one = await attended_visit(platform)
    await send(client, as_, one, "in", report(platform, one))
    again = await send(client, as_, one, "in", report(platform, one))
    assert (again.status_code, again.json()["state"]) == (409, "checked_in")


@pytest.mark.parametrize(
    ("given", "verdict"),
    [
        ({}, "ok"),
        ({"mocked": True}, "mocked"),
        ({"device_at": at(8, 40).isoformat()}, "ok"),  # 20 minutes early is in the rules
        ({"device_at": at(8, 39).isoformat()}, "early"),
        ({"device_at": at(10, 30).isoformat()}, "ok"),  # 30 minutes after the window is in the rules
        ({"device_at": at(10, 31).isoformat()}, "late"),
        ({"lat": 49.40 + 0.00134}, "ok"),  # 149.0 m north
        ({"lat": 49.40 + 0.00136}, "far"),  # 151.2 m north, the rules say 150
        ({"lat": 49.41, "mocked": True, "device_at": at(8).isoformat()}, "far mocked early"),
    ],
)
async def test_what_is_wrong_with_a_report_is_named_and_never_refused(
    platform: Platform,
    clock: MovableClock,
    client: httpx.AsyncClient,
    as_: Headers,
    given: dict[str, Any],
    verdict: str,
) -> None:
    one = await attended_visit(platform)
    clock.set(at(11))  # sent from an offline queue
    kept = await send(client, as_, one, "in", report(platform, one, device_at=at(9).isoformat()) | given)
    assert (kept.status_code, kept.json()["verdict"]) == (200, verdict)


@pytest.mark.parametrize(("minutes", "state"), [(36, "checked_out"), (35, "exception")])
async def test_less_than_three_fifths_of_the_service_time_is_an_exception(
    platform: Platform, clock: MovableClock, client: httpx.AsyncClient, as_: Headers, minutes: int, state: str
) -> None:
    one = await attended_visit(platform)
    clock.set(at(9))
    await send(client, as_, one, "in", report(platform, one))
    clock.set(at(9, minutes))
    await send(client, as_, one, "out", report(platform, one))
    visit = await visit_now(platform, one)
    assert visit.state == state
    assert visit.findings == ([] if state == "checked_out" else ["short"])


@pytest.mark.parametrize(
    ("kind", "change", "status", "code"),
    [
        ("in", {"lat": 91}, 400, "malformed"),
        ("in", {"lon": -181}, 400, "malformed"),
        ("in", {"lon": "here"}, 400, "malformed"),
        ("in", {"accuracy_metres": -1}, 400, "malformed"),
        ("in", {"device_at": "2026-03-02T09:00:00"}, 400, "malformed"),  # no zone
        ("in", {"device_at": "2026-03-02T09:06:00+08:00"}, 400, "device_time"),  # six minutes ahead
        ("in", {"device_at": "2026-02-23T08:59:00+08:00"}, 400, "device_time"),  # over a week old
        ("in", {"event_id": "1"}, 400, "malformed"),
        ("in", {"extra": 1}, 400, "malformed"),
        ("out", {}, 409, "not_checked_in"),
    ],
)
async def test_a_bad_report_is_refused_and_changes_nothing(
    platform: Platform,
    client: httpx.AsyncClient,
    as_: Headers,
    kind: str,
    change: dict[str, Any],
    status: int,
    code: str,
) -> None:
    one = await attended_visit(platform)
    refused = await send(client, as_, one, kind, report(platform, one) | change)
    assert (refused.status_code, refused.json()["code"]) == (status, code)
    async with transaction(platform.db) as tx:
        assert (await tx.scalars(select(CheckEvent))).all() == []
        assert (await tx.get_one(Assignment, one.assignment.id)).state == "published"


async def test_nobody_leaves_before_coming(
    platform: Platform, clock: MovableClock, client: httpx.AsyncClient, as_: Headers
) -> None:
    one = await attended_visit(platform)
    await send(client, as_, one, "in", report(platform, one))
    clock.set(at(10))
    refused = await send(client, as_, one, "out", report(platform, one, device_at=at(8, 59).isoformat()))
    assert (refused.status_code, refused.json()["code"]) == (400, "device_time")


async def test_only_the_assigned_report(platform: Platform, client: httpx.AsyncClient, as_: Headers) -> None:
    one = await attended_visit(platform)
    async with transaction(platform.db) as tx:
        other = await an_actor(platform, tx, Role.CAREGIVER)
        officer = await an_actor(platform, tx, Role.OFFICER, region=one.town.districts[0])
    path, body = f"/v1/assignments/{one.assignment.id}/check-in", report(platform, one)
    assert (await client.post(path, json=body)).status_code == 401
    assert (await client.post(path, json=body, headers=as_(officer))).status_code == 403
    assert (await client.post(path, json=body, headers=as_(other))).status_code == 404
    unknown = f"/v1/assignments/{uuid4()}/check-in"
    assert (await client.post(unknown, json=body, headers=as_(one.actor))).status_code == 404


def test_a_degree_of_latitude_is_a_hundred_and_eleven_kilometres() -> None:
    # 2π × 6,371,008.8 m ÷ 360 = 111,195.08 m
    assert metres_between(8.0, 49.0, 8.0, 50.0) == pytest.approx(111_195.08, abs=0.01)
