"""Donations go to an elder, a branch's pool or the city, as the rule set says."""

from collections.abc import Callable
from datetime import date

import httpx

from marketplace.base.actor import Actor
from marketplace.base.platform import Platform
from marketplace.hours.books import CITY, book_of, pool_account, reserve_account
from tests.marketplace.hours.builders import balances, legs_of
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
    ({"to": "person", "member_id": "OTHER", "minutes": 10}, 409, "not_an_elder"),
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
    names = {
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


async def test_the_same_key_donates_once(platform: Platform, client: httpx.AsyncClient, as_: Headers) -> None:
    scene = await a_scene(platform)
    headers = as_(scene.giver.actor)
    answers = [await client.post("/v1/donations", json={"to": "city", "minutes": 10}, headers=headers) for _ in "ab"]
    assert answers[0].json() == answers[1].json()
    assert await balances(platform, reserve_account()) == [(10, 0)]
