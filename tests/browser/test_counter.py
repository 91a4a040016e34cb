"""The counter as an officer meets it: by keyboard, at a desk and on a telephone, in both languages, and without script
up to the last button."""

import re
from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import pytest
from playwright.async_api import Browser, Page, Route, expect
from sqlalchemy import select
from sqlmodel import col

from marketplace.app import create_app
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.demo.geography import write_map_layers
from marketplace.hours.books import pool_account
from marketplace.hours.giving import gifts
from marketplace.hours.members.proxies import Acts
from marketplace.hours.models import Member
from marketplace.people.models import Account
from tests.browser.bank import LivelyBank, a_lively_bank
from tests.browser.builders import PASSWORD
from tests.browser.test_bank import WIDTHS, a_page, look, tab_through
from tests.conftest import MovableClock
from tests.marketplace.hours.builders import a_member_elder, balances, give
from tests.marketplace.hours.giving.scene import rows
from tests.marketplace.payments.serving import served

pytestmark = pytest.mark.browser

BEGIN = {
    "give": {"zh": "赠与时间", "en": "Give hours"},
    "collect": {"zh": "为其发起合捐", "en": "Collect for her"},
    "schedule": {"zh": "新建定期转出", "en": "New standing order"},
    "pass_on": {"zh": "办理继承", "en": "pass her hours on"},
}
MONTH = {"zh": "本月一次办理", "en": "The month at once"}


@pytest.fixture
async def lively(platform: Platform, clock: MovableClock) -> LivelyBank:
    write_map_layers(platform.settings.data / "map")
    found = await a_lively_bank(platform, clock)
    async with transaction(platform.db) as tx:
        (await tx.get_one(Account, found.giver.actor.account_id)).name = "示例王秀英"
    return found


@pytest.fixture
async def address(lively: LivelyBank) -> AsyncIterator[str]:
    """The program on the lively bank's platform, on a loopback port."""
    app = create_app(lively.platform.settings)
    async with served(app) as base:
        app.state.platform = lively.platform
        yield base


async def a_receiver(lively: LivelyBank) -> Member:
    """Somebody of the branch beside the giver, by the name of 示例赵敏; two more gifts of hers to come wait."""
    live, giver = lively.platform, lively.giver
    async with transaction(live.db) as tx:
        found = (await tx.scalars(select(Member).where(col(Member.kind) == "student"))).one()
        (await tx.get_one(Account, found.account_id)).name = "示例赵敏"
        who: dict[str, Any] = {"policy": live.policy, "actor": giver.actor, "now": live.now()}
        for minutes in (110, 120):
            acts = Acts(await tx.get_one(Member, giver.member.id))
            await gifts.give(tx, acts, [gifts.Share(found.id, minutes)], reason="谢谢", **who)
    return found


async def test_the_counters_pages_fit_speak_and_are_reached_by_keyboard(
    browser: Browser, address: str, lively: LivelyBank
) -> None:
    wrong: list[str] = []
    receiver, giver = await a_receiver(lively), lively.giver.member.id
    chosen = f"who={receiver.id}&share.{receiver.id}=120"
    days = "from_on=2026-03-30&until_on=2026-12-30&every=1&proof=will"
    for width in WIDTHS:
        page = await a_page(browser, address, wrong, width=width, phone=lively.officer)
        for name, heading in BEGIN.items() if width == "desk" else [("schedule", BEGIN["schedule"])]:
            fields = f"{chosen}&{days if name != 'collect' else 'until_on=2026-03-20'}"
            begin = f"/console/members/{giver}/begin/{name}?{fields}"
            await look(page, address, begin, f"{width}-begin-{name}", heading)
            if name == "schedule":
                await tab_through(page, spare=15)
            await look(page, address, f"{begin}&step=go", f"{width}-confirm-{name}", heading)
            await expect(page.locator("#confirm button.main")).to_have_count(1)
        await tab_through(page)
        searched = f"/console/members/{giver}/begin/give?q=示例&step=search"
        await look(page, address, searched, f"{width}-hits", BEGIN["give"])
        assert await page.locator("input[type=radio]").count() > 1
        await look(page, address, "/console/members?q=示例", f"{width}-found", {"zh": "会员", "en": "Members"})
        await page.goto(f"{address}/console/giving?tick=all&lang=en")
        await page.get_by_role("button", name="Ticked: agree").click()
        many = page.url.removeprefix(address).replace("lang=en&", "")
        await look(page, address, many, f"{width}-decisions", {"zh": "同意", "en": "Ticked: agree"})
        await look(page, address, "/console/grants/month", f"{width}-month", MONTH)
        await tab_through(page, spare=5)  # a month's field is two stops
        await page.get_by_role("button", name="See what becomes").press("Enter")
        await page.wait_for_url("**step=try**")
        tried = re.sub("&?lang=en", "", page.url.removeprefix(address))
        await look(page, address, tried, f"{width}-month-tried", MONTH)
        await tab_through(page)
        await page.close()
    assert wrong == []


async def test_an_officer_begins_and_decides_by_keyboard_and_needs_script_for_the_last_button_alone(
    browser: Browser, address: str, lively: LivelyBank
) -> None:
    wrong: list[str] = []
    receiver = await a_receiver(lively)
    page = await a_page(browser, address, wrong, phone=lively.officer)
    await page.goto(f"{address}/console/members/{lively.giver.member.id}?lang=en")
    await page.get_by_role("link", name="Give hours").press("Enter")
    await chooses_by_keyboard(page)
    await page.get_by_label("minutes: 示例赵敏").fill("45")
    await page.keyboard.press("Enter")  # nobody else is looked for: go on
    confirm = page.locator("#confirm")
    await expect(confirm).to_contain_text("45 minutes in all; 395 remain")  # of 900: 80 given, 150, 110 and 120 held
    await confirm.get_by_role("button", name="Give hours").click()  # without a reason the browser says what is missing
    await expect(confirm.locator("input:invalid")).to_be_focused()
    await page.keyboard.type("她来柜台办理")
    await page.keyboard.press("Enter")
    await expect(page.locator("#message")).to_have_text("Done: Give hours.")
    assert await balances(lively.platform, receiver.ledger_account) == [(45, 0)]  # her certificate took what she had
    given = page.locator("#orders article", has_text="45 minutes").first
    await given.locator("input[name=reason]").fill("看错了")
    await page.keyboard.press("Enter")
    await expect(page.locator("#message")).to_have_text("Done: Take back.")
    await page.goto(f"{address}/console/members/{lively.giver.member.id}/begin/schedule?lang=en&way=members")
    await begins_a_standing_order(page)
    await decides_many(page, address)
    await grants_the_month(page, address)
    await page.close()
    await grants_a_long_month(browser, address, lively)
    await goes_on_without_script(browser, address, lively)
    assert wrong == []


async def chooses_by_keyboard(page: Page) -> None:
    """Looks for somebody, and chooses her among those who were found."""
    await page.get_by_label("Name, telephone").press_sequentially("赵敏")
    await page.keyboard.press("Enter")
    await page.locator("input[type=radio]").first.focus()
    await page.keyboard.press("Space")
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("示例赵敏", exact=True)).to_be_checked()


async def begins_a_standing_order(page: Page) -> None:
    """Whose reason stands inside of the gift."""
    await chooses_by_keyboard(page)
    await page.get_by_label("minutes: 示例赵敏").fill("30")
    await page.get_by_label("How often").select_option("3")
    await page.get_by_label("From").fill("2026-03-31")
    await page.get_by_role("button", name="Go on").click()
    await expect(page.locator("#confirm")).to_contain_text("2026-03-31, 2026-06-30, 2026-09-30, 2026-12-31")
    await page.locator("#confirm input").fill("每季一次")
    await page.keyboard.press("Enter")
    await expect(page.locator("#message")).to_have_text("Done: New standing order.")


async def decides_many(page: Page, address: str) -> None:
    """Two of three gifts that wait."""
    await page.goto(f"{address}/console/giving?lang=en")
    ticks = page.locator("#waiting input[type=checkbox]")
    await expect(ticks).to_have_count(3)
    for minutes in (110, 120):
        await page.get_by_label(re.compile(rf"gift, {minutes} minutes")).press("Space")
    await page.get_by_role("button", name="Ticked: reject").press("Enter")
    await expect(page.locator("#decide")).to_contain_text("2 are decided, 230 minutes in all; 0 stay as they are.")
    await page.locator("#decide input").fill("家属不同意")
    await page.keyboard.press("Enter")
    await expect(page.locator("#message")).to_have_text("2 were decided, 0 stayed as they were.")
    await expect(ticks).to_have_count(1)
    payment = page.locator("#payments article")
    await payment.get_by_role("button", name="Agree").press("Enter")
    await expect(page.locator("#message")).to_have_text("Done: Agree.")
    await expect(payment).to_have_count(0)


async def grants_the_month(page: Page, address: str) -> None:
    """One button, and each line says what became of it."""
    await page.goto(f"{address}/console/grants/month?lang=en")
    await page.get_by_role("button", name="See what becomes").press("Enter")
    lines, button = page.locator("[data-line]"), page.locator("#decide button")
    await expect(lines).to_have_text(["would be granted"])  # the pool's 140 for the first in turn
    await button.press("Enter")
    await expect(page.locator("#message")).to_contain_text("1 lines were granted, 140 minutes; 0 were refused")
    await expect(lines).to_have_text(["granted"])
    await expect(button).to_be_disabled()


async def grants_a_long_month(browser: Browser, address: str, lively: LivelyBank) -> None:
    """In portions of two, the third of which is lost; pressed again it goes on there, and nothing comes twice."""
    async with transaction(lively.platform.db) as tx:
        for _ in range(5):
            elder, _ = await a_member_elder(lively.platform, tx, lively.bank)
            elder.categories, elder.birth_on = ["disabled"], date(1944, 5, 1)
        await give(lively.platform, tx, lively.bank, pool_account(lively.bank.town.districts[0].id), 10_000)
    before = await rows(lively.platform, "SELECT count(*) FROM key_grant")
    page = await a_page(browser, address, [], phone=lively.officer)  # that a request is lost is on purpose
    await page.goto(f"{address}/console/grants/month?lang=en&step=try")
    lines, button, keys = page.locator("[data-line]"), page.locator("#decide button"), list[str]()

    async def counted(route: Route) -> None:
        keys.append(route.request.headers["idempotency-key"])
        await (route.abort() if len(keys) == 3 else route.continue_())

    await page.route("**/month-grants", counted)
    await button.evaluate("button => { button.dataset.portion = 2; }")
    count = await lines.count()
    assert count > 4
    await button.press("Enter")
    await expect(page.locator("#message")).to_have_class("alert")
    await expect(lines.filter(has_text=re.compile("^granted$"))).to_have_count(4)
    await button.press("Enter")
    await expect(page.locator("#message")).to_contain_text(f"{count} lines were granted")
    await expect(lines).to_have_text(["granted"] * count)
    assert keys[:3] == keys[3:6]
    assert await rows(lively.platform, "SELECT count(*) FROM key_grant") == [(before[0][0] + count,)]
    await page.close()


async def goes_on_without_script(browser: Browser, address: str, lively: LivelyBank) -> None:
    """Somebody is found and chosen, and what will happen is read."""
    plain = await browser.new_context(java_script_enabled=False, locale="zh-CN")
    page = await plain.new_page()
    await page.goto(f"{address}/console")
    await page.fill("#phone", lively.officer)
    await page.fill("#password", PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/console/*")
    await page.goto(f"{address}/console/members/{lively.giver.member.id}/begin/give?lang=zh")
    await page.fill("input[name=q]", "赵敏")
    await page.keyboard.press("Enter")
    await page.check("input[type=radio]")
    await page.get_by_role("button", name="选择").click()
    await page.fill("input[type=number]", "45")
    await page.get_by_role("button", name="下一步").click()
    await expect(page.locator("#confirm")).to_contain_text("共 45 分钟")
    await plain.close()
