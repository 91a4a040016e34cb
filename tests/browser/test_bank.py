"""The time bank's pages as people meet them, at a desk and on a telephone, in both languages, in a real browser.

With CONSOLE_PICTURES naming a folder, screenshots are left there to look at.
"""

import os
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from marketplace.app import create_app
from marketplace.base.platform import Platform
from marketplace.demo.geography import write_map_layers
from tests.browser.bank import LivelyBank, a_lively_bank
from tests.browser.builders import PASSWORD
from tests.conftest import MovableClock
from tests.marketplace.payments.serving import served

pytestmark = pytest.mark.browser

PICTURES = os.environ.get("CONSOLE_PICTURES")
WIDTHS = {"desk": (1440, 900), "phone": (390, 844)}
CHINESE = re.compile(r"[\u4e00-\u9fff]")

# what sticks out of the page to the right, unless a part that scrolls by itself holds it
STICKS_OUT = """() => {
  const width = document.documentElement.clientWidth;
  const scrolls = (e) => e && (getComputedStyle(e).overflowX !== "visible" || scrolls(e.parentElement));
  const out = [...document.querySelectorAll("body *")].filter((e) => {
    const box = e.getBoundingClientRect();
    return box.width && box.right > width + 1 && !scrolls(e.parentElement) && !e.closest(".leaflet-container, .skip");
  });
  const found = out.map((e) => e.outerHTML.slice(0, 90));
  return document.documentElement.scrollWidth > width ? ["the page scrolls sideways", ...found] : found;
}"""
# controls that a screen reader could not name, or a finger not hit
UNNAMED = """() => [...document.querySelectorAll("button, input:not([type=hidden]), select, nav a, .button")]
  .filter((e) => e.checkVisibility() && !e.closest(".leaflet-container"))
  .filter((e) => !(e.textContent.trim() || e.getAttribute("aria-label") || e.labels?.length)
                 || e.getBoundingClientRect().height < 43.5)
  .map((e) => e.outerHTML.slice(0, 120))"""
LABELS = """() => [...document.querySelectorAll(
    "h1, h2, h3, th[scope=col], button, nav a, dt, figcaption, .empty, .state, .badge")]
  .filter((e) => e.checkVisibility()).map((e) => e.textContent.trim())"""
REACHABLE = """() => [...document.querySelectorAll(
    "a[href], button, input:not([type=hidden]), select, summary, [tabindex='0']")]
  .filter((e) => e.checkVisibility({ contentVisibilityAuto: true }) && !e.disabled && !e.closest(".skip"))
  .map((e, place) => { e.dataset.place = place; return place; })"""


@pytest.fixture
async def lively(platform: Platform, clock: MovableClock) -> LivelyBank:
    write_map_layers(platform.settings.data / "map")
    return await a_lively_bank(platform, clock)


@pytest.fixture
async def address(lively: LivelyBank) -> AsyncIterator[str]:
    """The program on the lively bank's platform, on a loopback port."""
    app = create_app(lively.platform.settings)
    async with served(app) as base:
        app.state.platform = lively.platform
        yield base


async def a_page(browser: Browser, base: str, wrong: list[str], *, phone: str, width: str = "desk") -> Page:
    """A page, signed in with a telephone; what the browser complains of goes into `wrong`."""
    wide, high = WIDTHS[width]
    page = await browser.new_page(viewport={"width": wide, "height": high}, locale="zh-CN")
    page.on("console", lambda said: wrong.append(said.text) if said.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda sent: None if sent.url.startswith((base, "data:")) else wrong.append(sent.url))
    await page.goto(f"{base}/console")
    await page.fill("#phone", phone)
    await page.fill("#password", PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/console/*")
    return page


async def look(page: Page, base: str, path: str, name: str, heading: dict[str, str]) -> None:
    """Open a page, at a desk in both languages; nothing sticks out, all has a name, each language keeps to itself."""
    for lang in ("zh", "en") if name.startswith("desk") else ("en",):  # English is the longer one
        await page.goto(f"{base}{path}{'&' if '?' in path else '?'}lang={lang}")
        await expect(page.locator("h1")).to_contain_text(heading[lang])
        if PICTURES:
            await page.screenshot(path=Path(PICTURES) / f"{name}-{lang}.png", full_page=True)
        assert await page.evaluate(STICKS_OUT) == [], (name, lang)
        assert await page.evaluate(UNNAMED) == [], (name, lang)
    foreign = [text for text in await page.evaluate(LABELS) if CHINESE.search(_without_names(text))]
    assert foreign == [], name


def _without_names(text: str) -> str:
    """Without the invented people's names and the link to the other language, which are Chinese in English too."""
    return re.sub(r"示例[\u4e00-\u9fff]*\d*|中文", "", text)


async def tab_through(page: Page, *, spare: int = 3) -> None:
    """Every control is reached by the Tab key, in the order in which it stands; a date takes some more."""
    wanted = await page.evaluate(REACHABLE)
    await page.evaluate("document.activeElement.blur()")
    met: list[int] = []
    for _ in range(len(wanted) + spare):
        await page.keyboard.press("Tab")
        place = await page.evaluate("document.activeElement?.dataset?.place ?? null")
        if place is not None:
            met.append(int(place))
    assert sorted(set(met)) == wanted


PAGES = {
    "giving": {"zh": "赠与", "en": "Giving"},
    "grants": {"zh": "重点老人", "en": "Key elders"},
    "members": {"zh": "会员", "en": "Members"},
    "students": {"zh": "待核实的学生", "en": "Students who wait"},
    "cycles": {"zh": "每夜清算", "en": "Nightly cycle"},
    "alerts": {"zh": "提醒", "en": "Alerts"},
}


async def test_the_banks_pages_fit_speak_and_are_reached_by_keyboard(
    browser: Browser, address: str, lively: LivelyBank
) -> None:
    wrong: list[str] = []
    here, giver = lively.bank.town.districts[0], lively.giver.member.id
    certificate = {"zh": "证书", "en": "Certificate"}
    for width in WIDTHS:
        page = await a_page(browser, address, wrong, width=width, phone=lively.officer)
        for name, heading in PAGES.items():
            await look(page, address, f"/console/{name}", f"{width}-{name}", heading)
            if width == "desk":
                await tab_through(page)
        await look(page, address, f"/console/members/{giver}", f"{width}-member", {"zh": "个人", "en": "individual"})
        await look(page, address, "/time-bank", f"{width}-time-bank", {"zh": "成都", "en": "Chengdu"})
        await look(page, address, f"/certificates/{lively.certificate}", f"{width}-certificate", certificate)
        day = f"/console/day?district={here.id}&day=2026-03-03"
        await look(page, address, day, f"{width}-day", {"zh": "示例1区", "en": "D1"})
        assert await page.locator("form.judge:visible").count() == 3
        await page.close()
    assert wrong == []


async def test_waiting_things_are_decided_on_the_page_and_it_tells_so(
    browser: Browser, address: str, lively: LivelyBank
) -> None:
    wrong: list[str] = []
    page = await a_page(browser, address, wrong, phone=lively.officer)
    await is_told_what_is_refused(page, address, lively)
    wrong.clear()  # the browser complains of the answer 409 that was just asked for
    await agrees_and_takes_back(page, address)
    await page.close()
    page = await a_page(browser, address, wrong, phone=lively.regulator)
    await reads_and_takes_along(page, address)
    await page.close()
    page = await a_page(browser, address, wrong, phone=lively.operator)
    await closes_an_alert(page, address)
    assert wrong == []


async def is_told_what_is_refused(page: Page, address: str, lively: LivelyBank) -> None:
    """A member with minutes set aside does not move."""
    await page.goto(f"{address}/console/members/{lively.giver.member.id}?lang=en")
    move = page.locator("form.act", has_text="Change of home branch")
    await move.locator("input[name=reason]").fill("moves to her daughter")
    page.on("dialog", lambda box: box.accept())
    await move.get_by_role("button").click()
    await expect(page.locator("#message")).to_contain_text("150 minutes")  # which her waiting gift holds
    await expect(page.locator("#message")).to_have_class("alert")


async def agrees_and_takes_back(page: Page, address: str) -> None:
    """An officer, by pointer and by keyboard."""
    await page.goto(f"{address}/console/giving?lang=en")
    waiting, done = page.locator("#waiting"), page.locator("#done")
    gift = waiting.locator("article", has_text="150 minutes")
    await gift.get_by_role("button", name="Reject").click()  # without a reason the browser says what is missing
    await expect(gift.locator("input:invalid")).to_be_focused()
    await gift.get_by_role("button", name="Agree").click()
    await expect(page.locator("#message")).to_have_text("Done: Agree.")
    await expect(waiting.locator("article", has_text="150 minutes")).to_have_count(0)
    given = done.locator("article", has_text="150 minutes")
    await given.locator("input[name=reason]").fill("一时看错")
    await page.keyboard.press("Enter")
    await expect(page.locator("#message")).to_have_text("Done: Take back.")
    await expect(done.locator("article", has_text="150 minutes")).to_contain_text("taken back")


async def reads_and_takes_along(page: Page, address: str) -> None:
    """A regulator, who has no other pages."""
    await page.wait_for_url("**/console/cycles*")
    await page.goto(f"{address}/console/cycles?lang=en")
    assert await page.locator("nav a").all_inner_texts() == ["Nightly cycle", "Alerts"]
    async with page.expect_download() as taking:
        await page.get_by_role("link", name="CSV").click()
    taken = await (await taking.value).path()
    assert taken.read_text("utf-8").startswith("on_day,unit,branch,partner")
    await page.locator("summary").first.click()
    await expect(page.locator("details[open] table")).to_have_count(1)
    await page.goto(f"{address}/console/alerts?lang=en")
    assert await page.locator("form.act").count() == 0


async def closes_an_alert(page: Page, address: str) -> None:
    """An operator."""
    await page.goto(f"{address}/console/alerts?lang=en")
    alert = page.locator("article", has_text="Two banks do not agree")
    await alert.locator("input").fill("compared with them, resumed")
    await alert.get_by_role("button", name="Close").click()
    await expect(page.locator("#message")).to_have_text("Done: Close.")
    await expect(page.locator("article", has_text="compared with them, resumed")).to_have_count(1)
