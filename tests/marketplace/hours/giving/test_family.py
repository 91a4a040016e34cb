"""A daughter acts for her mother as far as her grant goes: see, ask for help, spend. The mother, who has no account, is
told of each act. The rules are Pidu's: companionship is worth 60 minutes, gifts go to any member.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from marketplace.base.actor import Actor, Role
from marketplace.base.database import transaction
from marketplace.hours.books import pool_account
from marketplace.hours.models import Member, Task
from marketplace.people.access import Scope
from marketplace.people.grants import grant, revoke
from marketplace.people.models import Elder
from marketplace.people.schemas import GrantIn
from tests.builders import an_actor
from tests.conftest import MovableClock
from tests.marketplace.hours.builders import HOUR, SYSTEM, TEN, Person, a_person, balances, give, report, visit_of
from tests.marketplace.hours.giving.desk import Desk, Json
from tests.marketplace.hours.giving.scene import Scene, a_scene, an_elder_with, faults, rows

BY_FAMILY = "由您授权的家属代您办理，如有疑问请联系社区。"
ALL: tuple[Scope, ...] = ("view", "book", "pay")


@dataclass(frozen=True)
class Family:
    """A mother with 300 minutes, and a daughter who is no member of the time bank."""

    desk: Desk
    scene: Scene
    elder: Elder
    mother: Member
    daughter: Actor
    grant_id: UUID

    def task(self, **changes: Any) -> Json:
        window = {"window_start": TEN.isoformat(), "window_end": (TEN + HOUR).isoformat(), "minutes": 60}
        return {"elder_id": str(self.elder.id), "kind": "companionship", **window, **changes}

    def for_her(self, **body: Any) -> Json:
        return {**body, "on_behalf_of": str(self.mother.id)}

    async def told(self) -> list[str]:
        return [text.removeprefix("【六助】").removesuffix(BY_FAMILY) for text in await self.desk.deliver()]

    async def revoke(self) -> None:
        async with transaction(self.desk.platform.db) as tx:
            await revoke(tx, self.elder.id, self.grant_id, actor=SYSTEM, now=self.desk.platform.now())


async def a_family(desk: Desk, scopes: Iterable[Scope] = ALL) -> Family:
    scene = await a_scene(desk.platform)
    elder, mother = await an_elder_with(desk.platform, scene, minutes=300)
    async with transaction(desk.platform.db) as tx:
        daughter = await an_actor(desk.platform, tx, Role.FAMILY)
        assert daughter.account_id is not None
        data = GrantIn(account_id=daughter.account_id, relation="child", scopes=tuple(scopes))
        row = await grant(tx, elder.id, data, actor=SYSTEM, now=desk.platform.now())
    return Family(desk, scene, elder, mother, daughter, row.id)


async def served(family: Family, task_id: str, person: Person) -> str:
    """The volunteer takes the task and comes for an hour; the visit's id."""
    platform = family.desk.platform
    await family.desk.post(person.actor, f"/v1/tasks/{task_id}/grab", {})
    async with transaction(platform.db) as tx:
        task = await tx.get_one(Task, UUID(task_id))
        visit = await visit_of(tx, task)
    await report(platform, task, person, "in", task.window_start)
    await report(platform, task, person, "out", task.window_start + HOUR)
    return str(visit.id)


async def test_she_asks_for_help_with_her_mothers_hours_confirms_and_disputes_it(desk: Desk) -> None:
    family = await a_family(desk)
    first = await desk.post(family.daughter, "/v1/tasks", family.task(), 201)
    later = {"window_start": (TEN + 2 * HOUR).isoformat(), "window_end": (TEN + 3 * HOUR).isoformat()}
    second = await desk.post(family.daughter, "/v1/tasks", family.task(**later), 201)
    assert (first["source_kind"], second["source_kind"]) == ("own", "own")
    assert await balances(desk.platform, family.mother.ledger_account) == [(300, 120)]
    assert await family.told() == ["已为您发布互助任务。", "已为您发布互助任务。"]
    noted = "SELECT DISTINCT actor_id, detail->>'on_behalf_of' FROM audit WHERE action = 'task.published'"
    assert await rows(desk.platform, noted) == [(family.daughter.account_id, str(family.mother.id))]
    visit = await served(family, first["id"], family.scene.other)
    await desk.post(family.daughter, f"/v1/visits/{visit}/confirm", {})
    assert await family.told() == ["已为您确认一次服务。"]
    assert await balances(desk.platform, family.mother.ledger_account, family.scene.other.account) == [
        (240, 60),
        (60, 0),
    ]
    await served(family, second["id"], family.scene.other)
    disputed = await desk.post(family.daughter, f"/v1/tasks/{second['id']}/dispute", {"reason": "she left early"})
    assert disputed["state"] == "disputed"
    assert await family.told() == ["已为您对一次服务提出异议。"]
    assert await faults(desk.platform) == []


async def test_what_she_called_off_and_asked_for_by_a_rule_is_told_too(desk: Desk) -> None:
    family = await a_family(desk)
    task = await desk.post(family.daughter, "/v1/tasks", family.task(), 201)
    await desk.post(family.daughter, f"/v1/tasks/{task['id']}/cancel", {"reason": "my brother comes"})
    series = await desk.post(family.daughter, "/v1/task-series", family.task(rule="FREQ=WEEKLY;COUNT=1;BYDAY=TU"), 201)
    told = await family.told()
    assert sorted(told) == sorted(
        ["已为您发布互助任务。", "为您发布的互助任务已取消。", "您的定期互助已更改。", "已为您发布互助任务。"]
    )
    await desk.post(family.daughter, f"/v1/task-series/{series['id']}/pause", {"reason": "she is in hospital"})
    assert await family.told() == ["您的定期互助已更改。"]
    assert await balances(desk.platform, family.mother.ledger_account) == [(300, 0)]


@pytest.mark.parametrize(
    ("scopes", "path", "asks", "lacking"),
    [
        (("view",), "/v1/tasks", "task", "book"),
        (("view",), "/v1/task-series", "series", "book"),
        (("view", "book"), "/v1/tasks", "task", "pay"),
        (("view", "book"), "/v1/donations", "donation", "pay"),
        (("view", "book"), "/v1/gifts", "gift", "pay"),
        (("view",), "/v1/collections", "collection", "book"),
        (("view", "book"), "/v1/me/excess", "excess", "pay"),
        (ALL, "/v1/me/branch", "move", "-"),
    ],
)
async def test_what_her_grant_does_not_cover_is_refused_by_name(
    desk: Desk, scopes: tuple[Scope, ...], path: str, asks: str, lacking: str
) -> None:
    family = await a_family(desk, scopes)
    share = {"member_id": str(family.scene.giver.member.id), "minutes": 10}
    bodies: dict[str, Json] = {
        "task": family.task(),
        "series": family.task(rule="FREQ=WEEKLY"),
        "donation": family.for_her(to="branch", minutes=10),
        "gift": family.for_her(to=[share]),
        "collection": family.for_her(member_id=str(family.mother.id), shares=[share], ends_at=(TEN + HOUR).isoformat()),
        "excess": family.for_her(excess_to="branch"),
        "move": family.for_her(district_id=str(family.scene.districts[1])),
    }
    answer = await desk.client.post(path, json=bodies[asks], headers=desk.as_(family.daughter))
    assert (answer.status_code, answer.json()["code"]) == (403, "delegation_missing")
    assert answer.json()["scope"] == lacking
    stranger = family.scene.other.actor  # to whom the mother granted nothing learns nothing of her
    if asks not in {"task", "series"}:
        assert await desk.refused(stranger, path, bodies[asks]) == (404, "unknown")
    await family.revoke()
    assert await desk.refused(family.daughter, path, bodies[asks]) == (404, "unknown")
    assert await balances(desk.platform, family.mother.ledger_account) == [(300, 0)]
    assert await family.told() == []


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


async def test_she_sees_her_mothers_hours_and_nobody_elses(desk: Desk) -> None:
    family = await a_family(desk, ("view",))
    mother = family.mother.id

    async def sees(path: str, actor: Actor = family.daughter) -> Any:
        answer = await desk.client.get(path, headers=desk.as_(actor))
        return answer.json() if answer.status_code == 200 else answer.status_code

    assert (await sees(f"/v1/me/hours?member_id={mother}"))["balance_minutes"] == 300
    assert (await sees(f"/v1/members/{mother}"))["member"]["elder_id"] == str(family.elder.id)
    assert (await sees(f"/v1/members/{mother}/statement"))["closing_minutes"] == 300
    assert await sees(f"/v1/schedules?member_id={mother}") == []
    assert [one["id"] for one in (await sees("/v1/me/members"))["items"]] == [str(mother)]
    order = await desk.gift(family.scene, 20, to=[{"member_id": str(mother), "minutes": 20}])
    assert [one["id"] for one in (await sees("/v1/orders"))["items"]] == [order["id"]]
    assert [line["minutes"] for line in (await sees(f"/v1/orders/{order['id']}"))["lines"]] == [20]
    read = "SELECT count(*) FROM audit WHERE action IN ('member.read', 'statement.read') AND actor_id = :who"
    assert await rows(desk.platform, read, who=family.daughter.account_id) == [(3,)]
    for path in (
        f"/v1/me/hours?member_id={family.scene.giver.member.id}",
        f"/v1/members/{family.scene.other.member.id}",
    ):
        assert await sees(path) == 404
    assert await sees(f"/v1/me/hours?member_id={mother}", family.scene.other.actor) == 404
    # seeing is not acting
    why = {"reason": "she does not need it", "balance_to": "pool"}
    assert await desk.refused(family.daughter, f"/v1/members/{mother}/leave", why) == (404, "unknown")


async def test_she_gives_for_her_mother_and_not_to_herself(desk: Desk) -> None:
    family = await a_family(desk)
    order = await desk.post(family.daughter, "/v1/donations", family.for_her(to="branch", minutes=40), 201)
    assert (order["on_behalf_of"], order["acted_as"]) == (str(family.mother.id), "family")
    assert await family.told() == ["您的 40 分钟已转出（捐赠）。"]
    answer = await desk.client.get(f"/v1/members/{family.mother.id}/statement", headers=desk.as_(family.daughter))
    assert answer.json()["entries"][-1]["words"] == "40 minutes donated (the family acted for the member)"
    undone = await desk.post(family.daughter, f"/v1/orders/{order['id']}/undo", {"reason": "she wants it back"})
    assert undone["state"] == "reversed"
    waiting = await desk.post(family.daughter, "/v1/donations", family.for_her(to="city", minutes=101), 201)
    assert waiting["state"] == "pending"
    called_off = await desk.post(family.daughter, f"/v1/orders/{waiting['id']}/cancel", {"reason": "too much"})
    assert called_off["state"] == "cancelled"
    async with transaction(desk.platform.db) as tx:
        own = await a_person(desk.platform, tx, family.scene.bank)
        assert own.actor.account_id is not None
        data = GrantIn(account_id=own.actor.account_id, relation="child", scopes=ALL)
        await grant(tx, family.elder.id, data, actor=SYSTEM, now=desk.platform.now())
    gift = family.for_her(to=[{"member_id": str(own.member.id), "minutes": 10}])
    assert await desk.refused(own.actor, "/v1/gifts", gift) == (403, "own_benefit")
    assert await balances(desk.platform, family.mother.ledger_account) == [(300, 0)]
    assert await faults(desk.platform) == []


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


async def test_she_asks_others_for_her_mother_and_answers_for_her(desk: Desk) -> None:
    family = await a_family(desk)
    ends_at = (desk.platform.now() + timedelta(days=1)).isoformat()
    asked = family.for_her(
        member_id=str(family.mother.id),
        shares=[{"member_id": str(family.scene.giver.member.id), "minutes": 30}],
        ends_at=ends_at,
    )
    collection = await desk.post(family.daughter, "/v1/collections", asked, 201)
    assert "已以您的名义发起一项合捐。" in await family.told()
    await desk.post(family.scene.giver.actor, f"/v1/orders/{collection['id']}/consent", {})
    assert await balances(desk.platform, family.mother.ledger_account) == [(330, 0)]
    _, neighbour = await an_elder_with(desk.platform, family.scene)
    theirs = {
        "member_id": str(neighbour.id),
        "shares": [{"member_id": str(family.mother.id), "minutes": 20}],
        "ends_at": ends_at,
    }
    other = await desk.post(family.scene.giver.actor, "/v1/collections", theirs, 201)
    await desk.deliver()
    address = f"/v1/orders/{other['id']}/consent"
    assert (await desk.post(family.daughter, address, family.for_her()))["state"] == "done"
    assert "已代您同意一项合捐。" in await family.told()
    assert await balances(desk.platform, family.mother.ledger_account) == [(310, 0)]


async def test_a_contact_donates_for_the_group_and_a_guardian_for_a_minor(desk: Desk) -> None:
    scene = await a_scene(desk.platform)
    contact = scene.giver
    body = {"name": "示例志愿队", "district_id": str(scene.districts[0]), "size": 5, "gender": "f"}
    group = await desk.post(contact.actor, "/v1/groups", body, 201)
    async with transaction(desk.platform.db) as tx:
        member = await tx.get_one(Member, UUID(group["id"]))
        await give(desk.platform, tx, scene.bank, member.ledger_account, 50)
    donation = {"to": "branch", "minutes": 50, "on_behalf_of": group["id"]}
    assert await desk.refused(scene.other.actor, "/v1/donations", donation) == (404, "unknown")
    order = await desk.post(contact.actor, "/v1/donations", donation, 201)
    assert (order["state"], order["acted_as"]) == ("done", "contact")
    async with transaction(desk.platform.db) as tx:
        ward = await a_person(
            desk.platform,
            tx,
            scene.bank,
            birth_on=datetime(2010, 5, 1, tzinfo=UTC).date(),
            guardian_id=contact.member.id,
        )
        await give(desk.platform, tx, scene.bank, ward.account, 30)
    await desk.post(contact.actor, f"/v1/members/{ward.member.id}/consent", {"consents": True})
    await desk.deliver()
    given = {"to": "branch", "minutes": 10, "on_behalf_of": str(ward.member.id)}
    assert (await desk.post(contact.actor, "/v1/donations", given, 201))["acted_as"] == "guardian"
    assert await desk.deliver() == ["【六助】您的 10 分钟已转出（捐赠）。由您的监护人代您办理。"]
    mine = {"to": [{"member_id": str(contact.member.id), "minutes": 10}], "on_behalf_of": str(ward.member.id)}
    assert await desk.refused(contact.actor, "/v1/gifts", mine) == (403, "own_benefit")
    assert await faults(desk.platform) == []
