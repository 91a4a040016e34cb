"""The month's grants at once as an officer meets them: by keyboard, at a desk and on a telephone, in both languages."""

import re
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, expect

from marketplace.app import create_app
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.demo.geography import write_map_layers
from marketplace.hours.giving.allocating import allocate
from tests.browser.bank import LivelyBank, a_lively_bank
from tests.browser.test_bank import WIDTHS, a_page, look, tab_through
from tests.conftest import MovableClock
from tests.marketplace.hours.builders import SYSTEM
from tests.marketplace.payments.serving import served

pytestmark = pytest.mark.browser

HEADING = {"zh": "本月一次办理", "en": "The month at once"}


@pytest.fixture
async def lively(platform: Platform, clock: MovableClock) -> LivelyBank:
    """A run by a figure, 60 for each of two above the limit of 100, waits; a programme may issue as well."""
    write_map_layers(platform.settings.data / "map")
    found = await a_lively_bank(platform, clock)
    live, branch = found.platform, found.bank.town.districts[0].id
    async with transaction(live.db) as tx:
        run = await allocate(tx, branch, each=90, dry_run=False, policy=live.policy, actor=SYSTEM, now=live.now())
    assert (run.waits, run.granted_minutes) == (True, 120)
    return found


@pytest.fixture
async def address(lively: LivelyBank) -> AsyncIterator[str]:
    """The program on the lively bank's platform, on a loopback port."""
    app = create_app(lively.platform.settings)
    async with served(app) as base:
        app.state.platform = lively.platform
        yield base


async def test_an_officer_grants_the_month_by_keyboard_and_each_line_says_what_became_of_it(
    browser: Browser, address: str, lively: LivelyBank
) -> None:
    wrong: list[str] = []
    for width in WIDTHS:
        page = await a_page(browser, address, wrong, width=width, phone=lively.officer)
        await look(page, address, "/console/grants/month", f"{width}-month", HEADING)
        await tab_through(page, spare=5)
        await page.get_by_role("button", name="See what becomes").press("Enter")
        await page.wait_for_url("**step=try**")
        tried = re.sub("&?lang=en", "", page.url.removeprefix(address))
        await look(page, address, tried, f"{width}-month-tried", HEADING)
        await tab_through(page)
        if width == "desk":
            await page.close()
    lines = page.locator("[data-line]")
    count = await lines.count()
    assert count > 2
    button = page.locator("#decide button")
    await expect(button).to_have_text(f"Grant {count} lines")
    await button.press("Enter")
    await expect(page.locator("#message")).to_contain_text(f"{count} lines were granted")
    assert await lines.all_inner_texts() == ["granted"] * count
    await expect(button).to_be_disabled()
    await page.close()
    assert wrong == []
