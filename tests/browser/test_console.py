"""The dispatcher's page as a person meets it: signed in, drawn, clicked, typed into, in a real browser.

With CONSOLE_PICTURES naming a folder, screenshots are left there to look at.
"""

import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect
from sqlalchemy import func, select
from sqlmodel import col

from marketplace.base import tokens
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.demo.geography import write_map_layers
from marketplace.planning import service as planning
from marketplace.visits.models import Visit
from tests.browser.builders import PASSWORD, RunningDay, a_running_day
from tests.conftest import MovableClock
from tests.marketplace.visits.builders import MONDAY, at

pytestmark = pytest.mark.browser

PICTURES = os.environ.get("CONSOLE_PICTURES")


async def picture(page: Page, name: str) -> None:
    if PICTURES:
        await page.screenshot(path=Path(PICTURES) / f"{name}.png")


async def a_desk(browser: Browser, base: str, day: RunningDay, wrong: list[str]) -> Page:
    """A page, signed in; whatever the browser complains of, or asks another host for, goes into `wrong`."""
    page = await browser.new_page(viewport={"width": 1440, "height": 900}, locale="zh-CN")
    page.on("console", lambda said: wrong.append(said.text) if said.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda sent: None if sent.url.startswith((base, "data:")) else wrong.append(sent.url))
    await page.goto(f"{base}/console")
    await picture(page, "sign-in")
    await page.fill("#phone", day.phone)
    await page.fill("#password", PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_selector(".mark-icon.stop")
    return page


async def test_a_dispatcher_sees_steers_and_approves_and_nothing_leaves_the_house(
    browser: Browser,
    address: str,
    platform: Platform,
    clock: MovableClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write_map_layers(platform.settings.data / "map")
    day = await a_running_day(platform, clock, caregivers=6, visits=25, solve_seconds=1.0)
    wrong: list[str] = []
    page = await a_desk(browser, address, day, wrong)
    await sees_the_day(page)
    await opens_a_panel(page)
    await approves(page, platform)
    await keeps_its_place(page, platform)
    await plans_again(page, platform, day)
    await page.goto(f"{address}/console/day?lang=en")
    await page.wait_for_selector(".mark-icon.stop")
    await expect(page.locator("#unassigned h2")).to_contain_text("Unassigned visits")
    await picture(page, "day-en")
    assert wrong == []
    await renews_its_token(page, clock, monkeypatch)


async def sees_the_day(page: Page) -> None:
    """Streets, lines, numbered stops, kitchens, the unassigned; a row per shift with the present marked."""
    await page.wait_for_timeout(500)
    await picture(page, "day-zh")
    assert await drawn_pixels(page, "roads") > 2000
    assert await drawn_pixels(page, "lines") > 500
    assert await page.locator("#map .mark-icon.kitchen").count() >= 1
    assert await page.locator("#timeline .row[data-shift]").count() == 6
    assert await page.locator("#timeline .row[data-shift] line.now").count() == 6
    unassigned = await page.locator("#unassigned tbody tr").count()
    assert unassigned >= 2
    assert await page.locator("#map .mark-icon.unassigned[title]").count() == unassigned
    assert await page.locator("#unassigned .reason[data-code=no_shift]").count() == 1
    assert await page.locator("#given").count() == 0  # the token does not stand in the document


async def drawn_pixels(page: Page, pane: str) -> int:
    """How many pixels of a pane's canvas are not empty."""
    found: int = await page.evaluate(
        """(pane) => {
          const canvas = document.querySelector(`.leaflet-${pane}-pane canvas`);
          const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
          let count = 0;
          for (let i = 3; i < data.length; i += 4) count += data[i] > 0;
          return count;
        }""",
        pane,
    )
    return found


async def opens_a_panel(page: Page) -> None:
    """From the keyboard's list, and from the map by keyboard as well; Escape closes it."""
    row = page.locator("#unassigned tbody tr").first
    name = await row.locator("a").inner_text()
    await row.locator("a").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#panel h2")).to_have_text(name)
    await picture(page, "panel")
    await page.keyboard.press("Escape")
    await expect(page.locator("#panel")).to_be_hidden()
    await page.locator("#map .mark-icon.stop").first.focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#panel")).to_be_visible()
    assert await page.locator("#visits tr.chosen").count() == 1


async def approves(page: Page, platform: Platform) -> None:
    """An exception, with a reason, in its place."""
    form = page.locator("form.approve").first
    await form.locator("input").fill("家属电话确认")
    await form.locator("button").click()
    await expect(page.locator("form.approve")).to_have_count(0)
    async with transaction(platform.db) as tx:
        count = select(func.count()).select_from(Visit).where(col(Visit.state) == "approved")
        assert await tx.scalar(count) == 1


async def keeps_its_place(page: Page, platform: Platform) -> None:
    """Refreshing takes over what is new and leaves the map where it was moved to."""
    await page.locator(".leaflet-control-zoom-in").click()
    await page.wait_for_timeout(600)
    before = await page.locator(".leaflet-map-pane").get_attribute("style")
    stops = await page.locator("#map .mark-icon.stop").count()
    async with transaction(platform.db) as tx:
        visit = await tx.scalar(select(Visit).where(col(Visit.state) == "planned").limit(1))
        assert visit is not None
        visit.state = "missed"
    left = await page.locator("#unassigned tbody tr").count()
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    await expect(page.locator("#unassigned tbody tr")).to_have_count(left - 1)
    assert await page.locator("#map .mark-icon.stop").count() == stops
    assert await page.locator(".leaflet-map-pane").get_attribute("style") == before


async def plans_again(page: Page, platform: Platform, day: RunningDay) -> None:
    """The button asks, the page waits, and tells when the plan is there."""
    await page.locator("#plan").click()
    await expect(page.locator("#planning")).to_contain_text("正在排班")
    quick = replace(platform, settings=replace(platform.settings, solve_seconds=1.0))
    await planning.plan_day(quick, day.district.id, MONDAY)
    await expect(page.locator("#message")).to_contain_text("第 2 版", timeout=10_000)


async def renews_its_token(page: Page, clock: MovableClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page whose token has run out gets the next one by itself and goes on."""
    with monkeypatch.context() as brief:
        brief.setattr(tokens, "LIFETIME", timedelta(seconds=1))
        await page.context.clear_cookies(name="liuzhu_access")
        await page.reload()
        await page.wait_for_selector(".mark-icon.stop")
        await page.wait_for_timeout(1500)
    clock.set(at(12, 34))
    async with page.expect_response(lambda answer: answer.url.endswith("/console/renew")) as renewed:
        await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    assert (await renewed.value).status == 200
    await expect(page.locator("#as-of")).to_have_text("As of 12:34")
    await expect(page.locator("#message")).to_be_hidden()
