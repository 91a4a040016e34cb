"""Donations go to a person, a branch's pool or the city, as the rule set says."""

from collections.abc import Callable
from datetime import date
from typing import Any

import httpx
import pytest

from marketplace.base.actor import Actor, Role
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.hours.books import CITY, book_of, pool_account, reserve_account
from marketplace.hours.members.students import sealed_student
from tests.builders import an_account
from tests.marketplace.hours.builders import a_person, balances, give, legs_of
from tests.marketplace.hours.certificates.builders import prove_student
from tests.marketplace.hours.giving.desk import Desk
from tests.marketplace.hours.giving.scene import a_scene, an_elder_with, faults, rows, under

Headers = Callable[[Actor], dict[str, str]]


async def test_a_person_a_branch_and_the_city_are_donated_to(
    platform: Platform, client: httpx.AsyncClient, as_: Headers
) -> None:
    scene = await a_scene(platform)
    elder, member = await an_elder_with(platform, scene, district=1)
    bodies = [
        {"to": "person", "elder_id": str(elder.id), "minutes": 30},
        {"to": "person", "member_id": str(member.id), "minutes": 20},
        {"to": "branch", "minutes": 40},
        {"to": "branch", "district_id": str(scene.districts[1]), "minutes": 50},
        {"to": "city", "minutes": 60},
    ]
    orders = []
    for body in bodies:
        answer = await client.post("/v1/donations", json=body, headers=as_(scene.giver.actor))
        assert answer.status_code == 201, answer.text
        orders.append(answer.json())
    assert {order["state"] for order in orders} == {"done"}
    accounts = (
        scene.giver.account,
        member.ledger_account,
        *(pool_account(one) for one in scene.districts),
        reserve_account(),
    )
    assert await balances(platform, *accounts) == [(400, 0), (50, 0), (40, 0), (50, 0), (60, 0)]
    home = book_of(scene.districts[0])
    # the case of the books: Bai gives to the city's reserve
    assert await legs_of(platform, f"order:{orders[-1]['id']}") == sorted(
        [(home, "member", -60), (home, "clearing", 60), (CITY, "position", -60), (CITY, "reserve", 60)]
    )
    statement = await client.get("/v1/me/hours", headers=as_(scene.giver.actor))
    assert statement.json()["entries"][0]["words"] == "60 minutes donated"
    assert await faults(platform) == []


IMPOSSIBLE: list[tuple[dict[str, object], int, str]] = [
    ({"to": "person", "minutes": 10}, 400, "malformed"),
    ({"to": "city", "member_id": "OTHER", "minutes": 10}, 400, "malformed"),
    ({"to": "person", "member_id": "GROUP", "minutes": 10}, 409, "not_a_donee"),
    ({"to": "person", "member_id": "GIVER", "minutes": 10}, 400, "to_oneself"),
    ({"to": "person", "elder_id": "NOBODY", "minutes": 10}, 409, "receiver_unknown"),
    ({"to": "branch", "district_id": "NOBODY", "minutes": 10}, 400, "not_a_district"),
    ({"to": "city", "minutes": 0}, 400, "malformed"),
    ({"to": "city", "minutes": -5}, 400, "malformed"),
    ({"to": "city", "minutes": 1.5}, 400, "malformed"),
    ({"to": "city", "minutes": 2**63}, 400, "malformed"),
    ({"to": "city", "minutes": 601}, 409, "not_enough_minutes"),
    ({"to": "city", "minutes": 10, "surprise": 1}, 400, "malformed"),
]


async def test_what_cannot_be_donated_is_refused_and_nothing_changes(
    platform: Platform, client: httpx.AsyncClient, as_: Headers
) -> None:
    scene = await a_scene(platform)
    body = {"name": "示例志愿队", "district_id": str(scene.districts[0]), "size": 5, "gender": "f"}
    group = await client.post("/v1/groups", json=body, headers=as_(scene.giver.actor))
    names = {
        "GROUP": group.json()["id"],
        "OTHER": str(scene.other.member.id),
        "GIVER": str(scene.giver.member.id),
        "NOBODY": "00000000-0000-7000-8000-000000000000",
    }
    for body, status, code in IMPOSSIBLE:
        sent = {key: names.get(str(value), value) for key, value in body.items()}
        answer = await client.post("/v1/donations", json=sent, headers=as_(scene.giver.actor))
        assert (answer.status_code, answer.json()["code"]) == (status, code), body
    assert await balances(platform, scene.giver.account) == [(600, 0)]
    assert await rows(platform, "SELECT count(*) FROM transfer_order") == [(0,)]


async def test_a_rule_set_without_persons_lets_nobody_donate_to_one(
    platform: Platform, client: httpx.AsyncClient, as_: Headers, program: object
) -> None:
    changning = under(platform, "changning")
    scene = await a_scene(changning, birth_on=date(1974, 1, 1))
    program.state.platform = changning  # type: ignore[attr-defined]  # the fixture of the program
    for to in ({"to": "city"}, {"to": "person", "member_id": str(scene.other.member.id)}):
        answer = await client.post("/v1/donations", json={**to, "minutes": 5}, headers=as_(scene.giver.actor))
        assert (answer.status_code, answer.json()["code"]) == (409, "donations_not_allowed")
        assert answer.json()["donations_to"] == "branch"


async def test_any_person_receives_a_donation_and_a_group_where_the_rule_set_says_so(
    platform: Platform, client: httpx.AsyncClient, as_: Headers, program: Any
) -> None:
    taiyuan = under(platform, "taiyuan", donees=("individual", "minor", "student", "group"))
    program.state.platform = taiyuan
    scene = await a_scene(taiyuan)
    async with transaction(platform.db) as tx:
        joins: dict[str, Any] = {"birth_on": date(2010, 5, 1), "guardian_id": scene.giver.member.id}
        minor = (await a_person(taiyuan, tx, scene.bank, district=1, **joins)).member
        minor.state, minor.consented_at = "active", platform.now()
        account = await an_account(taiyuan, tx, Role.VOLUNTEER)
        assert account.id is not None
        pupil = await sealed_student(tx, taiyuan.vault, account.id, school="示例大学", number="2026-1")
        learner = await a_person(taiyuan, tx, scene.bank, account=account, student=pupil)
        await prove_student(tx, learner, scene.officer, now=platform.now())
        student = learner.member
        assert student.kind == "student"
    _, elder = await an_elder_with(taiyuan, scene)
    body = {"name": "示例志愿队", "district_id": str(scene.districts[0]), "size": 5, "gender": "f"}
    group = (await client.post("/v1/groups", json=body, headers=as_(scene.other.actor))).json()

    async def donate(member_id: object, minutes: int) -> tuple[int, str]:
        body = {"to": "person", "member_id": str(member_id), "minutes": minutes}
        answer = await client.post("/v1/donations", json=body, headers=as_(scene.giver.actor))
        found = answer.json()
        return answer.status_code, found["code"] if "code" in found else found["lines"][0]["counts_as"]

    for member in (scene.other.member.id, minor.id, student.id, group["id"]):
        assert await donate(member, 10) == (201, "gift")  # the rules of a year's gifts hold for them
    assert await donate(elder.id, 10) == (409, "not_a_donee")
    accounts = (scene.other.account, minor.ledger_account, student.ledger_account, scene.giver.account)
    assert await balances(platform, *accounts) == [(10, 0), (10, 0), (10, 0), (560, 0)]
    assert await faults(platform) == []


async def test_who_is_no_elder_receives_within_a_years_gifts_and_an_elder_beyond_them(
    platform: Platform, client: httpx.AsyncClient, as_: Headers, program: Any
) -> None:
    program.state.platform = under(platform, "taiyuan", gifts_year_minutes=100)
    scene = await a_scene(platform)
    _, elder = await an_elder_with(platform, scene)

    async def donate(member_id: object, minutes: int) -> tuple[int, object]:
        body = {"to": "person", "member_id": str(member_id), "minutes": minutes}
        answer = await client.post("/v1/donations", json=body, headers=as_(scene.giver.actor))
        return answer.status_code, answer.json().get("given")

    assert await donate(scene.other.member.id, 70) == (201, None)
    assert await donate(scene.other.member.id, 31) == (409, 70)  # 70 + 31 of 100
    assert await donate(elder.id, 200) == (201, None)
    assert await donate(scene.other.member.id, 30) == (201, None)
    assert await balances(platform, scene.other.account, elder.ledger_account) == [(100, 0), (200, 0)]


@pytest.mark.parametrize("waits", [False, True])
async def test_what_passes_the_receivers_cap_goes_to_the_pool_of_her_choice_and_is_told(
    desk: Desk, *, waits: bool
) -> None:
    limit = 10 if waits else 1_000
    desk.change(second_person_above_minutes=limit)
    scene = await a_scene(desk.platform)
    async with transaction(desk.platform.db) as tx:
        await give(desk.platform, tx, scene.bank, scene.other.account, 89_950)  # of at most 90,000
    body = {"to": "person", "member_id": str(scene.other.member.id), "minutes": 80}
    order = await desk.post(scene.giver.actor, "/v1/donations", body, 201)
    if waits:
        assert order["state"] == "pending"
        order = await desk.post(scene.officer, f"/v1/orders/{order['id']}/approve", {})
    assert (order["state"], order["minutes"], order["excess_minutes"]) == ("done", 80, 30)
    a, b = (book_of(one) for one in scene.districts)
    assert await legs_of(desk.platform, f"order:{order['id']}") == sorted(
        [
            (a, "member", -50),
            (a, "clearing", 50),
            (b, "clearing", -50),
            (b, "member", 50),
            (CITY, "position", -50),
            (CITY, "position", 50),
            (a, "member", -30),
            (a, "clearing", 30),
            (b, "clearing", -30),
            (b, "pool", 30),
            (CITY, "position", -30),
            (CITY, "position", 30),
        ]
    )
    assert "【六助】您收到 50 分钟（捐赠），另有 30 分钟超出账户上限，已转入资源池。" in await desk.deliver()
    undone = await desk.post(scene.giver.actor, f"/v1/orders/{order['id']}/undo", {"reason": "the wrong member"})
    assert undone["state"] == "reversed"
    pool = pool_account(scene.districts[1])
    assert await balances(desk.platform, scene.giver.account, scene.other.account, pool) == [
        (600, 0),
        (89_950, 0),
        (0, 0),
    ]
    assert await faults(desk.platform) == []


async def test_where_gifts_between_persons_are_forbidden_a_donation_is_no_way_around_it(
    platform: Platform, client: httpx.AsyncClient, as_: Headers, program: Any
) -> None:
    program.state.platform = under(platform, "nanjing")
    scene = await a_scene(platform)
    body = {"to": "person", "member_id": str(scene.other.member.id), "minutes": 10}
    answer = await client.post("/v1/donations", json=body, headers=as_(scene.giver.actor))
    assert (answer.status_code, answer.json()["code"], answer.json()["donees"]) == (409, "not_a_donee", "elder")


async def test_the_same_key_donates_once(platform: Platform, client: httpx.AsyncClient, as_: Headers) -> None:
    scene = await a_scene(platform)
    headers = as_(scene.giver.actor)
    answers = [await client.post("/v1/donations", json={"to": "city", "minutes": 10}, headers=headers) for _ in "ab"]
    assert answers[0].json() == answers[1].json()
    assert await balances(platform, reserve_account()) == [(10, 0)]
