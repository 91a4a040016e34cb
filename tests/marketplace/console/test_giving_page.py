"""Giving in the console: what waits stands there with the buttons that decide it, and what was done can be undone."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from marketplace.base.actor import Role
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.hours.giving import collecting, gifts, inheritance
from marketplace.hours.giving.heirs import Heir
from marketplace.hours.giving.schedules import schedule
from marketplace.hours.members.proxies import Acts
from marketplace.hours.models import Member
from tests.conftest import MovableClock
from tests.marketplace.console.builders import sign_in, staff
from tests.marketplace.console.test_branches_page import svg_of
from tests.marketplace.hours.builders import a_person
from tests.marketplace.hours.giving.scene import Scene, Told, a_scene, an_elder_with, gift, under

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)


class Page:
    """The page of the scene's first branch, under Pidu's rules (gifts to any member), a second person above 100."""

    def __init__(self, platform: Platform, client: httpx.AsyncClient) -> None:
        found = under(platform, "pidu", second_person_above_minutes=100)
        self.platform, self.client = replace(found, channel=Told()), client
        self.token = ""

    async def open(self, scene: Scene, *roles: Role, branch: int = 0) -> None:
        """Sign in as staff of a branch."""
        self.client.cookies.clear()
        await sign_in(self.client, await staff(self.platform, scene.bank.town.districts[branch], *roles))

    async def read(self, lang: str = "en", page: str = "giving", **query: Any) -> str:
        answer = await self.client.get(f"/console/{page}", params={"lang": lang, **query})
        assert answer.status_code == 200, answer.text
        self.token = re.search(r'"token": "([^"]+)"', answer.text)[1]  # type: ignore[index]  # every page has one
        return answer.text

    async def press(self, page: str, words: str, **fields: Any) -> httpx.Response:
        """What the page's script does when the first button of these words is pressed."""
        button = page.index(f">{words}")
        address = re.findall(r'data-address="([^"]+)"', page[:button])[-1]
        step = re.findall(r'data-step="([^"]+)"', page[:button])[-1]
        headers = {"Authorization": f"Bearer {self.token}", "Idempotency-Key": f"{address}{step}"}
        return await self.client.post(address + step, json=fields, headers=headers)


@pytest.fixture
def page(platform: Platform, client: httpx.AsyncClient, clock: MovableClock, program: Any) -> Page:
    clock.set(NOON)
    found = Page(platform, client)
    program.state.platform = found.platform
    return found


def section(page: str, name: str) -> str:
    """A part of the page by its id."""
    return page[page.index(f'id="{name}"') :].split("</section>", maxsplit=1)[0]


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
