"""The month's grants at once in the console: one table, chosen, tried, and one button."""

import html
import json
import re
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

import pytest

from marketplace.base.actor import Role
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.console.bank.giving import month_lines
from marketplace.console.bank.giving import monthly as month_page
from marketplace.hours.books import pool_account
from tests.conftest import MovableClock
from tests.marketplace.console.pages import NOON, Page, section
from tests.marketplace.hours.builders import a_member_elder, balances
from tests.marketplace.hours.giving.elders import EIGHTY_ONE, NEEDY, SEVENTY, fill
from tests.marketplace.hours.giving.scene import Scene, Told, a_scene, an_elder_with, faults, rows, under


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


def lines_of(shown: str) -> list[str]:
    """The lines that may be ticked."""
    return re.findall(r'type="checkbox" form="many" name="tick" value="([^"]+)"', shown)


def ticked_in(shown: str) -> list[str]:
    return re.findall(r'type="checkbox" form="many" name="tick" value="([^"]+)" checked', shown)


def alone(*names: str) -> list[tuple[str, str]]:
    """The fields that take these lines and no others."""
    return [("take", "ticked"), *(("tick", one) for one in names)]


def button_of(shown: str) -> dict[str, str]:
    form = section(shown, "decide")
    return {name: html.unescape(value) for name, value in re.findall(r'data-([a-z-]+)="([^"]*)"', form)}


async def press(page: Page, shown: str) -> list[dict[str, Any]]:
    """What the script sends when the button of the trial is pressed: portions, one after the other."""
    data = button_of(shown)
    lines, size = json.loads(data["body"])["lines"], int(data["portion"])
    answers = []
    for start in range(0, len(lines), size):
        headers = {"Authorization": f"Bearer {page.token}", "Idempotency-Key": f"{data['key']}-{start}"}
        body = {"lines": lines[start : start + size]}
        answer = await page.client.post(data["address"] + data["step"], json=body, headers=headers)
        assert answer.status_code == 200, answer.text
        answers.append(answer.json())
    return answers


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
    assert len(lines_of(shown)) == 3
    assert "<dd>3</dd>" in section(shown, "decided").replace("\n", "")
    tried = await read(page, ("step", "try"))
    assert "3 lines are granted, 320 minutes in all; 0 stay as they are. The pool can give 0 minutes after it." in tried
    assert section(tried, "lines").count("would be granted") == 3
    assert await rows(page.platform, "SELECT count(*) FROM key_grant") == [(0,)]
    (answer,) = await press(page, tried)
    assert (answer["granted"], answer["refused"], answer["granted_minutes"], answer["pool_minutes"]) == (3, 0, 320, 0)
    # a row of the table belongs to each line of the answer, so that the script can tell what became of it
    for line in answer["lines"]:
        assert f'data-line="{line["source"]}:{line["id"]}"' in tried
    assert await press(page, tried) == [answer]
    assert await rows(page.platform, "SELECT sum(minutes) FROM key_grant") == [(320,)]
    assert "没有待审批的发放" in await read(page, lang="zh")


@pytest.mark.usefixtures("scene")
async def test_chosen_lines_alone_are_granted(page: Page) -> None:
    li, wang = await by_minutes(page)
    for lang, words in (("en", "1 lines are granted, 80 minutes in all"), ("zh", "将发放 1 项，共 80 分钟")):
        tried = await read(page, ("step", "try"), *alone(wang), lang=lang)
        assert words in tried
        assert li not in tried
    assert [one["granted_minutes"] for one in await press(page, tried)] == [80]
    left = await read(page, ("step", "try"), *alone(li, wang, '"><script>x'))
    assert "2 of what was chosen is due no more." in left
    assert "<script>x" not in left
    again = await read(page, *alone(li))
    assert ticked_in(again) == [li]  # whoever goes back finds her choice


@pytest.mark.usefixtures("scene")
async def test_what_is_ticked_is_left_out_of_the_whole_month(page: Page) -> None:
    li, _ = await by_minutes(page)
    tried = await read(page, ("step", "try"), ("tick", li))
    assert "2 lines are granted, 200 minutes in all" in tried
    assert [one["granted_minutes"] for one in await press(page, tried)] == [200]
    shown = await read(page)
    assert lines_of(shown) == [li]  # nobody else got her 120
    assert "<dd>2 <small>200 Minutes" in section(shown, "decided")


async def by_minutes(page: Page) -> tuple[str, str]:
    """Li's line of 120 minutes by the pool, Wang's of 80."""
    rows_of = re.findall(r'name="tick" value="(pool:[^"]+)".*?</th><td>(\d+)</td>', await read(page), re.DOTALL)
    found = {int(minutes): name for name, minutes in rows_of}
    return found[120], found[80]


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
    assert "3 asked for by you" in section(own, "decided")
    assert all(not one.startswith("waiting:") for one in lines_of(own))
    mine = [one["id"] for one in json.loads(button_of(await read(page, ("step", "try")))["body"])["lines"]]
    assert not set(mine) & {str(one) for (one,) in await rows(page.platform, "SELECT id FROM transfer_order")}
    await page.open(scene, Role.OFFICER)
    chosen = [one for one in lines_of(await read(page)) if one.startswith("waiting:")]
    tried = await read(page, ("step", "try"), *alone(*chosen))
    assert "3 lines are granted, 180 minutes in all" in tried
    assert [one["granted_minutes"] for one in await press(page, tried)] == [180]
    assert await balances(page.platform, pool_account(scene.districts[0])) == [(20, 0)]


@pytest.mark.usefixtures("scene")
async def test_addresses_that_say_nothing_are_none(page: Page) -> None:
    for wrong in ("month=2026-13", "month=9999-12", "month=0001-01", "step=dance", "district=x"):
        assert (await page.client.get(f"/console/grants/month?{wrong}")).status_code == 404
    unticked = await page.client.get("/console/grants/month?step=try&take=ticked&lang=en")
    assert (unticked.status_code, "Tick first" in unticked.text) == (400, True)
    many = {"lang": "en", "tick": [f"pool:{number}" for number in range(201)]}
    refused = await page.client.get("/console/grants/month", params=many)
    assert (refused.status_code, "At most 200 lines" in refused.text) == (400, True)
    nothing = await read(page, ("step", "try"), *alone("pool:nobody"))
    assert "data-step" not in section(nothing, "decide")
    assert 'href="/console/grants/month?district=' in await page.read(page="grants")


async def many_elders(page: Page, scene: Scene, count: int) -> None:
    """Elders of group 1, whom the pool can give their 120 each, but for the last, who gets 60."""
    async with transaction(page.platform.db) as tx:
        for _ in range(count):
            elder, _ = await a_member_elder(page.platform, tx, scene.bank)
            elder.categories, elder.birth_on = ["empty_nest"], EIGHTY_ONE
    await fill(page.platform, scene, count * 120 - 60)


async def walked(page: Page, *fields: tuple[str, str]) -> list[str]:
    """What stands on each page, from the first to the last."""
    pages, after = [], ""
    for _ in range(10):
        pages.append(await read(page, *fields, ("after", after)))
        lines = section(pages[-1], "lines")
        found = re.search(r'name="after" value="([^"]+)"|&amp;after=([^"]+)"', lines)
        if found is None:
            return pages
        after = found[1] or unquote(found[2])
    raise AssertionError("the pages have no end")


async def test_more_lines_than_a_page_are_walked_tried_and_granted_all_of_them(
    page: Page, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(month_lines, "PER_PAGE", 10)
    monkeypatch.setattr(month_page, "MOST_DECIDED", 9)
    await many_elders(page, scene, 30)  # with the scene's three: 33
    pages = await walked(page)
    assert [len(lines_of(one)) for one in pages] == [10, 10, 10, 3]
    names = [name for one in pages for name in lines_of(one)]
    assert len(set(names)) == 33
    assert all("<dd>33</dd>" in section(one, "decided") for one in pages)
    # a tick of the first page goes along to the third, and leaves that line alone out of the month
    third = await read(page, ("tick", names[0]), ("after", names[19]))
    assert f'<input type="hidden" name="tick" value="{names[0]}">' in third
    (tried,) = await walked(page, ("tick", names[0]), ("step", "try"))  # all of it, whatever a page holds
    assert section(tried, "lines").count("would be granted") == 32
    assert "32 lines are granted" in tried
    answers = await press(page, tried)
    assert [one["granted"] for one in answers] == [9, 9, 9, 5]
    assert await press(page, tried) == answers
    shown = await read(page)
    assert lines_of(shown) == [names[0]]
    assert "<dd>32 <small>" in section(shown, "decided")
    assert await faults(page.platform) == []


async def test_what_was_granted_meanwhile_makes_no_page_skip_or_repeat_a_line(
    page: Page, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(month_lines, "PER_PAGE", 3)
    await many_elders(page, scene, 4)
    pages = await walked(page)
    names = [name for one in pages for name in lines_of(one)]
    await press(page, await read(page, ("step", "try"), *alone(*names[1:3])))
    following = await read(page, ("after", names[2]))  # its line is gone
    assert lines_of(following) == names[3:6]


async def test_an_interrupted_month_goes_on_with_the_same_keys(
    page: Page, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(month_page, "MOST_DECIDED", 3)
    await many_elders(page, scene, 5)
    tried = await read(page, ("step", "try"))
    data = button_of(tried)
    first = json.loads(data["body"])["lines"][:3]
    headers = {"Authorization": f"Bearer {page.token}", "Idempotency-Key": f"{data['key']}-0"}
    await page.client.post(data["address"] + data["step"], json={"lines": first}, headers=headers)  # and no more came
    answers = await press(page, tried)
    assert [(one["granted"], one["refused"]) for one in answers] == [(3, 0), (3, 0), (2, 0)]
    assert await rows(page.platform, "SELECT count(*), count(DISTINCT member_id) FROM key_grant") == [(8, 8)]
    assert await faults(page.platform) == []
