"""Several waiting orders are ticked, read with what would become of each, and decided together; payments to other banks
wait on the same page."""

import re
from typing import Any

from marketplace.base.actor import Role
from marketplace.base.database import transaction
from marketplace.hours.giving import inheritance
from tests.marketplace.console.counter import a_payment, made_officer, press
from tests.marketplace.console.pages import Page, section
from tests.marketplace.hours.builders import Person, a_person, balances, give
from tests.marketplace.hours.giving.scene import Scene, a_scene, an_elder_with, faults, gift, rows


def ticks_of(shown: str) -> list[str]:
    """The orders that may be ticked."""
    return re.findall(r'type="checkbox" form="many" name="order" value="([^"]+)"', shown)


async def preview(page: Page, verdict: str, *orders: str, lang: str = "en") -> str:
    """The page between ticking and deciding."""
    fields = [("verdict", verdict), *(("order", one) for one in orders)]
    answer = await page.client.get("/console/giving/decisions", params=[*fields, ("lang", lang)])
    assert answer.status_code == 200, answer.text
    token = re.search(r'"token": "([^"]+)"', answer.text)
    assert token is not None
    page.token = token[1]
    return answer.text


async def three_gifts(page: Page) -> tuple[Scene, list[str]]:
    """Three gifts of 150, 200 and 250 minutes wait, the newest first on the page; the giver's 600 are set aside."""
    scene = await a_scene(page.platform)
    for minutes in (150, 200, 250):
        await gift(page.platform, scene, scene.other, minutes)
    await page.open(scene, Role.OFFICER)
    ticks = ticks_of(await page.read())
    assert len(ticks) == 3
    return scene, ticks


async def test_ticked_orders_are_shown_with_what_becomes_of_them_and_agreed_to_together(page: Page) -> None:
    scene, (newest, _, oldest) = await three_gifts(page)
    for lang, parts in (
        ("en", ("2 are decided, 400 minutes in all; 0 stay", "a member of D2", "<td>250</td>", "done")),
        ("zh", ("将审批 2 项，共 400 分钟；0 项保持不变", "示例2区会员", "已完成")),
    ):
        shown = await preview(page, "approve", oldest, newest, lang=lang)
        for part in parts:
            assert part in shown, part
    assert await balances(page.platform, scene.giver.account) == [(600, 600)]
    answer = (await press(page, shown, None)).json()
    assert (answer["decided"], answer["refused"], answer["dry_run"]) == (2, 0, False)
    assert await balances(page.platform, scene.giver.account, scene.other.account) == [(200, 200), (400, 0)]
    assert len(ticks_of(await page.read())) == 1
    assert await faults(page.platform) == []


async def test_rejecting_together_needs_a_reason(page: Page) -> None:
    scene, ticks = await three_gifts(page)
    shown = await preview(page, "reject", *ticks)
    assert "3 are decided, 600 minutes in all" in shown
    assert (await press(page, shown, None)).status_code == 400
    assert (await press(page, shown, "家属不同意")).json()["decided"] == 3
    assert await balances(page.platform, scene.giver.account) == [(600, 0)]


async def test_what_cannot_be_decided_is_named_before_and_left_out(page: Page) -> None:
    scene, (newest, middle, oldest) = await three_gifts(page)
    await page.client.post(
        f"/v1/orders/{middle}/cancel",
        json={"reason": "撤销"},
        headers={"Authorization": f"Bearer {page.token}", "Idempotency-Key": "c"},
    )
    strange = "00000000-0000-7000-8000-000000000000"
    shown = await preview(page, "approve", newest, middle, oldest, strange)
    assert "2 are decided, 400 minutes in all; 2 stay as they are." in shown
    assert "This order is cancelled." in shown
    assert "Nothing was found here." in shown
    body = section(shown, "decide")
    assert newest in body
    assert middle not in body
    assert (await press(page, shown, None)).json()["decided"] == 2
    assert await balances(page.platform, scene.other.account) == [(400, 0)]


async def test_only_what_is_decided_in_bulk_and_by_another_can_be_ticked(page: Page) -> None:
    scene, ticks = await three_gifts(page)
    _, gone = await an_elder_with(page.platform, scene, minutes=150)
    async with transaction(page.platform.db) as tx:
        passing = inheritance.Passing(member_id=gone.id, reason="病故")
        who: dict[str, Any] = {"actor": scene.officer, "now": page.platform.now()}
        await inheritance.pass_on(tx, passing, policy=page.platform.policy, **who)
    body = {
        "to": [{"member_id": str(scene.giver.member.id), "minutes": 101}],
        "on_behalf_of": str((await second_giver(page, scene)).member.id),
        "reason": "她不识字",
    }
    headers = {"Authorization": f"Bearer {page.token}", "Idempotency-Key": "own"}
    own = await page.client.post("/v1/gifts", json=body, headers=headers)
    assert own.status_code == 201, own.text
    shown = await page.read()
    assert section(shown, "waiting").count("<article") == 5
    assert ticks_of(shown) == ticks
    assert 'name="order"' in shown
    assert "checked" not in section(shown, "waiting")
    assert section(await page.read(tick="all"), "waiting").count(" checked") == 3
    refused = await preview(page, "approve", own.json()["id"])
    assert "Another person must agree to this." in refused
    assert "data-step" not in section(refused, "decide")
    answer = await page.client.get("/console/giving/decisions", params={"verdict": "approve", "lang": "en"})
    assert (answer.status_code, "Tick first" in answer.text) == (400, True)
    foreign = await page.client.get("/console/giving/decisions", params={"verdict": "dance", "order": ticks[0]})
    assert foreign.status_code == 404
    await page.open(scene, Role.OFFICER, branch=1)
    elsewhere = await preview(page, "approve", *ticks)
    assert "0 are decided" in elsewhere
    assert "示例" not in section(elsewhere, "confirm")


async def second_giver(page: Page, scene: Scene) -> Person:
    """Somebody of the first branch with 101 minutes."""
    async with transaction(page.platform.db) as tx:
        found = await a_person(page.platform, tx, scene.bank)
        await give(page.platform, tx, scene.bank, found.account, 101)
    return found


async def test_a_payment_to_another_bank_is_seen_and_decided_by_a_second_person(page: Page) -> None:
    scene = await a_scene(page.platform)
    request = await a_payment(page.platform, scene.giver)
    await page.open(scene, Role.OFFICER)
    for lang, parts in (
        ("en", ("150 minutes", "to a member of the bank west", "on 2026-03-02 at 12:00", "agree by 2026-03-16 12:00")),
        ("zh", ("150 分钟", "付给 west 银行的会员", "2026-03-16 12:00 前审批")),
    ):
        shown = section(await page.read(lang), "payments")
        for part in parts:
            assert part in shown, part
        assert "west/li" not in shown  # whose account it is there is none of ours
    shown = section(await page.read(), "payments")
    assert (await page.press(shown, "Reject")).status_code == 400
    assert (await page.press(shown, "Reject", reason="未经家属确认")).json()["state"] == "rejected"
    assert await balances(page.platform, scene.giver.account) == [(600, 0)]
    assert "No payment to another bank waits" in section(await page.read(), "payments")
    assert await rows(page.platform, "SELECT decision FROM payment_request WHERE id = :id", id=request) == [
        ("未经家属确认",)
    ]


async def test_agreed_to_the_payment_goes_its_way(page: Page) -> None:
    scene = await a_scene(page.platform)
    request = await a_payment(page.platform, scene.giver)
    await page.open(scene, Role.OFFICER)
    shown = section(await page.read(), "payments")
    answer = (await page.press(shown, "Agree")).json()
    assert (answer["id"], answer["state"], answer["minutes"]) == (str(request), "prepared", 150)


async def test_who_asked_for_a_payment_is_told_that_another_decides_and_is_refused_by_name(page: Page) -> None:
    scene = await a_scene(page.platform)
    request = await a_payment(page.platform, scene.giver)
    await made_officer(page, scene, scene.giver)
    shown = section(await page.read(), "payments")
    assert "you asked for it: another officer decides" in shown
    assert "data-step" not in shown
    headers = {"Authorization": f"Bearer {page.token}", "Idempotency-Key": "mine"}
    answer = await page.client.post(f"/v1/payment-requests/{request}/approve", json={}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "second_person_needed")
    await page.open(scene, Role.OFFICER, branch=1)
    assert "150" not in section(await page.read(), "payments")
