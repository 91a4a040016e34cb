"""Confirmed by the elder, after 48 hours by the site, or disputed: in full, in part, or nothing."""

from datetime import timedelta
from typing import Any

import pytest

from marketplace.base.actor import Actor, Role
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.hours.audit import prove
from marketplace.hours.models import Task
from marketplace.hours.tasks.grabbing import grab
from marketplace.people.models import Elder
from tests.builders import an_account, an_actor
from tests.marketplace.hours.builders import (
    TEN,
    Bank,
    Person,
    a_bank,
    a_member_elder,
    a_person,
    a_task,
    approve_and_credit,
    balances,
    give,
    legs_of,
    report,
    tell,
    visit_of,
)
from tests.marketplace.hours.calling import Caller

WHY = {"reason": "she left after half an hour"}
OUT = TEN + timedelta(minutes=50)


class Hour:
    """An hour asked for by an elder with 60 minutes, of which a volunteer served fifty."""

    bank: Bank
    task: Task
    elder: Actor
    volunteer: Person
    officer: Actor

    async def served(self, platform: Platform) -> "Hour":
        async with transaction(platform.db) as tx:
            bank = self.bank = await a_bank(platform, tx)
            row, _ = await a_member_elder(platform, tx, bank, minutes=60)
            account = await an_account(platform, tx, Role.ELDER)
            (await tx.get_one(Elder, row.id)).account_id = account.id
            self.elder = Actor(account.id, frozenset({Role.ELDER}))
            self.volunteer = await a_person(platform, tx, bank)
            self.officer = await an_actor(platform, tx, Role.OFFICER, region=bank.town.districts[0])
            self.task = await a_task(platform, tx, row)
        async with transaction(platform.db) as tx:
            rules = platform.policy.timebank
            await grab(tx, self.task.id, actor=self.volunteer.actor, rules=rules, now=platform.now())
        await report(platform, self.task, self.volunteer, "in", TEN)
        await report(platform, self.task, self.volunteer, "out", OUT)
        return self

    @property
    def address(self) -> str:
        return f"/v1/tasks/{self.task.id}"

    async def books(self, platform: Platform) -> list[tuple[int, int]]:
        async with transaction(platform.db) as tx:
            assert await prove(tx) == []
        return await balances(platform, self.task.source_account, self.volunteer.account)


async def test_the_site_confirms_after_48_hours_and_the_elder_before(
    platform: Platform, caller: Caller, deliver_all: Any
) -> None:
    hour = await Hour().served(platform)
    platform.clock.set(OUT + timedelta(hours=47, minutes=59))  # type: ignore[attr-defined]
    await deliver_all(platform)
    assert (await caller.get(hour.address, hour.elder))["state"] == "grabbed"
    platform.clock.set(OUT + timedelta(hours=48))  # type: ignore[attr-defined]
    await deliver_all(platform)
    done = await caller.get(hour.address, hour.elder)
    assert (done["state"], done["confirmed_by"], done["verified_minutes"]) == ("credited", "site", 50)


async def test_it_is_remembered_that_the_elder_confirmed(platform: Platform, caller: Caller, deliver_all: Any) -> None:
    hour = await Hour().served(platform)
    async with transaction(platform.db) as tx:
        visit = await visit_of(tx, hour.task)
    await caller.post(f"/v1/visits/{visit.id}/confirm", hour.elder)
    assert await caller.refused(f"{hour.address}/dispute", hour.elder, WHY) == "visit_confirmed"
    await deliver_all(platform)
    assert (await caller.get(hour.address, hour.elder))["confirmed_by"] == "elder"
    assert await caller.refused(f"{hour.address}/dispute", hour.elder, WHY) == "visit_confirmed"
    again = await caller.post(f"/v1/visits/{visit.id}/confirm", hour.elder)  # the button was pressed once more
    assert again["state"] == "settled"
    await deliver_all(platform)
    assert await hour.books(platform) == [(10, 0), (50, 0)]


async def test_confirming_and_disputing_at_the_wrong_time_say_what_goes_on(platform: Platform, caller: Caller) -> None:
    hour = await Hour().served(platform)
    async with transaction(platform.db) as tx:
        visit = await visit_of(tx, hour.task)
    await caller.post(f"{hour.address}/dispute", hour.elder, WHY)
    assert await caller.refused(f"{hour.address}/dispute", hour.elder, WHY) == "visit_under_review"
    assert await caller.refused(f"/v1/visits/{visit.id}/confirm", hour.elder) == "visit_under_review"
    async with transaction(platform.db) as tx:
        await give(platform, tx, hour.bank, hour.task.payer, 30)
        elder = await tx.get_one(Elder, hour.task.elder_id)
        later = await a_task(platform, tx, elder, minutes=30, start=platform.now() + timedelta(days=1))
        ahead = await visit_of(tx, later)
    assert await caller.refused(f"/v1/visits/{ahead.id}/confirm", hour.elder) == "visit_not_over"
    assert await caller.refused(f"/v1/tasks/{later.id}/dispute", hour.elder, WHY) == "visit_not_over"


async def test_a_disputed_hour_waits_for_a_person(platform: Platform, caller: Caller, deliver_all: Any) -> None:
    hour = await Hour().served(platform)
    assert await caller.refused(f"{hour.address}/dispute", hour.volunteer.actor, WHY) == "forbidden"
    disputed = await caller.post(f"{hour.address}/dispute", hour.elder, WHY)
    assert (disputed["state"], disputed["dispute_reason"]) == ("disputed", WHY["reason"])
    platform.clock.set(OUT + timedelta(days=9))  # type: ignore[attr-defined] # no rule approves it any more
    await deliver_all(platform)
    assert (await caller.get(hour.address, hour.elder))["state"] == "disputed"
    assert await hour.books(platform) == [(60, 60), (0, 0)]
    waiting = (await caller.get("/v1/tasks/disputed", hour.officer))["items"]
    assert [one["id"] for one in waiting] == [str(hour.task.id)]


@pytest.mark.parametrize(
    ("verdict", "minutes", "state", "books"),
    [
        ("full", None, "credited", [(10, 0), (50, 0)]),  # what the evidence says, not what was agreed
        ("part", 30, "credited", [(30, 0), (30, 0)]),
        ("nothing", None, "voided", [(60, 0), (0, 0)]),
    ],
)
async def test_a_dispute_is_decided_in_full_in_part_or_for_nothing_in_one_entry(
    platform: Platform,
    caller: Caller,
    deliver_all: Any,
    verdict: str,
    minutes: int | None,
    state: str,
    books: list[tuple[int, int]],
) -> None:
    hour = await Hour().served(platform)
    await caller.post(f"{hour.address}/dispute", hour.elder, WHY)
    body = {"verdict": verdict, "minutes": minutes, "reason": "the neighbour saw her leave"}
    decided = await caller.post(f"{hour.address}/decision", hour.officer, body)
    assert (decided["state"], decided["verdict"]) == (state, verdict)
    await deliver_all(platform)
    await tell(platform, hour.task)  # the visit's message comes once more
    assert await hour.books(platform) == books
    legs = await legs_of(platform, f"task:{hour.task.id}:credit")
    assert [amount for _, _, amount in legs] == ([-books[1][0], books[1][0]] if books[1][0] else [])
    assert await caller.refused(f"{hour.address}/decision", hour.officer, body) == "illegal_transition"


@pytest.mark.parametrize("minutes", [None, 60, 61])
async def test_a_part_is_less_than_the_whole(platform: Platform, caller: Caller, minutes: int | None) -> None:
    hour = await Hour().served(platform)
    await caller.post(f"{hour.address}/dispute", hour.elder, WHY)
    body = {"verdict": "part", "minutes": minutes, "reason": "seen"}
    assert await caller.refused(f"{hour.address}/decision", hour.officer, body) == "part_outside"
    assert await hour.books(platform) == [(60, 60), (0, 0)]


async def test_whoever_disputes_for_an_elder_on_the_telephone_does_not_decide(
    platform: Platform, caller: Caller
) -> None:
    hour = await Hour().served(platform)
    await caller.post(f"{hour.address}/dispute", hour.officer, WHY)
    body = {"verdict": "nothing", "reason": "seen"}
    assert await caller.refused(f"{hour.address}/decision", hour.officer, body) == "own_dispute"


async def test_the_time_to_dispute_is_that_of_confirming(platform: Platform, caller: Caller) -> None:
    hour = await Hour().served(platform)
    platform.clock.set(OUT + timedelta(hours=48, seconds=1))  # type: ignore[attr-defined]
    assert await caller.refused(f"{hour.address}/dispute", hour.elder, WHY) == "objection_over"


async def test_an_officer_who_approves_the_visit_all_the_same_has_decided_in_full(
    platform: Platform, caller: Caller
) -> None:
    hour = await Hour().served(platform)
    await caller.post(f"{hour.address}/dispute", hour.elder, WHY)
    await approve_and_credit(platform, hour.task)
    assert await hour.books(platform) == [(10, 0), (50, 0)]


async def test_before_anything_was_done_there_is_nothing_to_dispute(platform: Platform, caller: Caller) -> None:
    async with transaction(platform.db) as tx:
        bank = await a_bank(platform, tx)
        elder, _ = await a_member_elder(platform, tx, bank, minutes=60)
        task = await a_task(platform, tx, elder)
        officer = await an_actor(platform, tx, Role.OFFICER, region=bank.town.districts[0])
    assert await caller.refused(f"/v1/tasks/{task.id}/dispute", officer, WHY) == "visit_not_over"
