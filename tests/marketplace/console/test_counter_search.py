"""Members are looked for by name, telephone and number; who is beyond one's branches keeps her name to herself."""

from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import col

from marketplace.base.actor import Role
from marketplace.base.audit import Audit
from marketplace.base.database import transaction
from marketplace.hours.members.searching import Choice, Wanted, search, wanted
from marketplace.hours.models import Member
from tests.marketplace.console.counter import Counter, hits_of, named
from tests.marketplace.console.pages import Page, section
from tests.marketplace.hours.giving.scene import a_scene, an_elder_with


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("", None),
        ("王 秀英", ("name", "", ("王", "秀英"))),
        ("5678", ("ending", "5678", ())),
        ("王 5678", ("ending", "5678", ("王",))),
        ("567", ("name", "", ("567",))),  # three digits would list half a branch
        ("139 1234 5678", ("phone", "13912345678", ())),
        ("+86 139-1234-5678", ("phone", "13912345678", ())),
        ("٣٤٥٦", ("name", "", ("٣٤٥٦",))),
    ],
)
def test_what_was_typed_is_a_name_a_telephone_or_its_ending(text: str, meant: Any) -> None:
    found = wanted(text)
    assert (found and (found.by, found.digits, found.words)) == meant


def test_a_member_number_is_one_however_it_is_written() -> None:
    number = "0196f0a0-1111-7000-8000-00000000000a"
    for text in (number, f" {number.upper()} ", number.replace("-", "")):
        found = wanted(text)
        assert isinstance(found, Wanted)
        assert str(found.number) == number


async def test_the_search_finds_by_name_ending_and_number_and_is_noted(page: Page) -> None:
    scene = await a_scene(page.platform)
    wang = await named(page, scene.bank, "示例王秀英", phone="13800005678")
    other = await named(page, scene.bank, "示例王秀英", phone="13800001234")
    _, elder = await an_elder_with(page.platform, scene)
    await page.open(scene, Role.OFFICER)
    give = Counter(page, str(scene.giver.member.id), "give")
    shown = await give.fill(("q", "王秀"), ("step", "search"))
    assert set(hits_of(shown)) == {str(wang.member.id), str(other.member.id)}
    assert "telephone …5678" in shown  # which tells the two apart
    assert hits_of(await give.fill(("q", "5678"), ("step", "search"))) == [str(wang.member.id)]
    assert hits_of(await give.fill(("q", "秀英 1234"), ("step", "search"))) == [str(other.member.id)]
    assert hits_of(await give.fill(("q", str(elder.id)), ("step", "search"))) == [str(elder.id)]
    assert hits_of(await give.fill(("q", "%"), ("step", "search"))) == []  # a letter like any other
    assert hits_of(await give.fill(("q", str(scene.giver.member.id)), ("step", "search"))) == []  # not to herself
    async with transaction(page.platform.db) as tx:
        noted = list(await tx.scalars(select(Audit).where(col(Audit.action) == "member.searched").order_by("id")))
    assert [(one.detail["by"], one.detail["found"]) for one in noted][:4] == [
        ("name", 2),
        ("ending", 1),
        ("ending", 1),
        ("number", 1),
    ]


async def test_members_of_other_branches_are_found_by_what_they_tell_and_called_by_their_branch(page: Page) -> None:
    scene = await a_scene(page.platform)
    far = await named(page, scene.bank, "示例李远", district=1, phone="13800007777")
    await page.open(scene, Role.OFFICER)
    give = Counter(page, str(scene.giver.member.id), "give")
    for text in ("李远", "7777"):
        shown = await give.fill(("q", text), ("step", "search"))
        assert hits_of(shown) == []
        assert "Nobody was found." in shown
    for text in ("138 0000 7777", str(far.member.id)):
        shown = await give.fill(("q", text), ("step", "search"))
        assert hits_of(shown) == [str(far.member.id)]
        assert "a member of D2" in shown
        assert "李远" not in shown
        assert "telephone …" not in shown
    listed = section(await page.read(page="members", q="13800007777"), "search")
    assert "a member of D2" in listed
    assert f"/console/members/{far.member.id}" not in listed  # her file is not the reader's to open
    await page.open(scene, Role.OPERATOR)
    assert "李远" in await give.fill(("q", "李远"), ("step", "search"))


async def test_the_list_of_members_is_searched_as_well_those_who_left_included(page: Page) -> None:
    scene = await a_scene(page.platform)
    wang = await named(page, scene.bank, "示例王秀英")
    async with transaction(page.platform.db) as tx:
        (await tx.get_one(Member, wang.member.id)).state = "suspended"
    await page.open(scene, Role.OFFICER)
    found = section(await page.read("zh", page="members", q="王秀英"), "search")
    assert f"/console/members/{wang.member.id}" in found
    assert "已暂停" in found
    give = Counter(page, str(scene.giver.member.id), "give")
    assert hits_of(await give.fill(("q", "王秀英"), ("step", "search"))) == []  # she receives nothing now


async def test_who_asked_to_be_forgotten_is_not_found_by_telephone_and_breaks_nothing(page: Page) -> None:
    scene = await a_scene(page.platform)
    wang = await named(page, scene.bank, "示例王秀英", phone="13800005678")
    await named(page, scene.bank, "示例赵", phone="13900005678")
    async with transaction(page.platform.db) as tx:
        assert wang.actor.account_id is not None
        await page.platform.vault.erase(tx, wang.actor.account_id)
    async with transaction(page.platform.db) as tx:
        asked: dict[str, Any] = {"actor": scene.officer, "now": page.platform.now()}
        hits = await search(tx, page.platform.vault, "5678", Choice(), **asked)
        assert [hit.ending for hit in hits.found] == ["5678"]
        named_ = await search(tx, page.platform.vault, "王秀英", Choice(), **asked)
        assert [(hit.member.id, hit.ending) for hit in named_.found] == [(wang.member.id, None)]


async def test_more_than_are_shown_are_said_to_be_there(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = await a_scene(page.platform)
    for number in range(3):
        await named(page, scene.bank, f"示例王{number}", phone=f"1380000{number}999")
    monkeypatch.setattr("marketplace.hours.members.searching.MOST", 2)
    await page.open(scene, Role.OFFICER)
    give = Counter(page, str(scene.giver.member.id), "give")
    shown = await give.fill(("q", "示例王"), ("step", "search"))
    assert len(hits_of(shown)) == 2
    assert "There are more" in shown
    monkeypatch.setattr("marketplace.hours.members.searching.OPENED", 2)
    assert "Too many members to compare" in await give.fill(("q", "9999"), ("step", "search"))
    assert len(hits_of(await give.fill(("q", "王1 9999"), ("step", "search")))) == 0
    assert len(hits_of(await give.fill(("q", "王1 1999"), ("step", "search")))) == 1
