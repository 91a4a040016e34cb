"""The month's grants at once in the console: one table, chosen, tried, and one button."""

import html
import json
import re
from dataclasses import replace
from typing import Any

import httpx
import pytest

from marketplace.base.actor import Role
from marketplace.base.platform import Platform
from marketplace.hours.books import pool_account
from tests.conftest import MovableClock
from tests.marketplace.console.pages import NOON, Page, section
from tests.marketplace.hours.builders import balances
from tests.marketplace.hours.giving.elders import EIGHTY_ONE, NEEDY, SEVENTY, fill
from tests.marketplace.hours.giving.scene import Scene, Told, a_scene, an_elder_with, rows, under


@pytest.fixture
async def scene(page: Page, clock: MovableClock, platform: Platform, program: Any) -> Scene:
    """Nanjing promises 120 a month: a programme serves Zhao, the pool of 200 Li and, with 80, Wang."""
    clock.set(NOON)
    page.platform = replace(under(platform, "nanjing", second_person_above_minutes=100), channel=Told())
    program.state.platform = page.platform
    found = await a_scene(page.platform, minutes=0)
    await an_elder_with(page.platform, found, categories=("empty_nest", "advanced_age"), birth_on=EIGHTY_ONE)
    await an_elder_with(page.platform, found, categories=("empty_nest",), birth_on=EIGHTY_ONE)
    await an_elder_with(page.platform, found, categories=NEEDY, birth_on=SEVENTY)
    await fill(page.platform, found, 200)
    await page.open(found, Role.OFFICER)
    return found


async def read(page: Page, *fields: tuple[str, str], lang: str = "en") -> str:
    """The page with these fields, which stand there several times."""
    answer = await page.client.get("/console/grants/month", params=[("lang", lang), *fields])
    assert answer.status_code == 200, answer.text
    found = re.search(r'"token": "([^"]+)"', answer.text)
    assert found is not None
    page.token = found[1]
    return answer.text


def ticks_of(shown: str) -> list[str]:
    return re.findall(r'type="checkbox" form="many" name="line" value="([^"]+)" checked', shown)


async def press(page: Page, shown: str) -> httpx.Response:
    """What the script sends when the button of the trial is pressed."""
    form = section(shown, "decide")
    data = {name: html.unescape(value) for name, value in re.findall(r'data-([a-z-]+)="([^"]*)"', form)}
    headers = {"Authorization": f"Bearer {page.token}", "Idempotency-Key": data["key"], "Accept-Language": "en"}
    return await page.client.post(data["address"] + data["step"], json=json.loads(data["body"]), headers=headers)


@pytest.mark.usefixtures("scene")
async def test_the_month_is_read_in_one_table_tried_and_granted_with_one_button(page: Page) -> None:
    shown = await read(page)
    for part in (
        "<dd>200 <small>",  # the pool
        "<dd>120 <small>Minutes · 1 lines",  # by a programme
        "<dd>200 <small>Minutes · 2 lines",  # by the pool: 120 and 80
        "<dd>40 <small>",  # short
        "Group 1 (empty nest, from 80): 120 a month",
        "0 of 120 received this month, waiting since 2026-03-02; the pool had 80",
    ):
        assert part in shown, part
    assert len(ticks_of(shown)) == 3
    tried = await read(page, ("step", "try"), *(("line", one) for one in ticks_of(shown)))
    assert "3 lines are granted, 320 minutes in all; 0 stay as they are. The pool can give 0 minutes after it." in tried
    assert section(tried, "lines").count("would be granted") == 3
    assert await rows(page.platform, "SELECT count(*) FROM key_grant") == [(0,)]
    answer = (await press(page, tried)).json()
    assert (answer["granted"], answer["refused"], answer["granted_minutes"], answer["pool_minutes"]) == (3, 0, 320, 0)
    # a row of the table belongs to each line of the answer, so that the script can tell what became of it
    for line in answer["lines"]:
        assert f'data-line="{line["source"]}:{line["id"]}"' in tried
    assert (await press(page, tried)).json() == answer
    assert await rows(page.platform, "SELECT sum(minutes) FROM key_grant") == [(320,)]
    assert "没有待审批的发放" in await read(page, lang="zh")


@pytest.mark.usefixtures("scene")
async def test_chosen_lines_alone_are_granted(page: Page) -> None:
    li, wang = [one for one in ticks_of(await read(page)) if one.startswith("pool:")]
    for lang, words in (("en", "1 lines are granted, 80 minutes in all"), ("zh", "将发放 1 项，共 80 分钟")):
        tried = await read(page, ("step", "try"), ("line", wang), lang=lang)
        assert words in tried
        assert li not in tried
    assert (await press(page, tried)).json()["granted_minutes"] == 80
    left = await read(page, ("step", "try"), ("line", li), ("line", wang), ("line", '"><script>x'))
    assert "2 of what was chosen is due no more." in left
    assert "<script>x" not in left
    again = await read(page, ("line", li))
    assert ticks_of(again) == [li]  # whoever goes back finds her choice


async def test_what_waits_is_agreed_to_by_another_officer_and_shown_to_who_asked_without_a_tick(
    page: Page, scene: Scene
) -> None:
    await read(page)
    headers = {"Authorization": f"Bearer {page.token}", "Idempotency-Key": "each"}
    address = f"/v1/branches/{scene.districts[0]}/allocations"
    asked = await page.client.post(address, json={"minutes_each": 60}, headers=headers)
    assert asked.json()["waits"] is True
    own = await read(page)
    assert section(own, "lines").count("you asked for it: another officer decides") == 3
    assert all(not one.startswith("waiting:") for one in ticks_of(own))
    await page.open(scene, Role.OFFICER)
    chosen = [("line", one) for one in ticks_of(await read(page)) if one.startswith("waiting:")]
    tried = await read(page, ("step", "try"), *chosen)
    assert "3 lines are granted, 180 minutes in all" in tried
    assert (await press(page, tried)).json()["granted_minutes"] == 180
    assert await balances(page.platform, pool_account(scene.districts[0])) == [(20, 0)]


@pytest.mark.usefixtures("scene")
async def test_addresses_that_say_nothing_are_none(page: Page) -> None:
    for wrong in ("month=2026-13", "month=9999-12", "month=0001-01", "step=dance", "district=x"):
        assert (await page.client.get(f"/console/grants/month?{wrong}")).status_code == 404
    unticked = await page.client.get("/console/grants/month?step=try&lang=en")
    assert (unticked.status_code, "Tick first" in unticked.text) == (400, True)
    nothing = await read(page, ("step", "try"), ("line", "pool:nobody"))
    assert "data-step" not in section(nothing, "decide")
    assert 'href="/console/grants/month?district=' in await page.read(page="grants")
