"""At the counter: people are chosen without typing a number, what will happen is read before, and it is begun once."""

import re
from datetime import date, timedelta
from typing import Any

import timebank
from marketplace.base.actor import Role
from marketplace.base.database import transaction
from marketplace.hours.books import pool_account
from marketplace.hours.giving.allocating import allocate
from tests.marketplace.console.counter import (
    Counter,
    a_counter,
    alerts_of,
    hits_of,
    named,
    orders_made,
    query_of,
    to,
)
from tests.marketplace.console.pages import Page, section
from tests.marketplace.hours.builders import SYSTEM, balances, give
from tests.marketplace.hours.giving.scene import Scene, a_scene, an_elder_with, faults, gift, member_now, rows
from timebank import Hold, Release

DAY = "2026-03-02"  # a Monday


async def left_behind(page: Page) -> list[tuple[Any, ...]]:
    """How many rows an act of giving leaves where, but for the audit of looks."""
    tables = ["message", "timer", "transition_log", "ledger_entry", "ledger_hold", "transfer_order", "idempotency_key"]
    counted = ", ".join(f"(SELECT count(*) FROM {table})" for table in tables)
    acts = "(SELECT count(*) FROM audit WHERE action NOT IN ('member.read', 'member.searched'))"
    return await rows(page.platform, f"SELECT {counted}, {acts}")


async def test_people_are_picked_one_after_the_other_and_taken_out_again(page: Page) -> None:
    scene, give = await a_counter(page, "give")
    wang, zhao = [await named(page, scene.bank, name) for name in ("示例王秀英", "示例赵敏")]
    shown = await give.fill(("q", "王秀英"), ("step", "search"))
    assert hits_of(shown) == [str(wang.member.id)]
    shown = await give.fill(("q", "王秀英"), ("pick", str(wang.member.id)), ("step", "pick"))
    assert hits_of(shown) == []
    assert f'name="who" value="{wang.member.id}" checked>示例王秀英' in shown
    shown = await give.fill(*to((wang, 30)), ("q", "赵"), ("step", "search"))
    assert hits_of(shown) == [str(zhao.member.id)]
    assert f'name="share.{wang.member.id}"' in shown
    assert 'value="30"' in shown
    kept = [("who", str(zhao.member.id)), (f"share.{wang.member.id}", "30"), ("step", "search"), ("q", "x")]
    shown = await give.fill(*kept)  # Wang is not ticked any more
    assert f'name="who" value="{zhao.member.id}"' in shown
    assert f'name="who" value="{wang.member.id}"' not in shown
    other = await give.fill(*to((wang, 1), (zhao, 2)))
    assert [name for name, _ in query_of(other, "中文")].count("who") == 2  # the other language keeps both


async def test_a_gift_to_two_is_read_before_and_given_once(page: Page) -> None:
    scene, give = await a_counter(page, "give")
    near = await named(page, scene.bank, "示例王秀英")
    fields = to((near, 30), (scene.other, 40))
    form = await give.fill(*fields)
    assert "600 minutes may be given now · 6000 are left of this year&#39;s gifts" in form
    assert 'aria-describedby="room"' in form
    for lang, parts in (
        ("en", ("示例王秀英", "a member of D2", "70 minutes in all; 530 remain", "within 24 hours", "she is told")),
        ("zh", ("示例2区会员", "共 70 分钟", "530 分钟", "24 小时内可撤回", "将立即办理")),
    ):
        shown = section(await give.go(*fields, lang=lang), "confirm")
        for part in parts:
            assert part in shown, part
    assert await orders_made(page) == 0  # a trial leaves nothing
    assert await balances(page.platform, scene.giver.account) == [(600, 0)]
    shown = await give.go(*fields)
    first, again = [await give.press(shown, "她来柜台办理") for _ in range(2)]
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    accounts = (scene.giver.account, near.account, scene.other.account)
    assert await balances(page.platform, *accounts) == [(530, 0), (30, 0), (40, 0)]
    order = first.json()
    assert (order["on_behalf_of"], order["acted_as"]) == (str(scene.giver.member.id), "officer")
    file = section(await page.read(page=f"members/{scene.giver.member.id}"), "orders")
    assert (await page.press(file, "Take back", reason="看错了")).status_code == 200
    assert await balances(page.platform, *accounts) == [(600, 0), (0, 0), (0, 0)]
    assert await faults(page.platform) == []


async def test_what_would_be_refused_is_said_before_and_has_no_button(page: Page) -> None:
    scene, give = await a_counter(page, "give")
    await gift(page.platform, scene, scene.other, 50)
    shown = await give.go(*to((scene.other, 551)))
    assert alerts_of(shown) == ["This would be refused. Not enough minutes: 551 are needed, 550 are available."]
    assert 'class="act' not in section(shown, "confirm")
    shown = await give.go(*to((scene.other, 5951)))
    assert alerts_of(shown)[0].endswith("A year's gifts are limited to 6000 minutes; 50 were given.")
    shown = await give.go(*to((scene.other, 1_000_001)))
    assert alerts_of(shown)[0].startswith("This would be refused. The request is malformed")
    shown = await give.go(*to((scene.other, 5951)))
    change = query_of(shown, "Change")
    assert (f"share.{scene.other.member.id}", "5951") in change
    assert "step" not in dict(change)
    assert await orders_made(page) == 1


async def test_what_was_refused_after_all_can_be_pressed_again(page: Page) -> None:
    scene, give = await a_counter(page, "give")
    shown = await give.go(*to((scene.other, 90)))
    async with transaction(page.platform.db) as tx:
        spent = Hold("booking:1", scene.giver.account, 550, page.platform.now() + timedelta(days=1), "booking:1")
        await timebank.apply(tx, [spent], now=page.platform.now())
    refused = await give.press(shown, "她来柜台办理")
    assert (refused.status_code, refused.json()["code"]) == (409, "not_enough_minutes")
    async with transaction(page.platform.db) as tx:
        await timebank.apply(tx, [Release("booking:1:release", "booking:1")], now=page.platform.now())
    assert (await give.press(shown, "她来柜台办理")).status_code == 201
    assert await balances(page.platform, scene.giver.account, scene.other.account) == [(510, 0), (90, 0)]


async def test_a_key_elder_is_shown_with_her_month(page: Page) -> None:
    scene = await a_scene(page.platform)
    _, elder = await an_elder_with(page.platform, scene, categories=("disabled",), birth_on=date(1940, 5, 1))
    async with transaction(page.platform.db) as tx:
        pool = pool_account(scene.districts[0])
        await give(page.platform, tx, scene.bank, pool, 200)
        run: dict[str, Any] = {"policy": page.platform.policy, "actor": SYSTEM, "now": page.platform.now()}
        await allocate(tx, scene.districts[0], each=30, dry_run=False, **run)
    await page.open(scene, Role.OFFICER)
    form = await Counter(page, str(elder.id), "collect").fill()
    assert "Her account takes 89970 more minutes · as a key elder she received 30 of 180 this month" in form


async def test_above_the_limit_the_page_says_that_another_officer_must_agree(page: Page) -> None:
    scene, give = await a_counter(page, "give")
    shown = await give.go(*to((scene.other, 150)))
    assert "Above 100 minutes: another officer must agree by 2026-03-16 12:00" in shown
    assert (await give.press(shown, "她来柜台办理")).json()["state"] == "pending"
    assert await balances(page.platform, scene.giver.account) == [(600, 150)]
    form = await give.fill()
    assert "450 minutes may be given now · 150 are set aside · 5850 are left" in form


async def test_a_form_says_what_it_lacks_and_an_address_that_means_nothing_is_refused(page: Page) -> None:
    scene, give = await a_counter(page, "give")
    assert alerts_of(await give.go()) == ["Choose at least one member."]
    assert alerts_of(await give.go(("who", str(scene.other.member.id)))) == ["Say how many minutes."]
    person = ("way", "person")
    assert alerts_of(await give.go(person, *to((scene.other, 1), (scene.giver, 1)))) == ["Choose one person."]
    schedule = Counter(page, give.member, "schedule")
    assert alerts_of(await schedule.go(("way", "city"))) == ["Say how many minutes.", "Say from which day on."]
    backwards = (("from_on", "2026-04-01"), ("until_on", "2026-03-31"), ("minutes", "5"), ("way", "city"))
    assert alerts_of(await schedule.go(*backwards)) == ["It ends before it begins."]
    client, address = page.client, give.address
    assert (await client.get(address, params={"who": "somebody"})).status_code == 400
    for name in ("from_on", "until_on"):  # what is not understood must not pass for nothing
        for text in ("31.12.2026", "9999-12-31", "0001-01-01", "2026-02-30"):
            answer = await client.get(f"{address.replace('/give', '/schedule')}", params={name: text, "lang": "en"})
            assert (answer.status_code, "Write the day like 2026-03-02." in answer.text) == (400, True), text
    many = [("who", f"00000000-0000-7000-8000-0000000000{number:02d}") for number in range(51)]
    answer = await client.get(address, params=tuple(many))
    assert (answer.status_code, "At most 50 people" in answer.text or "最多选择 50 人" in answer.text) == (400, True)
    assert (await client.get(address.replace("/give", "/dance"))).status_code == 404
    nobody = await give.go(("who", "00000000-0000-7000-8000-000000000000"), ("share.x", "1"))
    assert alerts_of(nobody) == ["Say how many minutes."]
    assert await orders_made(page) == 0


async def test_givers_are_asked_for_a_member_and_answer_at_the_counter_too(page: Page) -> None:
    scene, collect = await a_counter(page, "collect")
    near = await named(page, scene.bank, "示例王秀英")
    await give_to(page, scene, near, 100)
    fields = [*to((near, 30), (scene.other, 20)), ("until_on", "2026-03-10")]
    shown = await collect.go(*fields)
    for part in ("2 are asked by text", "on 2026-03-10 at 20:00", "Her account takes 89500 more minutes"):
        assert part in section(shown, "confirm"), part
    order = (await collect.press(shown, "生日")).json()
    assert (order["state"], order["executes_at"]) == ("collecting", "2026-03-10T12:00:00Z")
    file = section(await page.read(page=f"members/{near.member.id}"), "orders")
    assert "Call off" not in file  # here it is about her word
    behalf = {"on_behalf_of": str(near.member.id), "reason": "她来柜台答复"}
    assert (await page.press(file, "She agrees", **behalf)).json()["lines"][0]["consent"] == "given"
    assert await balances(page.platform, near.account) == [(100, 30)]
    assert "She agrees" not in await page.read(page=f"members/{near.member.id}")
    assert "1 agreed, 1 have not answered" in section(await page.read(), "waiting")


async def give_to(page: Page, scene: Scene, person: Any, minutes: int) -> None:
    """So that she has what she gives."""
    await gift(page.platform, scene, person, minutes)


async def test_a_standing_order_says_on_which_days_it_falls_and_what_today_would_refuse(page: Page) -> None:
    scene, schedule = await a_counter(page, "schedule")
    monthly = [*to((scene.other, 45)), ("every", "1"), ("from_on", "2026-03-31")]
    shown = await schedule.go(*monthly)
    assert "It falls on 2026-03-31, 2026-04-30, 2026-05-31, 2026-06-30 and goes on until it is ended." in shown
    assert alerts_of(shown) == []
    made = await schedule.press(shown, "每月一次")
    assert made.status_code == 201, made.text
    row = made.json()
    assert (row["rule"], row["next_at"]) == ("FREQ=MONTHLY;INTERVAL=1;BYMONTHDAY=-1", "2026-03-31T01:00:00Z")
    assert (row["reason"], row["acted_as"]) == ("每月一次", "officer")
    quarter = [
        ("way", "city"),
        ("minutes", "700"),
        ("every", "3"),
        ("from_on", "2026-03-30"),
        ("until_on", "2026-09-30"),
    ]
    shown = await schedule.go(*quarter, lang="zh")
    assert "办理日期：2026-03-30、2026-06-30、2026-09-30 依此类推，至 2026-09-30 为止。" in shown
    assert "没有 30 日的月份不办理。" in shown
    assert alerts_of(shown) == ["若今日办理将被拒绝： 可用时间不足：需要 700 分钟，可用 600 分钟。"]
    assert (await schedule.press(shown, "每季一次")).json()["kind"] == "donation"
    once = await schedule.go(*to((scene.other, 45)), ("every", "0"), ("from_on", "2026-03-03"))
    assert "It falls on 2026-03-03" in once
    assert (await schedule.press(once, "明天")).json()["rule"] is None
    shown = await schedule.go(*to((scene.other, 45)), ("from_on", DAY))  # today at nine has passed
    assert alerts_of(shown) == ["This would be refused. The instant lies ahead, at most 366 days."]
    file = section(await page.read(page=f"members/{scene.giver.member.id}"), "orders")
    assert (await page.press(file, "End", reason="本人要求")).json()["state"] == "ended"


async def test_heirs_are_chosen_with_their_parts_and_only_with_a_proof(page: Page) -> None:
    scene = await a_scene(page.platform)
    _, gone = await an_elder_with(page.platform, scene, minutes=100)
    near = await named(page, scene.bank, "示例王秀英")
    await page.open(scene, Role.OFFICER)
    passing = Counter(page, str(gone.id), "pass_on")
    heirs = to((near, 2), (scene.other, 1))
    assert alerts_of(await passing.go(*heirs)) == ["Say by which proof."]
    before = await left_behind(page)
    shown = section(await passing.go(*heirs, ("proof", "will")), "confirm")
    assert await left_behind(page) == before
    table = [re.sub(r"\s*<[^>]+>\s*", " ", row).split() for row in re.findall(r"<tr><td>(.+?)</tr>", shown)]
    assert [row[-1] for row in table] == ["67", "33"]
    for part in ("a member of D2", "parts: 2", "within 30 days", "the heirs are told"):
        assert part in shown
    assert (await member_now(page.platform, gone)).state == "active"
    shown = await passing.go(*heirs, ("proof", "will"))
    assert (await passing.press(shown, "病故")).status_code == 201
    assert await balances(page.platform, near.account, scene.other.account) == [(67, 0), (33, 0)]
    assert (await member_now(page.platform, gone)).state == "left"
    assert (await page.client.get(passing.address)).status_code == 404  # there is nothing left to begin
    assert await faults(page.platform) == []
