"""An officer suspends a member by hand and lifts it; the member is told of that and of every sanction, and may appeal.
The city suspends after 3 no-shows for 30 days and ends a membership after 5; an appeal has 30 days. It is Monday,
2 March 2026, nine in the morning.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from marketplace.base.actor import Actor, Role
from marketplace.base.clock import LOCAL
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.hours.audit import prove
from tests.builders import an_account, an_actor
from tests.conftest import MovableClock
from tests.marketplace.hours.builders import Bank, Person, a_bank, a_member_elder, a_person, a_task, task_now
from tests.marketplace.hours.calling import Caller, Headers
from tests.marketplace.hours.giving.scene import Told

Deliver = Callable[[Platform], Awaitable[int]]
DAY = timedelta(days=1)
WHY = "小区反映其态度恶劣"


class Branch:
    """A branch with two officers and a volunteer, and the texts that are sent."""

    bank: Bank
    volunteer: Person
    first: Actor
    second: Actor
    foreign: Actor

    def __init__(self, platform: Platform, caller: Caller, deliver: Deliver) -> None:
        self.channel = Told()
        self.platform, self.caller, self._deliver = replace(platform, channel=self.channel), caller, deliver

    async def open(self) -> "Branch":
        async with transaction(self.platform.db) as tx:
            self.bank = await a_bank(self.platform, tx)
            self.volunteer = await a_person(self.platform, tx, self.bank)
            here, there = self.bank.town.districts
            self.first = await an_actor(self.platform, tx, Role.OFFICER, region=here)
            self.second = await an_actor(self.platform, tx, Role.OFFICER, region=here)
            self.foreign = await an_actor(self.platform, tx, Role.OFFICER, region=there)
        return self

    @property
    def address(self) -> str:
        return f"/v1/members/{self.volunteer.member.id}"

    async def suspends(self, until: datetime | None = None, actor: Actor | None = None) -> dict[str, Any]:
        body = {"reason": WHY, "until": until.isoformat() if until else None}
        return await self.caller.post(f"{self.address}/suspensions", actor or self.first, body)

    async def no_show(self, number: int) -> dict[str, Any]:
        body = {"kind": "no_show", "cause": f"call/{number}", "reason": "the elder waited"}
        return await self.caller.post(f"{self.address}/incidents", self.first, body)

    async def standing(self) -> tuple[str, str | None]:
        member = (await self.caller.get(self.address, self.volunteer.actor))["member"]
        return member["state"], member["suspended_until"]

    async def told(self) -> list[str]:
        """The texts since the last time, in no order: messages overtake one another."""
        self.channel.texts.clear()
        await self._deliver(self.platform)
        return sorted(text.removeprefix("【六助】") for _, text in self.channel.texts)


@pytest.fixture
async def branch(platform: Platform, client: Any, as_: Headers, deliver_all: Deliver) -> Branch:
    return await Branch(platform, Caller(client, as_), deliver_all).open()


async def test_a_suspension_without_an_end_lasts_until_an_officer_lifts_it(branch: Branch, clock: MovableClock) -> None:
    async with transaction(branch.platform.db) as tx:
        elder, _ = await a_member_elder(branch.platform, tx, branch.bank, minutes=60)
        task = await a_task(branch.platform, tx, elder, start=clock.now() + 28 * DAY + timedelta(hours=1))
    await branch.caller.post(f"/v1/tasks/{task.id}/grab", branch.volunteer.actor)
    suspension = await branch.suspends()
    assert (suspension["kind"], suspension["suspends_until"], suspension["state"]) == ("suspension", None, "standing")
    assert await branch.standing() == ("suspended", None)
    assert await branch.told() == ["您的会员资格已暂停，恢复前不能接单。如有异议，可在 2026-04-01 09:00 前申诉。"]
    assert (await task_now(branch.platform, task)).state == "published"  # given back, however far away it is
    assert await branch.caller.refused(f"/v1/tasks/{task.id}/grab", branch.volunteer.actor) == "member_inactive"
    clock.set(clock.now() + 28 * DAY)
    assert await branch.told() == []
    lift = f"/v1/incidents/{suspension['id']}/lift"
    assert await branch.caller.refused(lift, branch.foreign, {"reason": "no"}) == "unknown"
    lifted = await branch.caller.post(lift, branch.second, {"reason": "talked it over"})
    assert (lifted["state"], lifted["lifted_by"]) == ("lifted", str(branch.second.account_id))
    assert await branch.standing() == ("active", None)
    assert await branch.told() == ["您的会员资格已恢复。"]
    assert await branch.caller.refused(lift, branch.second, {"reason": "again"}) == "illegal_transition"
    async with transaction(branch.platform.db) as tx:
        assert await prove(tx) == []


async def test_one_with_an_end_is_lifted_by_a_timer(branch: Branch, clock: MovableClock) -> None:
    until = clock.now() + 7 * DAY
    await branch.suspends(until)
    assert await branch.standing() == ("suspended", "2026-03-09T01:00:00Z")
    assert await branch.told() == [
        "您的会员资格已暂停至 2026-03-09 09:00，期间不能接单。如有异议，可在 2026-04-01 09:00 前申诉。"
    ]
    clock.set(until)
    assert await branch.told() == ["您的会员资格已恢复。"]
    assert await branch.standing() == ("active", None)
    await branch.suspends(clock.now() + DAY)  # and another time


async def test_the_longer_of_two_suspensions_counts(branch: Branch, clock: MovableClock) -> None:
    monday = clock.now()
    suspension = await branch.suspends(monday + 7 * DAY)
    for number in range(3):
        await branch.no_show(number)
    assert await branch.standing() == ("suspended", "2026-04-01T01:00:00Z")  # 30 days from the third no-show
    await branch.told()
    await branch.caller.post(f"/v1/incidents/{suspension['id']}/lift", branch.first, {"reason": "enough"})
    assert await branch.standing() == ("suspended", "2026-04-01T01:00:00Z")
    short = await branch.suspends(monday + DAY)
    assert await branch.standing() == ("suspended", "2026-04-01T01:00:00Z")
    assert await branch.told() == [
        "您的会员资格已暂停至 2026-03-03 09:00，期间不能接单。如有异议，可在 2026-04-01 09:00 前申诉。"
    ]
    clock.set(monday + 2 * DAY)
    lift = f"/v1/incidents/{short['id']}/lift"
    assert await branch.caller.refused(lift, branch.first, {"reason": "it is over"}) == "illegal_transition"
    await branch.suspends()
    assert await branch.standing() == ("suspended", None)
    clock.set(monday + 31 * DAY)
    await branch.told()
    assert await branch.standing() == ("suspended", None)


async def test_she_appeals_and_another_officer_strikes_it_out(branch: Branch) -> None:
    suspension = await branch.suspends()
    await branch.told()
    address = f"/v1/incidents/{suspension['id']}"
    await branch.caller.post(f"{address}/appeal", branch.volunteer.actor, {"words": "那天不是我"})
    verdict = {"strike_out": True, "reason": "a mix-up"}
    assert await branch.caller.refused(f"{address}/decision", branch.first, verdict) == "another_person"
    await branch.caller.post(f"{address}/decision", branch.second, verdict)
    assert await branch.standing() == ("active", None)
    assert await branch.told() == sorted(["您的申诉成立，该记录已撤销。", "您的会员资格已恢复。"])


async def test_every_sanction_is_told_to_the_member_by_a_text(branch: Branch) -> None:
    appeal = "如有异议，可在 2026-04-01 09:00 前申诉。"
    suspended = "您的会员资格已暂停至 2026-04-01 09:00，期间不能接单。"
    for number in range(4):
        await branch.no_show(number)
        await branch.no_show(number)  # the same cause is told once
    assert await branch.told() == [
        *(f"您有一次爽约记录（累计 {number} 次）。{appeal}" for number in (1, 2, 3, 4)),
        f"{suspended}{appeal}",
    ]
    last = await branch.no_show(4)
    ended = f"您的会员资格已终止，账户中的时间仍归您所有。{appeal}"
    assert await branch.told() == sorted([f"您有一次爽约记录（累计 5 次）。{appeal}", ended])
    await branch.caller.post(f"/v1/incidents/{last['id']}/appeal", branch.volunteer.actor, {"words": "不是我"})
    decision = f"/v1/incidents/{last['id']}/decision"
    await branch.caller.post(decision, branch.second, {"strike_out": False, "reason": "she was seen elsewhere"})
    assert await branch.told() == ["您的申诉未获支持，记录维持不变。"]
    body = {"kind": "malice", "cause": "complaint/1", "reason": "asked for money"}
    await branch.caller.post(f"{branch.address}/incidents", branch.first, body)
    assert await branch.told() == [f"您有一次违规记录（累计 1 次）。{appeal}"]


async def test_a_minors_guardian_is_told_and_withdrawing_consent_evades_no_suspension(branch: Branch) -> None:
    async with transaction(branch.platform.db) as tx:
        guardian = branch.volunteer
        ward = await a_person(
            branch.platform, tx, branch.bank, birth_on=date(2010, 5, 1), guardian_id=guardian.member.id
        )
    consent, address = f"/v1/members/{ward.member.id}/consent", f"/v1/members/{ward.member.id}/suspensions"
    assert await branch.caller.refused(address, branch.first, {"reason": WHY}) == "illegal_transition"  # pending
    await branch.caller.post(consent, guardian.actor, {"consents": True})
    await branch.caller.post(address, branch.first, {"reason": WHY})
    assert len(set(await branch.told())) == 1
    assert len({phone for phone, _ in branch.channel.texts}) == 2
    for consents in (False, True):
        await branch.caller.post(consent, guardian.actor, {"consents": consents})
    file = await branch.caller.get(f"/v1/members/{ward.member.id}", ward.actor)
    assert file["member"]["state"] == "suspended"


async def test_who_may_not_suspend_or_when_is_refused_by_name(branch: Branch, clock: MovableClock) -> None:
    address, body = f"{branch.address}/suspensions", {"reason": WHY}
    past = {**body, "until": (clock.now() - DAY).isoformat()}
    assert await branch.caller.refused(address, branch.first, past) == "suspension_period"
    assert await branch.caller.refused(address, branch.first, {"until": None}) == "malformed"
    assert await branch.caller.refused(address, branch.foreign, body) == "unknown"
    assert await branch.caller.refused(address, branch.volunteer.actor, body) == "forbidden"
    async with transaction(branch.platform.db) as tx:
        account = await an_account(
            branch.platform, tx, Role.OFFICER, Role.VOLUNTEER, region=branch.bank.town.districts[0]
        )
        herself = await a_person(branch.platform, tx, branch.bank, account=account)
    own = f"/v1/members/{herself.member.id}/suspensions"
    assert await branch.caller.refused(own, herself.actor, body) == "own_incident"
    no_show = await branch.no_show(1)
    lift = f"/v1/incidents/{no_show['id']}/lift"
    assert await branch.caller.refused(lift, branch.first, body) == "illegal_transition"
    assert await branch.standing() == ("active", None)
    await branch.suspends(datetime(2026, 3, 3, 9, tzinfo=LOCAL))
    assert await branch.caller.refused(address, branch.second, body) == "suspended_already"
