"""A daughter acts for her mother as far as her grant goes: see, ask for help, spend. The mother, who has no account, is
told of each act. The rules are Pidu's: companionship is worth 60 minutes, gifts go to any member.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID

from marketplace.base.actor import Actor
from marketplace.base.database import transaction
from marketplace.hours.models import Task
from marketplace.people.grants import grant
from marketplace.people.schemas import GrantIn
from tests.marketplace.hours.builders import HOUR, SYSTEM, TEN, Person, a_person, balances, report, visit_of
from tests.marketplace.hours.giving.desk import Desk
from tests.marketplace.hours.giving.family import ALL, Family, a_family
from tests.marketplace.hours.giving.scene import an_elder_with, faults, rows


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
