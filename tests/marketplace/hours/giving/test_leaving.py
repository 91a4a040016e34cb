"""Inheritance and a change of home branch: balances move whole, accounts close at zero, history stays."""

from datetime import timedelta
from typing import Any

import pytest

from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.hours.books import CITY, book_of, pool_account
from marketplace.hours.giving.errors import HeirNotAllowed
from marketplace.hours.giving.heirs import Heir
from marketplace.hours.giving.inheritance import Passing, pass_on
from marketplace.hours.models import Member
from marketplace.people.models import Elder
from tests.conftest import MovableClock
from tests.marketplace.hours.builders import SYSTEM, a_task, apply, balances, give, legs_of, serve, task_now
from tests.marketplace.hours.giving.desk import Desk
from tests.marketplace.hours.giving.scene import Scene, a_scene, an_elder_with, faults, member_now, rows, under
from timebank import Hold, Reverse

Json = dict[str, Any]


async def gone(desk: Desk, minutes: int = 90) -> tuple[Scene, Elder, Member]:
    """An elder of the first branch with minutes, who has died; `scene.other` is her heir, of the second branch."""
    scene = await a_scene(desk.platform)
    elder, member = await an_elder_with(desk.platform, scene, minutes=minutes)
    return scene, elder, member


def passing(member: Member, heir: Member | None = None) -> Json:
    named = {"heir_id": str(heir.id), "proof": "notary"} if heir else {}
    return {"member_id": str(member.id), "reason": "died on 1 March", **named}


async def state_of(platform: Platform, member: Member) -> tuple[str, str]:
    """The membership's state and the account's."""
    query = "SELECT m.state, a.state FROM member m JOIN ledger_account a ON a.id = m.ledger_account WHERE m.id = :id"
    ((one, other),) = await rows(platform, query, id=member.id)
    return one, other


async def test_what_an_elder_had_goes_to_her_heir_and_her_account_is_closed(desk: Desk) -> None:
    scene, elder, member = await gone(desk)
    async with transaction(desk.platform.db) as tx:
        task = await a_task(desk.platform, tx, elder, minutes=60)
    assert await balances(desk.platform, member.ledger_account) == [(90, 60)]
    order = await desk.post(scene.officer, "/v1/inheritances", passing(member, scene.other.member), 201)
    assert (order["state"], order["minutes"], order["owed_minutes"], order["proof"]) == ("done", 90, 0, "notary")
    assert await balances(desk.platform, member.ledger_account, scene.other.account) == [(0, 0), (90, 0)]
    assert await state_of(desk.platform, member) == ("left", "closed")
    assert (await task_now(desk.platform, task)).state == "cancelled"
    first, second = (book_of(one) for one in scene.districts)
    assert await legs_of(desk.platform, f"order:{order['id']}") == sorted(
        [
            (first, "member", -90),
            (first, "clearing", 90),
            (second, "clearing", -90),
            (second, "member", 90),
            (CITY, "position", -90),
            (CITY, "position", 90),
        ]
    )
    assert await desk.deliver() == ["【六助】您收到 90 分钟（继承）。"]  # nobody writes to the dead
    assert await faults(desk.platform) == []
    again = await desk.refused(scene.officer, "/v1/inheritances", passing(member))
    assert again == (409, "member_inactive")


async def test_without_an_heir_the_branchs_pool_inherits_and_so_it_does_where_the_rules_say(desk: Desk) -> None:
    scene, _, member = await gone(desk)
    await desk.post(scene.officer, "/v1/inheritances", passing(member), 201)
    assert await balances(desk.platform, pool_account(scene.districts[0])) == [(90, 0)]
    changning = under(desk.platform, "changning")  # inherited by the branch
    _, second = await an_elder_with(desk.platform, scene, minutes=10)
    heir = Passing(member_id=second.id, heirs=(Heir(scene.other.member.id),), proof="will", reason="died")
    with pytest.raises(HeirNotAllowed):
        async with transaction(desk.platform.db) as tx:
            await pass_on(tx, heir, policy=changning.policy, actor=scene.officer, now=desk.platform.now())
    assert await state_of(desk.platform, second) == ("active", "open")


async def test_what_passes_the_heirs_cap_goes_to_the_pool_in_the_same_entry(desk: Desk) -> None:
    scene, _, member = await gone(desk)
    async with transaction(desk.platform.db) as tx:
        await give(desk.platform, tx, scene.bank, scene.other.account, 89_950)
    order = await desk.post(scene.officer, "/v1/inheritances", passing(member, scene.other.member), 201)
    pool = pool_account(scene.districts[0])
    assert await balances(desk.platform, scene.other.account, pool) == [(90_000, 0), (40, 0)]
    assert await faults(desk.platform) == []
    undone = f"/v1/orders/{order['id']}/undo", {"reason": "she is alive"}
    assert await desk.refused(scene.officer, *undone) == (403, "second_person_needed")
    assert (await desk.post(scene.colleague, *undone))["state"] == "reversed"
    assert await balances(desk.platform, member.ledger_account, scene.other.account, pool) == [
        (90, 0),
        (89_950, 0),
        (0, 0),
    ]
    assert await state_of(desk.platform, member) == ("active", "open")
    assert await faults(desk.platform) == []
    await desk.post(scene.officer, "/v1/inheritances", passing(member), 201)  # and at last she is not
    assert await state_of(desk.platform, member) == ("left", "closed")


async def test_above_the_limit_it_waits_and_what_came_meanwhile_is_passed_on_too(
    desk: Desk, clock: MovableClock
) -> None:
    scene, _, member = await gone(desk, 150)
    order = await desk.post(scene.officer, "/v1/inheritances", passing(member, scene.other.member), 201)
    assert order["state"] == "pending"
    assert await balances(desk.platform, member.ledger_account) == [(150, 150)]
    assert await state_of(desk.platform, member) == ("active", "open")
    async with transaction(desk.platform.db) as tx:
        await give(desk.platform, tx, scene.bank, member.ledger_account, 25)
    clock.set(clock.instant + timedelta(days=1))
    done = await desk.post(scene.colleague, f"/v1/orders/{order['id']}/approve", {})
    assert (done["state"], done["minutes"]) == ("done", 175)
    assert await balances(desk.platform, member.ledger_account, scene.other.account) == [(0, 0), (175, 0)]
    assert await state_of(desk.platform, member) == ("left", "closed")
    assert await faults(desk.platform) == []


async def test_a_rejected_inheritance_leaves_everything_as_it_was(desk: Desk) -> None:
    scene, _, member = await gone(desk, 150)
    order = await desk.post(scene.officer, "/v1/inheritances", passing(member, scene.other.member), 201)
    await desk.post(scene.colleague, f"/v1/orders/{order['id']}/reject", {"reason": "she is well"})
    assert await balances(desk.platform, member.ledger_account) == [(150, 0)]
    assert await state_of(desk.platform, member) == ("active", "open")
    assert await faults(desk.platform) == []


async def test_a_debt_is_reported_and_keeps_the_account_open(desk: Desk) -> None:
    scene, elder, _ = await gone(desk, 60)
    async with transaction(desk.platform.db) as tx:
        task = await a_task(desk.platform, tx, elder)
    await serve(desk.platform, task, scene.giver, 60)
    body = {"to": "city", "minutes": 660}
    pending = await desk.post(scene.giver.actor, "/v1/donations", body, 201)
    await desk.post(scene.officer, f"/v1/orders/{pending['id']}/approve", {})
    undo = Reverse(key="undo", entry_key=f"task:{task.id}:credit", occurred_at=desk.platform.now(), reason="no visit")
    await apply(desk.platform, [undo])  # 0 - 60: she owes 60
    order = await desk.post(scene.officer, "/v1/inheritances", passing(scene.giver.member), 201)
    assert (order["minutes"], order["owed_minutes"], order["lines"]) == (0, 60, [])
    assert await state_of(desk.platform, scene.giver.member) == ("left", "open")


async def test_what_else_holds_minutes_is_named_and_stops_it(desk: Desk) -> None:
    scene, _, member = await gone(desk)
    until = desk.platform.now() + timedelta(days=9)
    await apply(desk.platform, [Hold("booking:1:hours", member.ledger_account, 30, until, "booking:1:hours")])
    answer = await desk.client.post("/v1/inheritances", json=passing(member), headers=desk.as_(scene.officer))
    assert (answer.status_code, answer.json()["code"], answer.json()["held"]) == (409, "holds_open", 30)
    assert "(bookings 1)" in answer.json()["detail"]
    assert answer.json()["references"] == "booking:1:hours"
    assert await state_of(desk.platform, member) == ("active", "open")


async def test_her_orders_consents_and_schedules_end_with_her(desk: Desk) -> None:
    scene, _, member = await gone(desk, 600)
    for_her = {"on_behalf_of": str(member.id), "reason": "her wish"}
    gift = {"to": [{"member_id": str(scene.giver.member.id), "minutes": 200}], **for_her}
    await desk.post(scene.officer, "/v1/gifts", gift, 201)  # above the limit: waits
    starts_at = "2026-04-01T00:00:00Z"
    await desk.post(scene.officer, "/v1/schedules", {"gift": gift, "starts_at": starts_at}, 201)
    ends_at = (desk.platform.now() + timedelta(days=5)).isoformat()
    shares = [{"member_id": str(one), "minutes": 20} for one in (member.id, scene.giver.member.id)]
    collection = {"member_id": str(scene.other.member.id), "shares": shares, "ends_at": ends_at}
    asked = await desk.post(scene.giver.actor, "/v1/collections", collection, 201)
    await desk.post(scene.officer, f"/v1/orders/{asked['id']}/consent", for_her)
    assert await balances(desk.platform, member.ledger_account) == [(600, 220)]
    order = await desk.post(scene.officer, "/v1/inheritances", passing(member), 201)
    await desk.post(scene.colleague, f"/v1/orders/{order['id']}/approve", {})
    assert await balances(desk.platform, pool_account(scene.districts[0])) == [(600, 0)]
    states = dict(await rows(desk.platform, "SELECT kind, state FROM transfer_order"))
    assert states == {"gift": "cancelled", "collection": "collecting", "inheritance": "done"}
    assert await rows(desk.platform, "SELECT state FROM transfer_schedule") == [("ended",)]
    assert (await desk.post(scene.giver.actor, f"/v1/orders/{asked['id']}/consent", {}))["state"] == "done"
    assert await balances(desk.platform, scene.other.account) == [(20, 0)]
    assert await faults(desk.platform) == []


REFUSED: list[tuple[Json, int, str]] = [
    ({"heir_id": "OTHER"}, 400, "proof_missing"),
    ({"heir_id": "SELF", "proof": "will"}, 400, "to_oneself"),
    ({"heir_id": "NOBODY", "proof": "will"}, 409, "receiver_unknown"),
    ({"heir_id": "OTHER", "proof": "a dream"}, 400, "malformed"),
    ({"reason": ""}, 400, "malformed"),
    ({"member_id": "NOBODY"}, 404, "unknown"),
]


async def test_an_inheritance_that_cannot_be_is_refused(desk: Desk) -> None:
    scene, _, member = await gone(desk)
    names = {
        "OTHER": str(scene.other.member.id),
        "SELF": str(member.id),
        "NOBODY": "00000000-0000-7000-8000-000000000000",
    }
    for changed, status, code in REFUSED:
        body = {**passing(member), **{key: names.get(value, value) for key, value in changed.items()}}
        assert await desk.refused(scene.officer, "/v1/inheritances", body) == (status, code), changed
    assert await desk.refused(scene.foreign, "/v1/inheritances", passing(member)) == (404, "unknown")
    assert await state_of(desk.platform, member) == ("active", "open")


async def test_a_new_home_branch_is_four_legs_two_mirrors_and_a_closed_account(desk: Desk) -> None:
    scene = await a_scene(desk.platform)
    old = scene.giver.account
    body = {"district_id": str(scene.districts[1])}
    order = await desk.post(scene.giver.actor, "/v1/me/branch", body, 201)
    moved = await member_now(desk.platform, scene.giver.member)
    assert (moved.district_id, order["state"]) == (scene.districts[1], "done")
    assert moved.ledger_account != old
    assert await balances(desk.platform, old, moved.ledger_account) == [(0, 0), (600, 0)]
    first, second = (book_of(one) for one in scene.districts)
    assert await legs_of(desk.platform, f"order:{order['id']}") == sorted(
        [
            (first, "member", -600),
            (first, "clearing", 600),
            (second, "clearing", -600),
            (second, "member", 600),
            (CITY, "position", -600),
            (CITY, "position", 600),
        ]
    )
    query = "SELECT state, cap FROM ledger_account WHERE id = :id"
    assert await rows(desk.platform, query, id=old) == [("closed", 90_000)]
    assert await rows(desk.platform, query, id=moved.ledger_account) == [("open", 90_000)]
    performers = "SELECT district_id FROM performer WHERE id = :id"
    assert await rows(desk.platform, performers, id=moved.performer_id) == [(scene.districts[1],)]
    assert await desk.refused(scene.giver.actor, "/v1/me/branch", body) == (409, "same_branch")
    assert await faults(desk.platform) == []


async def test_the_statement_goes_on_over_both_accounts_and_coming_back_opens_the_old_one(
    desk: Desk, clock: MovableClock
) -> None:
    scene = await a_scene(desk.platform)
    for number, place in enumerate((1, 0, 1), start=1):
        clock.set(clock.instant + timedelta(hours=1))
        body = {"district_id": str(scene.districts[place])}
        await desk.post(scene.giver.actor, "/v1/me/branch", body, 201)
        async with transaction(desk.platform.db) as tx:
            account = (await tx.get_one(Member, scene.giver.member.id)).ledger_account
            await give(desk.platform, tx, scene.bank, account, number)
    hours = await desk.client.get("/v1/me/hours", headers=desk.as_(scene.giver.actor))
    found = hours.json()
    assert found["balance_minutes"] == 606
    told = [(entry["minutes"], entry["balance_after_minutes"]) for entry in reversed(found["entries"])]
    assert told == [
        (600, 600),
        (-600, 0),
        (600, 600),
        (1, 601),
        (-601, 0),
        (601, 601),
        (2, 603),
        (-603, 0),
        (603, 603),
        (3, 606),
    ]
    assert found["entries"][-2]["words"] == "600 minutes moved to the new branch"
    address = f"/v1/members/{scene.giver.member.id}/statement"
    whole = (await desk.client.get(address, headers=desk.as_(scene.giver.actor))).json()
    assert (whole["opening_minutes"], whole["closing_minutes"]) == (0, 606)
    assert await faults(desk.platform) == []


async def test_with_minutes_set_aside_nobody_moves(desk: Desk) -> None:
    scene = await a_scene(desk.platform)
    elder, member = await an_elder_with(desk.platform, scene, minutes=60)
    async with transaction(desk.platform.db) as tx:
        task = await a_task(desk.platform, tx, elder, actor=SYSTEM)
    body = {"district_id": str(scene.districts[1]), "on_behalf_of": str(member.id), "reason": "lives there now"}
    answer = await desk.client.post("/v1/me/branch", json=body, headers=desk.as_(scene.officer))
    assert (answer.status_code, answer.json()["code"]) == (409, "holds_open")
    assert answer.json()["references"] == f"task:{task.id}"
    assert await desk.refused(
        scene.officer, "/v1/me/branch", {**body, "district_id": str(scene.bank.town.city.id)}
    ) == (
        400,
        "not_a_district",
    )
