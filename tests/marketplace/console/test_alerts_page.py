"""Alerts in the console: who may closes them there, a regulator looks, and what was done stays to be read."""

from uuid import uuid4

import httpx

from marketplace.base.actor import Role
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.hours.alerts.service import raise_alert
from tests.marketplace.console.builders import sign_in, staff
from tests.marketplace.console.pages import Page
from tests.marketplace.hours.giving.scene import Scene, a_scene


async def alarmed(page: Page) -> Scene:
    """A debt of the first branch, and a link that diverged."""
    scene = await a_scene(page.platform, minutes=0)
    first, now = scene.districts[0], page.platform.now()
    async with transaction(page.platform.db) as tx:
        debt = {"debt_minutes": 60310, "cap_minutes": 60000, "drawn_minutes": 310}
        await raise_alert(tx, "debt_above_cap", first, cause="2026-03-02", figures=debt, district_id=first, now=now)
        parted = {"reason": "sent_differs"}
        await raise_alert(tx, "link_diverged", uuid4(), cause="message-1", figures=parted, now=now)
    return scene


async def test_an_operator_closes_an_alert_and_reads_what_was_done(
    platform: Platform, client: httpx.AsyncClient
) -> None:
    page = Page(platform, client)
    await alarmed(page)
    await sign_in(client, await staff(platform, None, Role.OPERATOR))
    for lang, words in (("zh", ("分行欠额超过上限", "两家银行账目不一致", "60310")), ("en", ("sent differs", "60310"))):
        shown = await page.read(lang, page="alerts")
        for part in words:
            assert part in shown, part
    answer = await page.press(shown, "Close</button>", note="与对方核对后恢复")
    assert answer.status_code == 200
    shown = await page.read(page="alerts")
    assert shown.count('<form class="act') == 1
    assert "Closed on 2026-03-02 by 示例调度: 与对方核对后恢复" in shown


async def test_an_officer_sees_her_branchs_debt_and_leaves_it_to_the_operator(
    platform: Platform, client: httpx.AsyncClient
) -> None:
    page = Page(platform, client)
    scene = await alarmed(page)
    await page.open(scene, Role.OFFICER)
    shown = await page.read(page="alerts")
    assert "60310" in shown
    assert "Two banks do not agree" not in shown
    assert '<form class="act' not in shown
    await page.open(scene, Role.OFFICER, branch=1)
    assert "60310" not in await page.read(page="alerts")
    await page.open(scene, Role.DISPATCHER)
    assert (await client.get("/console/alerts")).status_code == 403
