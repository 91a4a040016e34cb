"""Giving in the console: what waits stands there with the buttons that decide it, and what was done can be undone."""

import re
from datetime import timedelta
from typing import Any

from marketplace.base.actor import Role
from marketplace.base.database import transaction
from marketplace.hours.giving import collecting, gifts, inheritance
from marketplace.hours.giving.heirs import Heir
from marketplace.hours.giving.schedules import schedule
from marketplace.hours.members.proxies import Acts
from marketplace.hours.models import Member
from tests.marketplace.console.pages import Page, section
from tests.marketplace.console.test_branches_page import svg_of
from tests.marketplace.hours.builders import a_person
from tests.marketplace.hours.giving.scene import a_scene, an_elder_with, gift


async def test_an_officer_decides_what_waits_and_sees_it_done(page: Page) -> None:
    scene = await a_scene(page.platform)
    await gift(page.platform, scene, scene.other, 150)
    await page.open(scene, Role.OFFICER)
    for lang, words in (("zh", ("赠送", "150 分钟", "第二人须在", "示例2区会员")), ("en", ("gift", "150 minutes"))):
        shown = section(await page.read(lang), "waiting")
        for part in (*words, "示例"):
            assert part in shown, part
    shown = await page.read()
    assert (await page.press(shown, "Agree")).status_code == 200
    shown = await page.read()
    assert "Nothing waits" in section(shown, "waiting")
    done = section(shown, "done")
    assert "150 minutes" in done
    assert "may be taken back until 2026-03-03 12:00" in done
    # waits to the left, moved to the right: 150 of 150 fill the half
    widths = [float(bar.get("width", "")) for bar in svg_of(shown).iter("rect")]
    assert widths == [0.0, 270.0]
    assert (await page.press(shown, "Take back", reason="一时看错")).status_code == 200
    assert "taken back" in section(await page.read(), "done")


async def test_who_asked_is_told_that_another_decides_and_may_call_it_off(page: Page) -> None:
    scene = await a_scene(page.platform)
    await page.open(scene, Role.OFFICER)
    shown = await page.read()
    body = {
        "to": [{"member_id": str(scene.other.member.id), "minutes": 150}],
        "on_behalf_of": str(scene.giver.member.id),
        "reason": "她不识字",
    }
    headers = {"Authorization": f"Bearer {page.token}", "Idempotency-Key": "gift"}
    assert (await page.client.post("/v1/gifts", json=body, headers=headers)).status_code == 201
    shown = section(await page.read(), "waiting")
    for part in ("another officer decides", "on behalf of", "她不识字"):
        assert part in shown
    assert ">Agree</button>" not in shown
    assert (await page.press(shown, "Call off", reason="重复办理")).status_code == 200
    await page.open(scene, Role.OFFICER)
    assert "called off" in section(await page.read(of_state="cancelled"), "done")
    assert "There are none." in section(await page.read(of_state="done"), "done")


async def test_collections_and_standing_orders_are_seen_and_steered(page: Page) -> None:
    scene = await a_scene(page.platform)
    platform, now = page.platform, page.platform.now()
    async with transaction(platform.db) as tx:
        giver = Acts(await tx.get_one(Member, scene.giver.member.id))
        receiver = await tx.get_one(Member, scene.other.member.id)
        who: dict[str, Any] = {"reason": "生日", "actor": scene.giver.actor, "now": now}
        neighbour = await a_person(platform, tx, scene.bank)
        shares = [gifts.Share(receiver.id, 30)]
        ends_at = now + timedelta(days=3)
        await collecting.collect(tx, giver, neighbour.member, shares, ends_at=ends_at, policy=platform.policy, **who)
        what = {"to": [{"member_id": str(receiver.id), "minutes": 45}]}
        who |= {"rules": platform.policy.timebank.giving, "rule": "FREQ=MONTHLY;BYMONTHDAY=5"}
        await schedule(tx, giver, "gift", what, starts_at=ends_at, **who)
    await page.open(scene, Role.OFFICER)
    shown = await page.read()
    assert "0 agreed, 1 have not answered, 0 declined; carried out on 2026-03-05" in section(shown, "waiting")
    standing = section(shown, "standing")
    for part in ("45 minutes", "next on 2026-03-05 at 12:00", "FREQ=MONTHLY;BYMONTHDAY=5"):
        assert part in standing
    assert (await page.press(standing, "Pause", reason="本人要求")).status_code == 200
    standing = section(await page.read(), "standing")
    assert "paused" in standing
    assert (await page.press(standing, "Resume", reason="本人要求")).status_code == 200
    standing = section(await page.read("zh"), "standing")
    assert "进行中" in standing
    assert (await page.press(standing, "终止", reason="本人要求")).status_code == 200
    assert "没有定期转出" in await page.read("zh")


async def test_an_inheritance_shows_its_proof_and_only_another_officer_may_take_it_back(page: Page) -> None:
    scene = await a_scene(page.platform)
    _, gone = await an_elder_with(page.platform, scene, minutes=90)
    async with transaction(page.platform.db) as tx:
        passing = inheritance.Passing(
            member_id=gone.id, heirs=(Heir(scene.other.member.id),), proof="notary", reason="病故"
        )
        await inheritance.pass_on(
            tx, passing, policy=page.platform.policy, actor=scene.officer, now=page.platform.now()
        )
    await page.open(scene, Role.OFFICER)
    done = section(await page.read(kind="inheritance"), "done")
    for part in ("inheritance", "90 minutes", "病故", "notary", "may be taken back until 2026-04-01"):
        assert part in done
    assert (await page.press(done, "Take back", reason="继承人有争议")).status_code == 200


async def test_many_orders_come_by_pages(page: Page) -> None:
    scene = await a_scene(page.platform)
    for minutes in range(1, 33):
        await gift(page.platform, scene, scene.other, minutes)
    await page.open(scene, Role.OFFICER)
    first = section(await page.read(), "done")
    assert first.count("<article") == 30
    older = re.search(r"after=([0-9a-f-]{36})", first)
    assert older is not None
    rest = section(await page.read(after=older[1]), "done")
    assert re.findall(r"· (\d+) minutes", rest) == ["2", "1"]


async def test_others_see_nothing_of_a_branchs_giving(page: Page) -> None:
    scene = await a_scene(page.platform)
    await gift(page.platform, scene, scene.other, 150)
    for role, branch in ((Role.DISPATCHER, 0), (Role.REGULATOR, 0)):
        await page.open(scene, role, branch=branch)
        for path in ("giving", "grants", "members", f"members/{scene.giver.member.id}"):
            assert (await page.client.get(f"/console/{path}")).status_code == 403
    await page.open(scene, Role.OFFICER, branch=1)
    assert "150" not in section(await page.read(), "waiting")
    first = scene.bank.town.districts[0]
    assert (await page.client.get(f"/console/giving?district={first.id}")).status_code == 404
    assert (await page.client.get(f"/console/members/{scene.giver.member.id}")).status_code == 404
    page.client.cookies.clear()
    assert (await page.client.get("/console/giving")).status_code == 303
