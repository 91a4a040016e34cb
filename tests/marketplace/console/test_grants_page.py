"""Key elders in the console: their turns, what a run would grant, one by one what waits, and the stored reasons."""

from dataclasses import replace
from datetime import date
from typing import Any

import httpx
import pytest

from marketplace.base.actor import Role
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.console.bank.giving.reasons import spoken
from marketplace.console.words import speaker
from marketplace.hours.books import pool_account
from tests.conftest import MovableClock
from tests.marketplace.console.pages import NOON, Page, section
from tests.marketplace.hours.builders import balances, give
from tests.marketplace.hours.giving.scene import Scene, Told, a_scene, an_elder_with, under

EIGHTY_ONE, SEVENTY = date(1944, 5, 1), date(1955, 5, 1)
NEEDY = ("empty_nest", "low_income", "disabled")


@pytest.fixture
def page(platform: Platform, client: httpx.AsyncClient, clock: MovableClock, program: Any) -> Page:
    """Under Nanjing's rules, which promise 120 minutes a month to two groups."""
    clock.set(NOON)
    found = Page(platform, client)
    found.platform = replace(under(platform, "nanjing", second_person_above_minutes=100), channel=Told())
    program.state.platform = found.platform
    return found


async def two_key_elders(page: Page, *, pool: int) -> Scene:
    """Zhao of group 1 and Li of group 2."""
    scene = await a_scene(page.platform, minutes=0)
    await an_elder_with(page.platform, scene, categories=("empty_nest",), birth_on=EIGHTY_ONE)
    await an_elder_with(page.platform, scene, categories=NEEDY, birth_on=SEVENTY)
    async with transaction(page.platform.db) as tx:
        await give(page.platform, tx, scene.bank, pool_account(scene.districts[0]), pool)
    return scene


async def test_the_page_shows_what_the_pool_would_grant_and_grants_it(page: Page) -> None:
    scene = await two_key_elders(page, pool=200)
    await page.open(scene, Role.OFFICER)
    shown = await page.read(page="grants")
    # 120 for group 1, the other 80 for group 2; 40 are short
    assert "<dd>200 <small>" in shown
    assert "<dd>40 <small>" in shown
    allocation = section(shown, "allocation")
    for part in ("120 minutes", "80 minutes", "0 of 120 received this month", "the pool had 80"):
        assert part in allocation
    assert "Nothing was granted" in section(shown, "granted")
    assert (await page.press(allocation, "Grant from the pool")).status_code in {200, 201}
    shown = await page.read(page="grants")
    granted = section(shown, "granted")
    for part in ("<td>120</td>", "<td>80</td>", "waiting since 2026-03-02", "done"):
        assert part in granted
    assert "Nothing was granted" in section(await page.read(page="grants", month="2026-02"), "granted")
    assert await balances(page.platform, pool_account(scene.districts[0])) == [(0, 0)]


async def test_a_figure_above_the_limit_waits_and_is_decided_one_by_one(page: Page) -> None:
    scene = await two_key_elders(page, pool=200)
    await page.open(scene, Role.OFFICER)
    shown = await page.read(page="grants", each=60)
    # twice 60 are above the limit of 100
    assert "each grant waits for a second officer" in shown
    answer = await page.press(section(shown, "allocation"), "Grant from the pool", minutes_each=60)
    assert answer.json()["waits"] is True
    assert section(await page.read("zh", page="grants"), "granted").count("待审批") == 2
    await page.open(scene, Role.OFFICER)
    waiting = section(await page.read(), "waiting")
    assert "Group 1 (empty nest, from 80): 0 of 60 received this month, waiting since 2026-03-02" in waiting
    assert (await page.press(waiting, "Agree")).status_code == 200
    waiting = section(await page.read(), "waiting")
    assert (await page.press(waiting, "Reject", reason="本月已另有安排")).status_code == 200
    granted = section(await page.read("zh", page="grants"), "granted")
    assert (granted.count("已完成"), granted.count("未批准")) == (1, 1)


async def test_the_months_issue_is_shown_with_whom_it_misses(page: Page) -> None:
    scene = await two_key_elders(page, pool=1)
    await page.open(scene, Role.OFFICER)
    # the town's programme is for elders of advanced age, which neither is
    assert section(await page.read(page="grants"), "issues").count("no programme is in force for her") == 2
    await an_elder_with(page.platform, scene, categories=("empty_nest", "advanced_age"), birth_on=EIGHTY_ONE)
    shown = section(await page.read(page="grants"), "issues")
    assert "Sample programme" in shown
    assert (await page.press(shown, "Issue the month")).status_code in {200, 201}
    assert "120 a month" in section(await page.read(page="grants"), "granted")


async def test_a_month_that_is_none_is_an_address_that_does_not_exist(page: Page) -> None:
    scene = await two_key_elders(page, pool=1)
    await page.open(scene, Role.OFFICER)
    for wrong in ("month=2026-13", "month=x", "each=0", "each=much", "district=x"):
        assert (await page.client.get(f"/console/grants?{wrong}")).status_code == 404


def test_a_reason_that_a_person_wrote_is_shown_as_she_wrote_it() -> None:
    say = speaker("zh")
    stored = "group 2 (disabled, 60 to 79): 30 of 120 received this month, waiting since 2026-02-24; the pool had 80"
    assert spoken(stored, say) == "第 2 组（失能、60–79）：本月已得 30，应得 120，自 2026-02-24 起等候；公益池当时有 80"
    assert spoken("group 1 of our choir", say) == "group 1 of our choir"
    assert spoken(None, say) == ""
