"""No-shows and malice, what follows from them, and appeals. The city suspends after 3 no-shows for 30 days and ends a
membership after 5, or after 3 malicious acts; an appeal has 30 days."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from marketplace.base.actor import Actor, Role
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.hours.audit import prove
from marketplace.hours.models import Member, Task
from marketplace.hours.tasks.grabbing import grab
from tests.builders import an_account, an_actor
from tests.conftest import MONDAY_NINE
from tests.marketplace.hours.builders import (
    HOUR,
    TEN,
    Bank,
    Person,
    a_bank,
    a_member_elder,
    a_person,
    a_task,
    balances,
    task_now,
)
from tests.marketplace.hours.calling import Caller

DAY = timedelta(days=1)


class Branch:
    """A branch with two officers and a volunteer against whom things are said."""

    bank: Bank
    volunteer: Person
    first: Actor
    second: Actor

    def __init__(self, platform: Platform, caller: Caller) -> None:
        self.platform, self.caller = platform, caller

    async def open(self) -> "Branch":
        async with transaction(self.platform.db) as tx:
            self.bank = await a_bank(self.platform, tx)
            self.volunteer = await a_person(self.platform, tx, self.bank)
            place = self.bank.town.districts[0]
            self.first = await an_actor(self.platform, tx, Role.OFFICER, region=place)
            self.second = await an_actor(self.platform, tx, Role.OFFICER, region=place)
        return self

    async def says(self, kind: str, cause: str, actor: Actor | None = None) -> dict[str, Any]:
        body = {"kind": kind, "cause": cause, "reason": "told by the family"}
        return await self.caller.post(f"/v1/members/{self.volunteer.member.id}/incidents", actor or self.first, body)

    async def standing(self) -> tuple[str, int, int]:
        file = await self.caller.get(f"/v1/members/{self.volunteer.member.id}", self.volunteer.actor)
        return file["member"]["state"], file["no_shows"], file["malice"]

    async def task(self, start: Any = TEN) -> Task:
        async with transaction(self.platform.db) as tx:
            elder, _ = await a_member_elder(self.platform, tx, self.bank, minutes=60)
            return await a_task(self.platform, tx, elder, start=start)

    async def grabs(self, task: Task) -> None:
        async with transaction(self.platform.db) as tx:
            rules, now = self.platform.policy.timebank, self.platform.now()
            await grab(tx, task.id, actor=self.volunteer.actor, rules=rules, now=now)


async def test_a_missed_visit_stands_as_a_no_show_once(platform: Platform, caller: Caller, deliver_all: Any) -> None:
    branch = await Branch(platform, caller).open()
    task = await branch.task()
    await branch.grabs(task)
    platform.clock.set(TEN + 2 * HOUR)  # type: ignore[attr-defined] # the window's end and an hour
    await deliver_all(platform)
    assert (await task_now(platform, task)).state == "missed"
    assert await branch.standing() == ("active", 1, 0)
    (incident,) = (await caller.get(f"/v1/members/{branch.volunteer.member.id}", branch.first))["incidents"]
    assert (incident["cause"], incident["recorded_by"]) == (f"task:{task.id}", None)
    # the officer hears of it too, and says it again
    body = {"kind": "no_show", "task_id": str(task.id), "reason": "the elder waited"}
    again = await caller.post(f"/v1/members/{branch.volunteer.member.id}/incidents", branch.first, body)
    assert again["id"] == incident["id"]
    async with transaction(platform.db) as tx:
        assert await prove(tx) == []


async def test_the_third_no_show_suspends_for_thirty_days_and_a_timer_lifts_it(
    platform: Platform, caller: Caller, deliver_all: Any
) -> None:
    branch = await Branch(platform, caller).open()
    soon, later = await branch.task(), await branch.task(start=TEN + 20 * DAY)
    await branch.grabs(soon)
    for number in range(3):
        await branch.says("no_show", f"call/{number}")
        await branch.says("no_show", f"call/{number}")  # the same cause counts once
    assert await branch.standing() == ("suspended", 3, 0)
    assert await caller.refused(f"/v1/tasks/{later.id}/grab", branch.volunteer.actor) == "member_inactive"
    await deliver_all(platform)
    taken = await task_now(platform, soon)  # what she had taken is free for others, and its minutes are still held
    assert (taken.state, taken.member_id) == ("published", None)
    assert await balances(platform, soon.source_account) == [(60, 60)]
    platform.clock.set(MONDAY_NINE + 30 * DAY - HOUR)  # type: ignore[attr-defined]
    await deliver_all(platform)
    assert (await branch.standing())[0] == "suspended"
    platform.clock.set(MONDAY_NINE + 30 * DAY)  # type: ignore[attr-defined]
    await deliver_all(platform)
    assert await branch.standing() == ("active", 3, 0)
    await branch.says("no_show", "call/4")  # and every further one suspends anew
    assert await branch.standing() == ("suspended", 4, 0)


@pytest.mark.parametrize(("kind", "times"), [("no_show", 5), ("malice", 3)])
async def test_enough_of_a_kind_end_the_membership(platform: Platform, caller: Caller, kind: str, times: int) -> None:
    branch = await Branch(platform, caller).open()
    for number in range(times - 1):
        await branch.says(kind, f"call/{number}")
    assert (await branch.standing())[0] == ("suspended" if kind == "no_show" else "active")
    await branch.says(kind, "call/last")
    assert (await branch.standing())[0] == "ended"


async def test_an_appeal_is_decided_by_somebody_else_and_striking_out_gives_the_membership_back(
    platform: Platform, caller: Caller
) -> None:
    branch = await Branch(platform, caller).open()
    incidents = [await branch.says("malice", f"call/{number}") for number in range(3)]
    assert await branch.standing() == ("ended", 0, 3)
    last = incidents[-1]["id"]
    appeal, decision = f"/v1/incidents/{last}/appeal", f"/v1/incidents/{last}/decision"
    verdict = {"strike_out": True, "reason": "the family mixed up two volunteers"}
    assert await caller.refused(appeal, branch.second, {"words": "not mine"}) == "unknown"
    assert await caller.refused(decision, branch.second, verdict) == "illegal_transition"
    await caller.post(appeal, branch.volunteer.actor, {"words": "I was elsewhere"})
    assert await caller.refused(appeal, branch.volunteer.actor, {"words": "again"}) == "appeal_too_late"
    assert await branch.standing() == ("ended", 0, 3)  # it counts until it is struck out
    waiting = (await caller.get("/v1/incidents/appealed", branch.second))["items"]
    assert [one["id"] for one in waiting] == [last]
    assert await caller.refused(decision, branch.first, verdict) == "another_person"
    assert (await caller.post(decision, branch.second, verdict))["state"] == "struck_out"
    assert await branch.standing() == ("active", 0, 2)
    assert (await caller.get("/v1/incidents/appealed", branch.second))["items"] == []


async def test_an_upheld_incident_counts_on(platform: Platform, caller: Caller) -> None:
    branch = await Branch(platform, caller).open()
    incident = await branch.says("no_show", "call/1")
    await caller.post(f"/v1/incidents/{incident['id']}/appeal", branch.volunteer.actor, {"words": "I was ill"})
    verdict = {"strike_out": False, "reason": "nobody was told"}
    await caller.post(f"/v1/incidents/{incident['id']}/decision", branch.second, verdict)
    assert await branch.standing() == ("active", 1, 0)


async def test_after_thirty_days_nobody_appeals(platform: Platform, caller: Caller) -> None:
    branch = await Branch(platform, caller).open()
    incident = await branch.says("no_show", "call/1")
    platform.clock.set(MONDAY_NINE + 30 * DAY)  # type: ignore[attr-defined]
    address = f"/v1/incidents/{incident['id']}/appeal"
    assert await caller.refused(address, branch.volunteer.actor, {"words": "late"}) == "appeal_too_late"


async def test_nobody_records_in_an_own_matter_nor_for_another_branch(platform: Platform, caller: Caller) -> None:
    branch = await Branch(platform, caller).open()
    async with transaction(platform.db) as tx:
        account = await an_account(platform, tx, Role.VOLUNTEER, Role.OFFICER, region=branch.bank.town.districts[0])
        both = await a_person(platform, tx, branch.bank, account=account)
        foreign = await an_actor(platform, tx, Role.OFFICER, region=branch.bank.town.districts[1])
    body = {"kind": "malice", "cause": "call/1", "reason": "told by the family"}
    assert await caller.refused(f"/v1/members/{both.member.id}/incidents", both.actor, body) == "own_incident"
    assert await caller.refused(f"/v1/members/{branch.volunteer.member.id}/incidents", foreign, body) == "unknown"
    nothing = {"kind": "malice", "reason": "told by the family"}
    assert await caller.refused(f"/v1/members/{branch.volunteer.member.id}/incidents", branch.first, nothing) == (
        "cause_missing"
    )
    task = await branch.task()
    foreign_task = nothing | {"task_id": str(task.id)}
    assert await caller.refused(f"/v1/members/{branch.volunteer.member.id}/incidents", branch.first, foreign_task) == (
        "not_their_task"
    )


async def test_whoever_recorded_it_cannot_decide_even_by_raw_sql(platform: Platform, caller: Caller) -> None:
    branch = await Branch(platform, caller).open()
    incident = await branch.says("no_show", "call/1")
    with pytest.raises(Exception, match="incident_two_persons"):
        async with transaction(platform.db) as tx:
            await tx.execute(
                text("UPDATE incident SET decided_by = recorded_by WHERE id = :id"), {"id": incident["id"]}
            )
    async with transaction(platform.db) as tx:
        assert (await tx.get_one(Member, branch.volunteer.member.id)).state == "active"
