"""Standing orders: each occurrence once, skipped with its reason where it cannot be, paused, resumed, ended."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from marketplace.base.database import transaction
from marketplace.base.outbox import Message
from marketplace.hours.giving.errors import RuleUnreadable
from marketplace.hours.giving.jobs import schedule_due
from marketplace.hours.giving.schedules import occurrences
from tests.conftest import MovableClock
from tests.marketplace.hours.builders import balances, give
from tests.marketplace.hours.giving.desk import Desk
from tests.marketplace.hours.giving.scene import Scene, a_scene, faults, rows

Json = dict[str, Any]
MONTHLY = "FREQ=MONTHLY;BYMONTHDAY=1;COUNT=3"
EIGHT = datetime(2026, 4, 1, tzinfo=UTC)  # eight in the morning of 1 April in the city


async def standing(desk: Desk, scene: Scene, minutes: int, *, rule: str | None = MONTHLY, **more: Any) -> Json:
    gift = {"to": [{"member_id": str(scene.other.member.id), "minutes": minutes}], **more}
    body = {"gift": gift, "starts_at": EIGHT.isoformat(), "rule": rule}
    actor = scene.officer if more else scene.giver.actor
    return await desk.post(actor, "/v1/schedules", body, 201)


async def come(desk: Desk, clock: MovableClock, at: datetime) -> list[str]:
    clock.set(at)
    return await desk.deliver()


def test_a_month_without_the_day_is_left_out_and_the_last_day_is_always_there() -> None:
    starts_at = datetime(2026, 1, 30, 16, tzinfo=UTC)  # midnight of the 31st in the city
    found = occurrences("FREQ=MONTHLY;COUNT=3", starts_at)
    assert [one.astimezone(UTC).date().isoformat() for one in found] == ["2026-01-30", "2026-03-30", "2026-05-30"]
    last = occurrences("FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=3", starts_at)
    assert [(one.month, one.day) for one in last] == [(1, 31), (2, 28), (3, 31)]


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY",
        "FREQ=SECONDLY",
        "FREQ=MONTHLY;FREQ=SECONDLY",
        "FREQ=MONTHLY;BYHOUR=1,2,3",
        "FREQ=MONTHLY;BYMONTHDAY=40",
        "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=31",
        "FREQ=MONTHLY;INTERVAL=13",
        "FREQ=MONTHLY;BYDAY=6MO",
        "FREQ=MONTHLY;BYDAY=5MO;BYMONTHDAY=1",
        "BYDAY=MO;FREQ=MONTHLY",
        "FREQ=MONTHLY;INTERVAL=0",
        "FREQ=MONTHLY;UNTIL=20270101",
        "FREQ=MONTHLY;NONSENSE=1",
        "FREQ=MONTHLY\nRDATE:20260101T000000Z",
        "every month",
        "",
        "FREQ=MONTHLY;" + "X" * 300,
    ],
)
def test_anything_but_a_monthly_rule_is_refused(rule: str) -> None:
    with pytest.raises(RuleUnreadable):
        occurrences(rule, EIGHT)


async def test_every_month_it_gives_once_and_then_it_has_ended(desk: Desk, clock: MovableClock) -> None:
    scene = await a_scene(desk.platform)
    made = await standing(desk, scene, 60)
    assert (made["state"], made["next_at"]) == ("active", "2026-04-01T00:00:00Z")
    months = [EIGHT, datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)]
    for number, month in enumerate(months, start=1):
        await come(desk, clock, month - timedelta(seconds=1))
        assert await balances(desk.platform, scene.other.account) == [(60 * (number - 1), 0)]
        told = await come(desk, clock, month)
        assert "【六助】您的 60 分钟已转出（赠送）。" in told
        await schedule_due(desk.platform, Message(name="schedule.due", ids={"id": made["id"]}))  # delivered again
        assert await balances(desk.platform, scene.other.account) == [(60 * number, 0)]
    states = "SELECT state, next_at FROM transfer_schedule"
    assert await rows(desk.platform, states) == [("ended", None)]
    assert await faults(desk.platform) == []


async def test_what_cannot_be_given_is_skipped_with_its_reason_told_and_tried_the_next_time(
    desk: Desk, clock: MovableClock
) -> None:
    scene = await a_scene(desk.platform, minutes=59)
    await standing(desk, scene, 60)
    told = await come(desk, clock, EIGHT)
    assert told == ["【六助】您的定期赠送本次未能办理，下次再试。"]
    ((state, reason, minutes, occurs_at),) = await rows(
        desk.platform, "SELECT state, reason, minutes, occurs_at FROM transfer_order"
    )
    assert (state, minutes, occurs_at) == ("skipped", 0, EIGHT)
    assert reason == "not_enough_minutes: 可用时间不足：需要 60 分钟，可用 59 分钟。"
    async with transaction(desk.platform.db) as tx:
        await give(desk.platform, tx, scene.bank, scene.giver.account, 1)
    await come(desk, clock, datetime(2026, 5, 1, tzinfo=UTC))
    assert await balances(desk.platform, scene.giver.account, scene.other.account) == [(0, 0), (60, 0)]
    assert await faults(desk.platform) == []


async def test_occurrences_missed_while_no_worker_was_up_are_all_made(desk: Desk, clock: MovableClock) -> None:
    scene = await a_scene(desk.platform)
    await standing(desk, scene, 10)
    await come(desk, clock, datetime(2026, 7, 1, tzinfo=UTC))
    assert await balances(desk.platform, scene.other.account) == [(30, 0)]


async def test_paused_it_gives_nothing_and_what_fell_due_is_not_made_up_for(desk: Desk, clock: MovableClock) -> None:
    scene = await a_scene(desk.platform)
    made = await standing(desk, scene, 10)
    address, why = f"/v1/schedules/{made['id']}", {"reason": "on a journey"}
    assert await desk.refused(scene.other.actor, f"{address}/pause", why) == (404, "unknown")
    assert (await desk.post(scene.giver.actor, f"{address}/pause", why))["state"] == "paused"
    await come(desk, clock, EIGHT)
    resumed = await desk.post(scene.giver.actor, f"{address}/resume", why)
    assert (resumed["state"], resumed["next_at"]) == ("active", "2026-05-01T00:00:00Z")
    await come(desk, clock, datetime(2026, 5, 1, tzinfo=UTC))
    assert await balances(desk.platform, scene.other.account) == [(10, 0)]
    assert (await desk.post(scene.officer, f"{address}/end", why))["state"] == "ended"
    assert await desk.refused(scene.giver.actor, f"{address}/resume", why) == (409, "illegal_transition")
    await come(desk, clock, datetime(2026, 6, 1, tzinfo=UTC))
    assert await balances(desk.platform, scene.other.account) == [(10, 0)]


async def test_once_at_an_instant_by_an_officer_and_above_the_limit_it_waits(desk: Desk, clock: MovableClock) -> None:
    scene = await a_scene(desk.platform)
    for_her = {"on_behalf_of": str(scene.giver.member.id), "reason": "her wish"}
    made = await standing(desk, scene, 150, rule=None, **for_her)
    assert await desk.deliver() == ["【六助】您的定期转出已更改。由工作人员代您办理，如有疑问请联系社区。"]
    await come(desk, clock, EIGHT)
    assert await rows(desk.platform, "SELECT state FROM transfer_schedule") == [("ended",)]
    ((order_id, state, asked_by),) = await rows(desk.platform, "SELECT id, state, asked_by FROM transfer_order")
    assert (state, asked_by) == ("pending", scene.officer.account_id)
    address = f"/v1/orders/{order_id}/approve"
    assert await desk.refused(scene.officer, address, {}) == (403, "second_person_needed")
    assert (await desk.post(scene.colleague, address, {}))["schedule_id"] == made["id"]
    listed = await desk.client.get(f"/v1/schedules?member_id={scene.giver.member.id}", headers=desk.as_(scene.officer))
    assert [one["id"] for one in listed.json()] == [made["id"]]


async def test_a_schedule_begins_ahead_and_within_a_year(desk: Desk) -> None:
    scene = await a_scene(desk.platform)
    body: Json = {"donation": {"to": "city", "minutes": 5}}
    for starts_at in ("2026-03-02T01:00:00Z", "2027-03-04T01:00:00Z"):
        body["starts_at"] = starts_at
        assert await desk.refused(scene.giver.actor, "/v1/schedules", body) == (400, "instant_not_possible")
    both = {**body, "gift": {"to": [{"member_id": str(UUID(int=0)), "minutes": 1}]}}
    assert await desk.refused(scene.giver.actor, "/v1/schedules", both) == (400, "malformed")


async def test_donations_are_scheduled_as_well(desk: Desk, clock: MovableClock) -> None:
    scene = await a_scene(desk.platform)
    body = {"donation": {"to": "city", "minutes": 5}, "starts_at": EIGHT.isoformat(), "rule": MONTHLY}
    await desk.post(scene.giver.actor, "/v1/schedules", body, 201)
    await come(desk, clock, EIGHT)
    assert await rows(desk.platform, "SELECT kind, state, minutes FROM transfer_order") == [("donation", "done", 5)]


async def test_one_of_a_giver_who_left_before_it_ended_with_her_ends_without_a_word(
    desk: Desk, clock: MovableClock
) -> None:
    scene = await a_scene(desk.platform, minutes=0)
    await standing(desk, scene, 10)
    async with transaction(desk.platform.db) as tx:
        await tx.execute(text("UPDATE member SET state = 'left' WHERE id = :id"), {"id": scene.giver.member.id})
    assert await come(desk, clock, EIGHT) == []
    assert await rows(desk.platform, "SELECT state, next_at FROM transfer_schedule") == [("ended", None)]
    assert await rows(desk.platform, "SELECT count(*) FROM transfer_order") == [(0,)]
