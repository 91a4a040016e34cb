"""The day's page over HTTP: what it shows, in which language, to whom, and what it refuses."""

import json
import re
from typing import Any

import httpx
import pytest

from marketplace.base.actor import Role
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.people.models import Elder
from marketplace.people.regions import add_region
from tests.builders import an_elder
from tests.conftest import MovableClock
from tests.marketplace.console.builders import Planned, a_planned_monday, sign_in, staff
from tests.marketplace.visits.builders import a_visit, at


async def opened(platform: Platform, client: httpx.AsyncClient) -> Planned:
    """A planned Monday with its dispatcher signed in."""
    day = await a_planned_monday(platform)
    await sign_in(client, await staff(platform, day.team.district, Role.DISPATCHER, Role.OFFICER))
    return day


async def name_of(platform: Platform, elder_id: object) -> str:
    async with transaction(platform.db) as tx:
        found = await tx.get(Elder, elder_id)
        assert found is not None
        return found.name


def given(text: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="given">(.*?)</script>', text, re.DOTALL)
    assert found is not None
    values: dict[str, Any] = json.loads(found[1])
    return values


async def test_the_page_holds_the_whole_day_without_script(platform: Platform, client: httpx.AsyncClient) -> None:
    day = await opened(platform, client)
    page = (await client.get(day.address())).text
    for visit in (day.cleaning, day.lunch, day.medical):
        assert f'<tr id="visit-{visit.id}"' in page
        assert await name_of(platform, visit.elder_id) in page
    assert page.count('<div class="row" data-shift=') == 1
    assert "当班人员都不具备：助医" in page
    assert 'data-code="skill"' in page
    assert re.search(r'class="unassigned">\s*<dt>未安排</dt><dd>1</dd>', page)
    assert re.search(r"<dt>已安排</dt><dd>2 <small>共 3 次", page)


async def test_the_same_page_in_english(platform: Platform, client: httpx.AsyncClient) -> None:
    day = await opened(platform, client)
    page = (await client.get(day.address("en"))).text
    assert '<html lang="en">' in page
    assert "Nobody on duty holds all of: Medical help" in page
    assert re.search(r"Plan 1 · published 06:00", page)
    assert not re.search(r"[\u4e00-\u9fff]", re.sub(r"示例[^<\"&]*|中文", "", page)), "a Chinese word is left"


async def test_pages_with_names_are_not_kept_and_run_our_own_files_only(
    platform: Platform, client: httpx.AsyncClient
) -> None:
    day = await opened(platform, client)
    answer = await client.get(day.address())
    assert answer.headers["cache-control"] == "no-store"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert not re.search(r"<script(?![^>]*(src=|application/json))", answer.text)
    assert not re.search(r"\s(style|on\w+)=", answer.text)
    assert not re.search(r"(src|href)=\"(https?:)?//", answer.text)
    assert (await client.get(day.address(page="day.json"))).headers["cache-control"] == "no-store"


async def test_the_pages_own_token_plans_again_and_the_cookie_alone_does_not(
    platform: Platform, client: httpx.AsyncClient
) -> None:
    day = await opened(platform, client)
    page = await client.get(day.address())
    token = given(page.text)["token"]
    body = {"district_id": str(day.team.district.id), "day": "2026-03-02"}
    alone = await client.post("/v1/plans", json=body, headers={"Idempotency-Key": "one"})
    assert alone.status_code == 401
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "two"}
    assert (await client.post("/v1/plans", json=body, headers=headers)).status_code == 202
    waiting = (await client.get(day.address(page="day.json"))).json()["planning"]
    assert waiting == {"state": "waiting", "text": "正在排班…"}


async def test_the_map_has_the_line_its_numbered_stops_and_the_unassigned(
    platform: Platform, client: httpx.AsyncClient
) -> None:
    day = await opened(platform, client)
    found = (await client.get(day.address(page="day.json"))).json()
    (line,) = found["map"]["lines"]
    assert [(stop["number"], stop["visit"]) for stop in line["stops"]] == [
        (1, str(day.cleaning.id)),
        (2, str(day.lunch.id)),
    ]
    assert [day.lunch.kitchen_lat, day.lunch.kitchen_lon] in line["path"]
    assert [one["visit"] for one in found["map"]["unassigned"]] == [str(day.medical.id)]
    panel = found["panels"][str(day.cleaning.id)]
    assert panel["title"] == await name_of(platform, day.cleaning.elder_id)
    assert ["可上门时间", "09:00–10:00"] in panel["lines"]
    assert set(found["parts"]) == {"counts", "matters", "hours", "timeline", "unassigned", "exceptions", "visits"}


async def test_who_has_not_come_is_flagged_late(
    platform: Platform, client: httpx.AsyncClient, clock: MovableClock
) -> None:
    day = await opened(platform, client)
    clock.set(at(9, 40))  # the hour of cleaning was to begin at nine at the latest plan's start
    found = (await client.get(day.address("en", page="day.json"))).json()
    (line,) = found["map"]["lines"]
    late = {stop["number"]: stop["late"] for stop in line["stops"]}
    assert late == {1: True, 2: False}
    assert "badge late" in found["parts"]["timeline"]
    assert re.search(r"<dt>Running late</dt><dd>1</dd>", found["parts"]["counts"])


async def test_a_dispatcher_of_another_district_learns_nothing(platform: Platform, client: httpx.AsyncClient) -> None:
    day = await a_planned_monday(platform)
    await sign_in(client, await staff(platform, day.team.town.districts[1]))
    for page in ("day", "day.json"):
        answer = await client.get(day.address("en", page=page), headers={"Accept-Language": "en"})
        assert answer.status_code == 404
        assert "no such district" in answer.text
        assert await name_of(platform, day.cleaning.elder_id) not in answer.text
    own = await client.get("/console/day?day=2026-03-02")
    assert own.status_code == 200
    assert str(day.team.district.id) not in own.text
    assert str(day.cleaning.id) not in own.text


async def test_a_community_officer_sees_her_elders_and_of_others_only_that_somebody_is_busy(
    platform: Platform, client: httpx.AsyncClient
) -> None:
    day = await a_planned_monday(platform)
    async with transaction(platform.db) as tx:
        place = {"lon": day.team.district.lon, "lat": day.team.district.lat}
        street = await add_region(
            tx, parent=day.team.district, level="street", code="s2", name_zh="二街", name_en="Street 2", **place
        )
        other = await add_region(
            tx, parent=street, level="community", code="c9", name_zh="九社区", name_en="Community 9", **place
        )
        own = await a_visit(tx, await an_elder(platform, tx, other), window_start=at(16), window_end=at(17))
    await sign_in(client, await staff(platform, other, Role.OFFICER))
    text = (await client.get(day.address("en"))).text
    assert await name_of(platform, own.elder_id) in text
    assert "Visit in another community" in text
    found = (await client.get(day.address("en", page="day.json"))).json()
    assert set(found["panels"]) == {str(own.id)}
    assert found["map"]["lines"] == [] or all(not line["stops"] for line in found["map"]["lines"])
    for hidden in (day.cleaning, day.lunch, day.medical):
        assert str(hidden.id) not in text + json.dumps(found)
        assert await name_of(platform, hidden.elder_id) not in text + json.dumps(found)


async def test_what_cannot_be_a_district_or_a_day_is_a_clear_page(
    platform: Platform, client: httpx.AsyncClient
) -> None:
    day = await opened(platform, client)
    here = day.team.district.id
    for query, sentence in (
        ("district=not-an-id", "no such district"),
        ("district=0195a3f0-0000-7000-8000-000000000001", "no such district"),
        (f"district={here}&day=2026-02-30", "no such day"),
        (f"district={here}&day=9999-12-31", "no such day"),
        (f"district={here}&day=0001-01-01", "no such day"),
        (f"district={here}&day=%00", "no such day"),
    ):
        answer = await client.get(f"/console/day?{query}&lang=en")
        assert answer.status_code == 404, query
        assert sentence in answer.text
        assert answer.headers["content-type"].startswith("text/html")
        problem = await client.get(f"/console/day.json?{query}&lang=en")
        assert problem.status_code == 404
        assert problem.headers["content-type"].startswith("application/problem+json")


async def test_an_empty_day_says_so(platform: Platform, client: httpx.AsyncClient) -> None:
    day = await opened(platform, client)
    answer = await client.get(f"/console/day?district={day.team.district.id}&day=2026-03-09&lang=en")
    assert answer.status_code == 200
    for sentence in (
        "Nobody works on this day.",
        "Every visit is assigned.",
        "No visits on this day.",
        "Not planned yet",
    ):
        assert sentence in answer.text


async def test_a_name_is_text_and_never_markup(platform: Platform, client: httpx.AsyncClient) -> None:
    day = await opened(platform, client)
    async with transaction(platform.db) as tx:
        elder = await tx.get(Elder, day.cleaning.elder_id)  # visible: the test itself
        assert elder is not None
        elder.name = '<img src=x onerror="alert(1)">'
    page = (await client.get(day.address())).text
    assert "<img" not in page
    assert "&lt;img src=x" in page


@pytest.mark.parametrize("lang", ["fr", "../../etc", "zh%00"])
async def test_an_unknown_language_is_chinese(client: httpx.AsyncClient, lang: str) -> None:
    answer = await client.get(f"/console?lang={lang}")
    assert answer.status_code == 200
    assert '<html lang="zh-CN">' in answer.text
