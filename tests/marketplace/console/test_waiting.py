"""What waits in the time bank stands on the officer's page, with the buttons that decide it, and on nobody else's."""

from datetime import timedelta

import httpx

from marketplace.base.actor import Role
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.hours.members.standing.appeals import appeal
from marketplace.hours.members.standing.incidents import Happened, record
from marketplace.hours.tasks.disputing import dispute
from marketplace.hours.tasks.grabbing import grab
from marketplace.hours.tasks.publishing import Call
from tests.builders import an_actor
from tests.marketplace.console.builders import sign_in, staff
from tests.marketplace.hours.builders import HOUR, TEN, Bank, a_bank, a_member_elder, a_person, a_task, report


async def a_branch(platform: Platform) -> Bank:
    """A request by telephone, a dispute and an appeal, all on Tuesday."""
    rules = platform.policy
    async with transaction(platform.db) as tx:
        bank = await a_bank(platform, tx)
        elder, _ = await a_member_elder(platform, tx, bank, minutes=120)
        clerk = await an_actor(platform, tx, Role.OFFICER, region=bank.town.districts[0])
        call = Call(channel="phone", caller="示例女儿", consent="recording", consent_reference="call-1")
        await a_task(platform, tx, elder, actor=clerk, start=TEN + 6 * HOUR, call=call)
        served = await a_task(platform, tx, elder)
        volunteer = await a_person(platform, tx, bank)
        await grab(tx, served.id, actor=volunteer.actor, rules=rules.timebank, now=platform.now())
    await report(platform, served, volunteer, "in", TEN)
    await report(platform, served, volunteer, "out", TEN + timedelta(minutes=50))
    async with transaction(platform.db) as tx:
        now = platform.now()
        await dispute(tx, served.id, reason="她半小时就走了", rules=rules.visit, actor=clerk, now=now)
        happened = Happened(kind="no_show", cause="call/2", reason="老人一直在等")
        sanctions = rules.timebank.sanctions
        incident = await record(tx, volunteer.member.id, happened, rules=sanctions, actor=clerk, now=now)
        await appeal(tx, incident.id, words="当天住院", actor=volunteer.actor, now=now)
    return bank


async def test_an_officer_sees_what_waits_in_her_branch(platform: Platform, client: httpx.AsyncClient) -> None:
    bank = await a_branch(platform)
    here = bank.town.districts[0]
    await sign_in(client, await staff(platform, here, Role.OFFICER))
    address = f"/console/day?district={here.id}&day=2026-03-03&lang="
    for lang, words in (("zh", ("电话", "部分认定", "撤销记录")), ("en", ("by telephone", "In part", "Strike out"))):
        text = (await client.get(address + lang)).text
        for shown in (*words, "她半小时就走了", "当天住院", "/v1/incidents/", 'max="59"'):
            assert shown in text, (lang, shown)
        assert text.count('class="judge"') == 3
    fresh = (await client.get(address.replace("/day?", "/day.json?") + "en")).json()
    assert fresh["parts"]["hours"].count('class="judge"') == 3


async def test_a_dispatcher_and_the_officer_of_another_branch_see_none_of_it(
    platform: Platform, client: httpx.AsyncClient
) -> None:
    bank = await a_branch(platform)
    for district, role in ((bank.town.districts[0], Role.DISPATCHER), (bank.town.districts[1], Role.OFFICER)):
        client.cookies.clear()
        await sign_in(client, await staff(platform, district, role))
        text = (await client.get(f"/console/day?district={district.id}&day=2026-03-03&lang=zh")).text
        assert "她半小时就走了" not in text
        assert 'class="judge"' not in text
