"""Requests by telephone are reviewed by another officer before anything is set aside."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from marketplace.base.actor import Actor, Role
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.hours.audit import prove
from marketplace.people.models import Elder
from tests.builders import an_account, an_actor
from tests.marketplace.hours.builders import HOUR, TEN, Bank, Person, a_bank, a_member_elder, a_person, balances
from tests.marketplace.hours.calling import Caller, live_by
from tests.marketplace.hours.meeting import answers, kept

BY_PHONE = {
    "channel": "phone",
    "caller": "示例女儿",
    "consent": "recording",
    "consent_reference": "call-2026-03-02-0815",
}


class Site:
    """A branch with an elder who has 90 minutes, and two officers."""

    bank: Bank
    elder: Elder
    payer: Any
    first: Actor
    second: Actor
    foreign: Actor
    volunteer: Person

    async def open(self, platform: Platform) -> "Site":
        async with transaction(platform.db) as tx:
            self.bank = await a_bank(platform, tx)
            self.elder, member = await a_member_elder(platform, tx, self.bank, minutes=90)
            self.payer = member.ledger_account
            here, there = self.bank.town.districts
            self.first = await an_actor(platform, tx, Role.OFFICER, region=here)
            self.second = await an_actor(platform, tx, Role.OFFICER, region=here)
            self.foreign = await an_actor(platform, tx, Role.OFFICER, region=there)
            self.volunteer = await a_person(platform, tx, self.bank)
        return self

    def wants(self, **changes: Any) -> dict[str, Any]:
        return {
            "elder_id": str(self.elder.id),
            "kind": "shopping",
            "window_start": TEN.isoformat(),
            "window_end": (TEN + HOUR).isoformat(),
            "minutes": 30,
            **changes,
        }


async def test_a_call_is_written_down_with_its_consent_and_published_by_another_officer(
    platform: Platform, caller: Caller
) -> None:
    site = await Site().open(platform)
    task = await caller.post("/v1/tasks", site.first, site.wants(**BY_PHONE))
    assert (task["state"], task["source_kind"], task["visit_id"]) == ("submitted", None, None)
    assert await balances(platform, site.payer) == [(90, 0)]
    waiting = (await caller.get("/v1/tasks/submitted", site.second))["items"]
    assert [(one["id"], one["caller"], one["consent"]) for one in waiting] == [(task["id"], "示例女儿", "recording")]
    assert (await caller.get("/v1/tasks/submitted", site.foreign))["items"] == []
    assert (await caller.get("/v1/tasks", site.volunteer.actor))["items"] == []
    publish = f"/v1/tasks/{task['id']}/publish"
    assert await caller.refused(publish, site.first) == "own_request"
    assert await caller.refused(publish, site.foreign) == "unknown"
    published = await caller.post(publish, site.second)
    assert (published["state"], published["source_kind"]) == ("published", "own")
    assert await balances(platform, site.payer) == [(90, 30)]
    assert await caller.refused(publish, site.second) == "illegal_transition"
    grabbed = await caller.post(f"/v1/tasks/{task['id']}/grab", site.volunteer.actor)
    assert (grabbed["caller"], grabbed["consent_reference"]) == (None, None)  # not the helper's business
    async with transaction(platform.db) as tx:
        assert "示例女儿" not in str(await tx.scalar(text("SELECT to_jsonb(t)::text FROM task t")))
        assert await prove(tx) == []


@pytest.mark.parametrize("missing", ["caller", "consent", "consent_reference"])
async def test_a_call_without_proof_of_consent_is_not_written_down(
    platform: Platform, caller: Caller, missing: str
) -> None:
    site = await Site().open(platform)
    body = site.wants(**{name: value for name, value in BY_PHONE.items() if name != missing})
    assert await caller.refused("/v1/tasks", site.first, body) == "consent_missing"


async def test_only_staff_writes_down_calls(platform: Platform, caller: Caller) -> None:
    site = await Site().open(platform)
    async with transaction(platform.db) as tx:
        account = await an_account(platform, tx, Role.ELDER)
        (await tx.get_one(Elder, site.elder.id)).account_id = account.id
    elder = Actor(account.id, frozenset({Role.ELDER}))
    assert await caller.refused("/v1/tasks", elder, site.wants(**BY_PHONE)) == "channel_of_staff"


async def test_a_returned_request_says_why_and_holds_nothing(platform: Platform, caller: Caller) -> None:
    site = await Site().open(platform)
    task = await caller.post("/v1/tasks", site.first, site.wants(**BY_PHONE, places=2))
    why = {"reason": "the address is not hers"}
    back = await caller.post(f"/v1/tasks/{task['id']}/return", site.second, why)
    assert (back["state"], back["return_reason"]) == ("returned", "the address is not hers")
    async with transaction(platform.db) as tx:
        assert (await tx.scalars(text("SELECT state FROM task"))).all() == ["returned", "returned"]
        assert await tx.scalar(text("SELECT count(*) FROM timer WHERE rule = 'task.due'")) == 0
    assert await balances(platform, site.payer) == [(90, 0)]


async def test_what_nobody_reviewed_in_time_expires(platform: Platform, caller: Caller, deliver_all: Any) -> None:
    site = await Site().open(platform)
    task = await caller.post("/v1/tasks", site.first, site.wants(**BY_PHONE))
    platform.clock.set(TEN)  # type: ignore[attr-defined]
    assert await caller.refused(f"/v1/tasks/{task['id']}/publish", site.second) == "illegal_transition"
    await deliver_all(platform)
    assert (await caller.get(f"/v1/tasks/{task['id']}", site.first))["state"] == "expired"
    async with transaction(platform.db) as tx:
        assert await prove(tx) == []


async def test_a_request_that_nobody_can_pay_stays_submitted(platform: Platform, caller: Caller) -> None:
    site = await Site().open(platform)
    task = await caller.post("/v1/tasks", site.first, site.wants(**BY_PHONE, minutes=120))
    assert await caller.refused(f"/v1/tasks/{task['id']}/publish", site.second) == "no_hours_source"
    assert (await caller.get(f"/v1/tasks/{task['id']}", site.first))["state"] == "submitted"
    ended = await caller.post(f"/v1/tasks/{task['id']}/cancel", site.first, {"reason": "not needed"})
    assert ended["state"] == "cancelled"


async def test_a_city_may_review_every_channel(platform: Platform, caller: Caller) -> None:
    site = await Site().open(platform)
    live_by(platform, earning={"reviewed": ["app", "phone", "staff"]})
    assert (await caller.post("/v1/tasks", site.first, site.wants()))["state"] == "submitted"


async def test_the_way_of_taking_is_the_citys(platform: Platform, caller: Caller) -> None:
    site = await Site().open(platform)
    live_by(platform, earning={"taking": ["dispatch"]})
    assert await caller.refused("/v1/tasks", site.first, site.wants(taking="grab")) == "taking_not_offered"
    task = await caller.post("/v1/tasks", site.first, site.wants())
    assert task["taking"] == "dispatch"
    assert (await caller.get("/v1/tasks", site.volunteer.actor))["items"] == []
    assert await caller.refused(f"/v1/tasks/{task['id']}/grab", site.volunteer.actor) == "only_dispatched"


async def test_an_elder_may_ask_for_a_woman(platform: Platform, caller: Caller) -> None:
    site = await Site().open(platform)
    async with transaction(platform.db) as tx:
        man = await a_person(platform, tx, site.bank, gender="m")
    task = await caller.post("/v1/tasks", site.first, site.wants(gender="f"))
    assert await caller.refused(f"/v1/tasks/{task['id']}/grab", man.actor) == "gender_asked_for"
    assert (await caller.post(f"/v1/tasks/{task['id']}/grab", site.volunteer.actor))["state"] == "grabbed"


async def test_a_task_given_back_is_open_to_others_until_it_begins(platform: Platform, caller: Caller) -> None:
    site = await Site().open(platform)
    task = await caller.post("/v1/tasks", site.first, site.wants())
    address, why = f"/v1/tasks/{task['id']}", {"reason": "my train is late"}
    assert await caller.refused(f"{address}/give-back", site.volunteer.actor, why) == "unknown"
    await caller.post(f"{address}/grab", site.volunteer.actor)
    assert (await caller.post(f"{address}/give-back", site.volunteer.actor, why))["state"] == "published"
    async with transaction(platform.db) as tx:
        other = await a_person(platform, tx, site.bank)
    assert (await caller.post(f"{address}/grab", other.actor))["state"] == "grabbed"
    platform.clock.set(TEN + timedelta(minutes=1))  # type: ignore[attr-defined]
    assert await balances(platform, site.payer) == [(90, 30)]


async def test_places_are_called_off_while_another_officer_publishes_them(platform: Platform, caller: Caller) -> None:
    site = await Site().open(platform)
    where = text("SELECT id FROM task WHERE request_id = (SELECT request_id FROM task WHERE id = :id) ORDER BY place")
    first = second = UUID(int=0)
    while first <= second:  # ids of one millisecond fall as they like: the first place's is to be the later one
        task = await caller.post("/v1/tasks", site.first, site.wants(**BY_PHONE, places=2))
        async with transaction(platform.db) as tx:
            first, second = await tx.scalars(where, {"id": UUID(task["id"])})
    async with kept(platform, "task", first) as queue:
        await queue.join(caller.call(f"/v1/tasks/{first}/publish", site.second, {}))
        await queue.join(caller.call(f"/v1/tasks/{first}/cancel", site.first, {"reason": "not today", "whole": True}))
    assert answers(queue) == [(200, "published"), (200, "cancelled")]
    assert await balances(platform, site.payer) == [(90, 0)]
