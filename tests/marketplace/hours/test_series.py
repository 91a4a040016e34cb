"""Recurring neighbour watch: made four weeks ahead, each start once, paused, ended, one left out.

Today is Monday, 2 March 2026; the horizon of 28 days ends with Monday, 30 March.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlmodel import col

from marketplace.base.actor import Actor, Role
from marketplace.base.database import transaction
from marketplace.base.outbox import Message
from marketplace.base.platform import Platform
from marketplace.hours.audit import prove
from marketplace.hours.jobs import series_due
from marketplace.hours.models import Task
from marketplace.hours.tasks.errors import RuleMalformed
from marketplace.hours.tasks.series.rule import read_rule, starts_between
from marketplace.people.models import Elder
from tests.builders import an_account, an_actor
from tests.conftest import MONDAY_NINE
from tests.marketplace.hours.builders import HOUR, TEN, a_bank, a_member_elder, a_person, balances
from tests.marketplace.hours.calling import Caller

WEEK = timedelta(days=7)
TUESDAYS = [TEN + number * WEEK for number in range(4)]  # 3, 10, 17 and 24 March


class Watch:
    """An elder with so many minutes, her officers, and what she asks for every Tuesday."""

    elder: Elder
    officer: Actor
    other: Actor
    volunteer: Actor
    payer: Any

    def __init__(self, platform: Platform, caller: Caller, deliver: Any) -> None:
        self.platform, self.caller, self.deliver = platform, caller, deliver

    async def open(self, *, minutes: int = 600) -> "Watch":
        async with transaction(self.platform.db) as tx:
            bank = await a_bank(self.platform, tx)
            self.elder, member = await a_member_elder(self.platform, tx, bank, minutes=minutes)
            self.payer = member.ledger_account
            here = bank.town.districts[0]
            self.officer = await an_actor(self.platform, tx, Role.OFFICER, region=here)
            self.other = await an_actor(self.platform, tx, Role.OFFICER, region=here)
            self.volunteer = (await a_person(self.platform, tx, bank)).actor
        return self

    def wants(self, **changes: Any) -> dict[str, Any]:
        return {
            "elder_id": str(self.elder.id),
            "kind": "neighbour_watch",
            "window_start": TEN.isoformat(),
            "window_end": (TEN + HOUR).isoformat(),
            "minutes": 30,
            "rule": "FREQ=WEEKLY;BYDAY=TU",
            **changes,
        }

    async def begin(self, **changes: Any) -> dict[str, Any]:
        series = await self.caller.post("/v1/task-series", self.officer, self.wants(**changes))
        await self.deliver(self.platform)
        return series

    async def does(self, series: dict[str, Any], step: str, **body: Any) -> dict[str, Any]:
        answer = await self.caller.post(
            f"/v1/task-series/{series['id']}/{step}", self.officer, {"reason": "in hospital", **body}
        )
        await self.deliver(self.platform)
        return answer

    async def starts(self, *states: str) -> list[datetime]:
        async with transaction(self.platform.db) as tx:
            query = select(col(Task.series_start)).where(col(Task.state).in_(states or ["published"]))
            return sorted(start for start in await tx.scalars(query) if start is not None)

    async def held(self) -> int:
        async with transaction(self.platform.db) as tx:
            assert await prove(tx) == []
        return (await balances(self.platform, self.payer))[0][1]


@pytest.fixture
async def watch(platform: Platform, caller: Caller, deliver_all: Any) -> Watch:
    return await Watch(platform, caller, deliver_all).open()


async def test_a_series_is_made_four_weeks_ahead_and_a_day_more_every_night(watch: Watch, platform: Platform) -> None:
    series = await watch.begin()
    assert await watch.starts() == TUESDAYS
    assert await watch.held() == 120
    shown = await watch.caller.get(f"/v1/task-series/{series['id']}", watch.officer)
    assert [one["states"] for one in shown["occurrences"]] == [["published"]] * 4
    platform.clock.set(datetime(2026, 3, 2, 16, 44, tzinfo=UTC))  # type: ignore[attr-defined] # 00:44 on Tuesday
    await watch.deliver(platform)
    assert len(await watch.starts()) == 4
    platform.clock.set(datetime(2026, 3, 2, 16, 45, tzinfo=UTC))  # type: ignore[attr-defined] # 31 March comes near
    await watch.deliver(platform)
    assert await watch.starts() == [*TUESDAYS, TEN + 4 * WEEK]


async def test_making_it_again_adds_none(watch: Watch, platform: Platform) -> None:
    series = await watch.begin()
    for _ in range(3):
        await series_due(platform, Message(name="series.due", ids={"id": series["id"]}))
    assert await watch.starts() == TUESDAYS
    with pytest.raises(Exception, match="task_of_series_once"):
        async with transaction(platform.db) as tx:
            await tx.execute(text("UPDATE task SET series_start = (SELECT min(series_start) FROM task)"))


async def test_one_is_left_out_before_or_after_it_was_made(watch: Watch, platform: Platform) -> None:
    series = await watch.begin()
    await watch.does(series, "skip", starts_at=TUESDAYS[1].isoformat())
    await watch.does(series, "skip", starts_at=(TEN + 4 * WEEK).isoformat())  # not made yet
    async with transaction(platform.db) as tx:
        third = await tx.scalar(select(col(Task.id)).where(col(Task.series_start) == TUESDAYS[2]))
    await watch.caller.post(f"/v1/tasks/{third}/cancel", watch.officer, {"reason": "daughter comes"})
    platform.clock.set(MONDAY_NINE + timedelta(days=1))  # type: ignore[attr-defined]
    await watch.deliver(platform)
    assert await watch.starts() == [TUESDAYS[0], TUESDAYS[3]]
    assert await watch.held() == 60
    address = f"/v1/task-series/{series['id']}/skip"
    for wrong in (TEN + timedelta(days=1), TEN - WEEK):  # a Wednesday, and the past
        body = {"starts_at": wrong.isoformat(), "reason": "no"}
        assert await watch.caller.refused(address, watch.officer, body) == "no_occurrence"


async def test_a_pause_calls_off_what_was_made_and_resuming_makes_it_again(watch: Watch) -> None:
    series = await watch.begin()
    await watch.does(series, "skip", starts_at=TUESDAYS[3].isoformat())
    assert (await watch.does(series, "pause"))["state"] == "paused"
    assert (await watch.starts(), await watch.held()) == ([], 0)
    assert (await watch.does(series, "resume"))["state"] == "active"
    assert await watch.starts() == TUESDAYS[:3]  # what was left out stays so
    assert await watch.held() == 90


async def test_the_end_is_the_end(watch: Watch, platform: Platform) -> None:
    series = await watch.begin()
    async with transaction(platform.db) as tx:
        first = await tx.scalar(select(col(Task.id)).where(col(Task.series_start) == TUESDAYS[0]))
    await watch.caller.post(f"/v1/tasks/{first}/grab", watch.volunteer)
    await watch.does(series, "end")
    assert await watch.starts("published", "grabbed") == []
    platform.clock.set(MONDAY_NINE + timedelta(days=3))  # type: ignore[attr-defined]
    await watch.deliver(platform)
    assert (await watch.starts(), await watch.held()) == ([], 0)
    resume = f"/v1/task-series/{series['id']}/resume"
    assert await watch.caller.refused(resume, watch.officer, {"reason": "again"}) == "illegal_transition"


async def test_a_series_that_runs_out_ends_by_itself(watch: Watch, platform: Platform) -> None:
    series = await watch.begin(rule="FREQ=WEEKLY;COUNT=2")
    assert await watch.starts() == TUESDAYS[:2]
    platform.clock.set(TUESDAYS[1] + timedelta(days=1))  # type: ignore[attr-defined]
    await watch.deliver(platform)
    assert (await watch.caller.get(f"/v1/task-series/{series['id']}", watch.officer))["state"] == "ended"


async def test_what_nobody_can_pay_yet_is_tried_again_every_night(
    platform: Platform, caller: Caller, deliver_all: Any
) -> None:
    watch = await Watch(platform, caller, deliver_all).open(minutes=75)
    series = await watch.begin()
    assert await watch.starts() == TUESDAYS[:2]  # 2 × 30 of 75
    shown = await caller.get(f"/v1/task-series/{series['id']}", watch.officer)
    assert shown["trouble"] == "no_hours_source"
    (alert,) = (await caller.get("/v1/ledger/alerts", watch.officer))["items"]
    assert (alert["kind"], alert["subject"], alert["figures"]["trouble"]) == (
        "series_trouble",
        series["id"],
        "no_hours_source",
    )
    assert [len(one["task_ids"]) for one in shown["occurrences"]] == [1, 1, 0, 0]
    await caller.post(f"/v1/tasks/{shown['occurrences'][0]['task_ids'][0]}/cancel", watch.officer, {"reason": "no"})
    platform.clock.set(MONDAY_NINE + timedelta(hours=23))  # type: ignore[attr-defined]
    await deliver_all(platform)
    assert await watch.starts() == TUESDAYS[1:3]


async def test_a_series_by_telephone_is_reviewed_once_and_its_tasks_are_not(watch: Watch, platform: Platform) -> None:
    by_phone = {
        "channel": "phone",
        "caller": "示例女儿",
        "consent": "witness",
        "consent_reference": "desk-17",
        "notes": "按两下门铃",
    }
    series = await watch.begin(**by_phone)
    assert (series["state"], await watch.starts()) == ("submitted", [])
    publish = f"/v1/task-series/{series['id']}/publish"
    assert await watch.caller.refused(publish, watch.officer) == "own_request"
    await watch.caller.post(publish, watch.other)
    await watch.deliver(platform)
    assert await watch.starts() == TUESDAYS
    task = (await watch.caller.get(f"/v1/task-series/{series['id']}", watch.officer))["occurrences"][0]["task_ids"][0]
    shown = await watch.caller.get(f"/v1/tasks/{task}", watch.officer)
    assert (shown["channel"], shown["caller"], shown["notes"]) == ("phone", "示例女儿", "按两下门铃")
    returned = await watch.caller.post("/v1/task-series", watch.officer, watch.wants(**by_phone))
    body = {"reason": "twice"}
    back = await watch.caller.post(f"/v1/task-series/{returned['id']}/return", watch.other, body)
    assert (back["state"], back["return_reason"]) == ("returned", "twice")


async def test_who_may_not_book_for_her_any_more_asks_for_nothing_more(watch: Watch, platform: Platform) -> None:
    async with transaction(platform.db) as tx:
        family = await an_account(platform, tx, Role.FAMILY)
    actor = Actor(family.id, frozenset({Role.FAMILY}))
    grant = {"account_id": str(family.id), "relation": "child", "scopes": ["view", "book"]}
    given = await watch.caller.post(f"/v1/elders/{watch.elder.id}/grants", watch.officer, grant)
    series = await watch.caller.post("/v1/task-series", actor, watch.wants())
    answer = await watch.caller.client.delete(
        f"/v1/elders/{watch.elder.id}/grants/{given['id']}", headers=watch.caller.as_(watch.officer)
    )
    assert answer.status_code in {200, 204}, answer.text
    await watch.deliver(platform)
    assert await watch.starts() == []
    assert (await watch.caller.get(f"/v1/task-series/{series['id']}", watch.officer))["state"] == "paused"


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=HOURLY",
        "FREQ=WEEKLY;BYHOUR=3",
        "FREQ=WEEKLY;BYDAY=XX",
        "FREQ=MONTHLY;BYMONTHDAY=32",
        "BYDAY=TU",
        "FREQ=WEEKLY;INTERVAL=0",
        "FREQ=WEEKLY\nRRULE:FREQ=DAILY",
        "every tuesday",
        "FREQ=WEEKLY;UNTIL=20260301T000000Z",
    ],
)
def test_a_rule_that_cannot_be_is_refused(rule: str) -> None:
    with pytest.raises(RuleMalformed):
        read_rule(rule, TEN)


def test_days_are_the_citys_and_the_time_of_day_stays() -> None:
    early = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)  # half past seven on Tuesday in the city, still Monday in UTC
    rule = read_rule("FREQ=WEEKLY;BYDAY=TU;COUNT=3", early)
    found = list(starts_between(rule, early - HOUR, early + timedelta(days=30)))
    assert found == [early, early + WEEK, early + 2 * WEEK]


async def test_a_rule_that_is_over_begins_nothing(watch: Watch) -> None:
    body = watch.wants(rule="FREQ=WEEKLY;UNTIL=20260302")
    assert await watch.caller.refused("/v1/task-series", watch.officer, body) == "no_occurrence"
