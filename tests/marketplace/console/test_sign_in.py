"""Signing in to the console: the form, its refusals, the cookies, and the quiet renewal."""

import re

import httpx
import pytest
from sqlalchemy import func, select
from sqlmodel import col

from marketplace.base import tokens
from marketplace.base.actor import Actor, Role
from marketplace.base.audit import Audit
from marketplace.base.database import transaction
from marketplace.base.ids import new_id
from marketplace.base.platform import Platform
from tests.builders import a_town
from tests.marketplace.console.builders import PASSWORD, SAME, sign_in, staff

ENGLISH = {"Accept-Language": "en"}


async def a_dispatcher(platform: Platform) -> str:
    async with transaction(platform.db) as tx:
        town = await a_town(tx)
    return await staff(platform, town.districts[0])


async def test_without_a_sign_in_every_page_leads_to_the_form(client: httpx.AsyncClient) -> None:
    answer = await client.get("/console/day?day=2026-03-02")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/console?lang=zh"
    form = await client.get("/console")
    assert form.status_code == 200
    assert 'action="/console/sign-in?lang=zh"' in form.text
    assert '<html lang="zh-CN">' in form.text


async def test_the_form_speaks_english_when_asked(client: httpx.AsyncClient) -> None:
    for answer in (await client.get("/console?lang=en"), await client.get("/console", headers=ENGLISH)):
        assert '<html lang="en">' in answer.text
        assert "Telephone" in answer.text


async def test_a_password_opens_the_day_and_both_cookies_are_closed_to_script_and_to_other_sites(
    platform: Platform, client: httpx.AsyncClient
) -> None:
    answer = await sign_in(client, await a_dispatcher(platform), lang="en")
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/day?lang=en")
    cookies = answer.headers.get_list("set-cookie")
    assert {cookie.split("=")[0] for cookie in cookies} == {"liuzhu_access", "liuzhu_refresh"}
    for cookie in cookies:
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        assert "Path=/console" in cookie
    day = await client.get("/console/day")
    assert day.status_code == 200
    assert "示例1区" in day.text


async def test_the_demo_fills_in_a_one_time_code(platform: Platform, client: httpx.AsyncClient) -> None:
    phone = await a_dispatcher(platform)
    asked = await client.post("/console/code", data={"phone": phone, "password": "", "code": ""}, headers=SAME)
    code = re.search(r'name="code"[^>]*value="(\d{6})"', asked.text)
    assert code is not None
    answer = await client.post("/console/sign-in", data={"phone": phone, "password": "", "code": code[1]}, headers=SAME)
    assert answer.status_code == 303


@pytest.mark.parametrize(
    ("fields", "status", "sentence"),
    [
        ({"password": "wrong-password"}, 401, "wrong"),
        ({"password": ""}, 400, "Give a password or a code"),
        ({"password": PASSWORD, "code": "123456"}, 400, "Give a password or a code"),
        ({"phone": "' OR 1=1", "password": PASSWORD}, 400, "not in the right form"),
        ({"code": "12", "password": ""}, 400, "not in the right form"),
        ({"unheard": "of"}, 400, "not in the right form"),
    ],
)
async def test_a_refusal_shows_the_form_with_its_reason_and_sets_no_cookie(
    platform: Platform, client: httpx.AsyncClient, fields: dict[str, str], status: int, sentence: str
) -> None:
    form = {"phone": await a_dispatcher(platform), "password": PASSWORD, "code": "", **fields}
    answer = await client.post("/console/sign-in?lang=en", data=form, headers=SAME)
    assert answer.status_code == status
    assert sentence in answer.text
    assert 'role="alert"' in answer.text
    assert "set-cookie" not in answer.headers


async def test_an_elder_is_told_that_the_console_is_for_staff(platform: Platform, client: httpx.AsyncClient) -> None:
    answer = await sign_in(client, await staff(platform, None, Role.ELDER), lang="en")
    assert answer.status_code == 403
    assert "for dispatchers" in answer.text
    assert "set-cookie" not in answer.headers
    async with transaction(platform.db) as tx:
        denied = await tx.scalar(select(func.count()).select_from(Audit).where(col(Audit.action) == "access.denied"))
    assert denied == 1


FOREIGN = (
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Origin": "http://elsewhere.test"},
    {"Origin": "null"},
)


async def test_a_form_that_another_site_sends_is_refused(platform: Platform, client: httpx.AsyncClient) -> None:
    data = {"phone": await a_dispatcher(platform), "password": PASSWORD, "code": ""}
    for form in ("sign-in", "code", "renew", "sign-out"):
        for headers in FOREIGN:
            answer = await client.post(f"/console/{form}", data=data, headers=headers)
            assert answer.status_code == 403, (form, headers)
            assert "set-cookie" not in answer.headers


async def test_our_own_origin_is_welcome_where_browsers_say_no_more(
    platform: Platform, client: httpx.AsyncClient
) -> None:
    data = {"phone": await a_dispatcher(platform), "password": PASSWORD, "code": ""}
    answer = await client.post("/console/sign-in", data=data, headers={"Origin": "http://liuzhu.test"})
    assert answer.status_code == 303


async def test_when_the_access_cookie_has_gone_the_page_renews_itself(
    platform: Platform, client: httpx.AsyncClient
) -> None:
    await sign_in(client, await a_dispatcher(platform))
    before = client.cookies["liuzhu_refresh"]
    client.cookies.delete("liuzhu_access")
    answer = await client.get("/console/day")
    assert answer.status_code == 200
    assert client.cookies["liuzhu_refresh"] != before
    assert "liuzhu_access" in client.cookies


async def test_an_access_cookie_that_has_run_out_is_forgotten_and_renewed(
    platform: Platform, client: httpx.AsyncClient
) -> None:
    await sign_in(client, await a_dispatcher(platform))
    client.cookies.delete("liuzhu_access")
    client.cookies.set("liuzhu_access", "no.token.any-more", domain="liuzhu.test", path="/console")
    answer = await client.get("/console/day", follow_redirects=True)
    assert answer.status_code == 200
    assert str(answer.url).endswith("/console/day?lang=zh")


async def test_a_dead_refresh_cookie_leads_to_the_form_once(client: httpx.AsyncClient) -> None:
    client.cookies.set("liuzhu_refresh", "nobody-ever-gave-this-token", domain="liuzhu.test", path="/console")
    answer = await client.get("/console/day", follow_redirects=True)
    assert answer.status_code == 200
    assert 'action="/console/sign-in' in answer.text


async def test_an_open_page_gets_its_next_token(platform: Platform, client: httpx.AsyncClient) -> None:
    await sign_in(client, await a_dispatcher(platform))
    answer = await client.post("/console/renew", headers=SAME)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    token = answer.json()["access_token"]
    me = await client.get("/v1/me", headers={"Authorization": f"Bearer {token}"})
    assert me.json()["roles"] == ["dispatcher"]


async def test_without_a_refresh_cookie_there_is_no_next_token(client: httpx.AsyncClient) -> None:
    answer = await client.post("/console/renew", headers=SAME)
    assert answer.status_code == 401
    assert answer.json()["code"] == "sign_in_needed"


async def test_signing_out_ends_the_chain_and_forgets_the_cookies(
    platform: Platform, client: httpx.AsyncClient
) -> None:
    await sign_in(client, await a_dispatcher(platform))
    kept = client.cookies["liuzhu_refresh"]
    answer = await client.post("/console/sign-out", headers=SAME)
    assert (answer.status_code, answer.headers["location"]) == (303, "/console?lang=zh")
    assert not client.cookies
    client.cookies.set("liuzhu_refresh", kept, domain="liuzhu.test", path="/console")
    assert (await client.post("/console/renew", headers=SAME)).status_code == 401


async def test_a_regulator_sees_no_day_and_is_led_to_the_figures(platform: Platform, client: httpx.AsyncClient) -> None:
    assert platform.settings.secret is not None
    token = tokens.issue(Actor(new_id(), frozenset({Role.REGULATOR})), platform.settings.secret)
    headers = {"Authorization": f"Bearer {token}", **ENGLISH}
    page = await client.get("/console/day", headers=headers)
    assert (page.status_code, page.headers["location"]) == (303, "/console/cycles?lang=en")
    assert (await client.get("/console/cycles", headers=headers)).status_code == 200
    assert (await client.get("/console/day.json", headers=headers)).status_code == 403
