"""What an elder's grant does not cover, or covers no more, is refused by name."""

from datetime import UTC, datetime

from marketplace.base.actor import Actor, Role
from marketplace.base.database import transaction
from marketplace.hours.books import pool_account
from marketplace.hours.models import Member
from marketplace.people.grants import grant
from marketplace.people.models import Elder
from marketplace.people.schemas import GrantIn
from tests.builders import an_actor
from tests.conftest import MovableClock
from tests.marketplace.hours.builders import HOUR, SYSTEM, TEN, balances, give
from tests.marketplace.hours.giving.desk import Desk, Json
from tests.marketplace.hours.giving.family import ALL, a_family
from tests.marketplace.hours.giving.scene import rows


async def test_what_a_grant_does_not_cover_is_refused_by_name(desk: Desk) -> None:
    family = await a_family(desk)
    sees, asks = await family.let("view"), await family.let("view", "book")
    share = {"member_id": str(family.scene.giver.member.id), "minutes": 10}
    collection = {"member_id": str(family.mother.id), "shares": [share], "ends_at": (TEN + HOUR).isoformat()}
    refused: list[tuple[Actor, str, Json, str]] = [
        (sees, "/v1/tasks", family.task(), "book"),
        (sees, "/v1/task-series", family.task(rule="FREQ=WEEKLY"), "book"),
        (sees, "/v1/collections", family.for_her(**collection), "book"),
        (asks, "/v1/tasks", family.task(), "pay"),
        (asks, "/v1/donations", family.for_her(to="branch", minutes=10), "pay"),
        (asks, "/v1/gifts", family.for_her(to=[share]), "pay"),
        (asks, "/v1/me/excess", family.for_her(excess_to="branch"), "pay"),
    ]
    await family.revoke()
    again = await family.let(*ALL)
    for actor, path, body, lacking in refused:
        answer = await desk.client.post(path, json=body, headers=desk.as_(actor))
        assert (answer.status_code, answer.json()["code"], answer.json()["scope"]) == (
            403,
            "delegation_missing",
            lacking,
        ), path
        # the daughter's grant has ended; to the other the mother granted nothing: they learn nothing of her
        for stranger in (family.daughter, family.scene.other.actor):
            status = 403 if "task" in path and stranger is not family.daughter else 404
            assert (await desk.refused(stranger, path, body))[0] == status, path
    moving = family.for_her(district_id=str(family.scene.districts[1]))
    assert await desk.refused(again, "/v1/me/branch", moving) == (403, "never_delegated")
    assert (await desk.refused(family.daughter, "/v1/me/branch", moving))[0] == 404
    assert await balances(desk.platform, family.mother.ledger_account) == [(300, 0)]
    assert await family.told() == []
    # a series may be asked for: its tasks are made as soon as others can pay, or she may spend
    series = await desk.post(asks, "/v1/task-series", family.task(rule="FREQ=WEEKLY;COUNT=1;BYDAY=TU"), 201)
    await desk.deliver()
    answer = await desk.client.get(f"/v1/task-series/{series['id']}", headers=desk.as_(asks))
    assert (answer.json()["trouble"], answer.json()["occurrences"][0]["task_ids"]) == ("delegation_missing", [])


async def test_who_may_ask_and_not_spend_asks_for_what_others_pay(desk: Desk) -> None:
    family = await a_family(desk, ("view", "book"))
    async with transaction(desk.platform.db) as tx:
        await give(desk.platform, tx, family.scene.bank, pool_account(family.scene.districts[0]), 60)
        elder, mother = await tx.get_one(Elder, family.elder.id), await tx.get_one(Member, family.mother.id)
    body = {"to": "branch", "minutes": 90, "on_behalf_of": str(mother.id), "reason": "she asked me to"}
    await desk.post(family.scene.officer, "/v1/donations", body, 201)
    for minutes in (90, 90):
        await desk.post(family.scene.officer, "/v1/donations", {**body, "minutes": minutes}, 201)
    assert await balances(desk.platform, mother.ledger_account) == [(30, 0)]
    task = await desk.post(family.daughter, "/v1/tasks", family.task(), 201)
    assert (task["source_kind"], task["elder_id"]) == ("pool", str(elder.id))
    assert "已为您发布互助任务。" in await family.told()


async def test_an_officer_of_elsewhere_is_family_to_her_mother_and_no_officer(desk: Desk) -> None:
    family = await a_family(desk)
    async with transaction(desk.platform.db) as tx:
        there = family.scene.bank.town.districts[1]
        officer = await an_actor(desk.platform, tx, Role.OFFICER, region=there)
        assert officer.account_id is not None
        data = GrantIn(account_id=officer.account_id, relation="child", scopes=("view", "book"))
        await grant(tx, family.elder.id, data, actor=SYSTEM, now=desk.platform.now())
    assert await desk.refused(officer, "/v1/tasks", family.task()) == (403, "delegation_missing")
    donation = family.for_her(to="branch", minutes=10, reason="I am an officer")
    assert await desk.refused(officer, "/v1/donations", donation) == (403, "delegation_missing")
    assert await balances(desk.platform, family.mother.ledger_account) == [(300, 0)]


async def test_a_standing_order_of_hers_ends_with_the_grant(desk: Desk, clock: MovableClock) -> None:
    family = await a_family(desk)
    body = {
        "donation": family.for_her(to="branch", minutes=10),
        "starts_at": "2026-03-03T08:00:00+08:00",
        "rule": "FREQ=MONTHLY;BYMONTHDAY=3",
    }
    await desk.post(family.daughter, "/v1/schedules", body, 201)
    assert await family.told() == ["您的定期转出已更改。"]
    clock.set(datetime(2026, 3, 3, 0, 0, tzinfo=UTC))
    assert await family.told() == ["您的 10 分钟已转出（捐赠）。"] * 2  # to the mother, and now to the daughter as well
    await family.revoke()
    clock.set(datetime(2026, 4, 3, 0, 0, tzinfo=UTC))
    assert await family.told() == ["您的定期捐赠本次未能办理，下次再试。"]
    states = "SELECT state, reason FROM transfer_order ORDER BY id DESC LIMIT 1"
    ((state, reason),) = await rows(desk.platform, states)
    assert (state, reason.split(":")[0]) == ("skipped", "delegation_missing")
    assert await balances(desk.platform, family.mother.ledger_account) == [(290, 0)]
