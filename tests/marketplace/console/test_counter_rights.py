"""Who may begin what at the counter: as the city's rules let her member, and nobody to the own benefit."""

import re
from typing import Any

from marketplace.base.actor import Role
from tests.marketplace.console.counter import Counter, a_counter, alerts_of, made_officer, named, orders_made, to
from tests.marketplace.console.pages import Page, section
from tests.marketplace.hours.giving.scene import a_scene, rows, under


async def test_the_counter_offers_what_the_rules_of_the_city_allow(page: Page, program: Any) -> None:
    scene, give = await a_counter(page, "give")
    file = f"members/{scene.giver.member.id}"

    async def begins(city: str) -> set[str]:
        program.state.platform = under(page.platform, city)
        return set(re.findall(r"/begin/(\w+)\?", await page.read(page=file)))

    everything = {"give", "collect", "schedule", "pass_on"}
    assert await begins("pidu") == everything
    assert await begins("changning") == {"schedule", "pass_on"}  # to the branch's pool alone
    assert (await page.client.get(give.address)).status_code == 404
    passing = await Counter(page, give.member, "pass_on").go()
    assert "the branch&#39;s pool" in section(passing, "confirm")
    assert 'name="q"' not in await Counter(page, give.member, "pass_on").fill()
    assert await begins("nanjing") == {"give", "schedule", "pass_on"}  # a donation to an elder; she is none
    shown = await give.go(*to((scene.other, 30)))
    assert alerts_of(shown)[0].startswith(
        "This would be refused. Donations to persons go to members of the kinds: elder"
    )


async def test_nobody_else_begins_anything_and_the_look_is_noted(page: Page) -> None:
    scene, give = await a_counter(page, "give")
    await give.fill()
    looks = await rows(page.platform, "SELECT entity_id FROM audit WHERE action = 'member.read'")
    assert looks == [(give.member,)]
    for role, branch, status in ((Role.DISPATCHER, 0, 403), (Role.REGULATOR, 0, 403), (Role.OFFICER, 1, 404)):
        await page.open(scene, role, branch=branch)
        assert (await page.client.get(give.address)).status_code == status
    page.client.cookies.clear()
    assert (await page.client.get(give.address)).status_code == 303


async def test_an_officer_does_not_begin_a_gift_to_herself(page: Page) -> None:
    scene = await a_scene(page.platform)
    own = await named(page, scene.bank, "示例专员")
    await made_officer(page, scene, own)
    give = Counter(page, str(scene.giver.member.id), "give")
    shown = await give.go(*to((own, 30)))
    assert alerts_of(shown) == ["This would be refused. Nobody acts or agrees to one's own benefit."]
    assert await orders_made(page) == 0
