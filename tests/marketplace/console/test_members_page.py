"""A branch's members and a member's file in the console; an officer acts for her there, with a reason."""

from sqlalchemy import select
from sqlmodel import col

from marketplace.base.actor import Role
from marketplace.base.audit import Audit
from marketplace.base.database import transaction
from marketplace.hours.books import pool_account
from marketplace.hours.members.groups import Group, found_group
from tests.builders import an_account
from tests.marketplace.console.counter import Counter
from tests.marketplace.console.pages import Page, section
from tests.marketplace.hours.builders import SYSTEM, balances
from tests.marketplace.hours.giving.scene import a_scene, an_elder_with, gift, member_now


async def test_members_are_listed_by_kind_with_what_tells_them_apart(page: Page) -> None:
    scene = await a_scene(page.platform)
    async with transaction(page.platform.db) as tx:
        contact = await an_account(page.platform, tx, Role.VOLUNTEER)
        group = Group(
            name="示例志愿队",
            district_id=scene.districts[0],
            size=12,
            contact_id=contact.id,
            gender="f",
            mode="walk",
        )
        await found_group(tx, group, actor=SYSTEM, now=page.platform.now())
    await page.open(scene, Role.OFFICER)
    shown = await page.read(page="members")
    for part in ("示例志愿队", "12 people", "individual", str(scene.giver.member.id)):
        assert part in shown
    assert str(scene.other.member.id) not in shown  # of the other branch
    groups = await page.read("zh", page="members", kind="group")
    assert "示例志愿队" in groups
    assert str(scene.giver.member.id) not in groups


async def test_a_file_shows_hours_orders_and_entries_and_the_look_is_noted(page: Page) -> None:
    scene = await a_scene(page.platform)
    await gift(page.platform, scene, scene.other, 60)
    await page.open(scene, Role.OFFICER)
    address = f"members/{scene.giver.member.id}"
    for lang, words in (("en", ("individual", "Balance", "Served in all")), ("zh", ("个人", "余额", "累计服务"))):
        shown = await page.read(lang, page=address)
        for part in (*words, "<dd>540 <small>", "<td>-60</td>"):
            assert part in shown, part
        assert "60" in section(shown, "orders")
    async with transaction(page.platform.db) as tx:
        looks = select(col(Audit.entity_id)).where(col(Audit.action) == "member.read")
        assert set(await tx.scalars(looks)) == {str(scene.giver.member.id)}


async def test_an_officer_donates_moves_and_passes_on_for_a_member(page: Page) -> None:
    scene = await a_scene(page.platform)
    await page.open(scene, Role.OFFICER)
    address, me = f"members/{scene.giver.member.id}", str(scene.giver.member.id)
    acts = section(await page.read(page=address), "acts")
    given = {"to": "branch", "minutes": 40, "on_behalf_of": me, "reason": "她来柜台办理"}
    assert (await page.press(acts, "Donate</button>", **given)).status_code == 201
    assert await balances(page.platform, scene.giver.account, pool_account(scene.districts[0])) == [(560, 0), (40, 0)]
    moving = {"district_id": str(scene.districts[1]), "on_behalf_of": me, "reason": "搬到女儿家"}
    assert (await page.press(acts, "Change of home branch</button>", **moving)).status_code == 201
    assert (await page.client.get(f"/console/{address}")).status_code == 404  # she is no longer of this branch
    _, gone = await an_elder_with(page.platform, scene, minutes=90)
    assert f"/console/members/{gone.id}/begin/pass_on" in section(await page.read(page=f"members/{gone.id}"), "acts")
    passing = Counter(page, str(gone.id), "pass_on")
    assert (await passing.press(await passing.go(), "病故")).status_code == 201
    assert (await member_now(page.platform, gone)).state == "left"
    assert 'id="acts"' not in await page.read(page=f"members/{gone.id}")
