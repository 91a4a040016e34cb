from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from marketplace.base import tokens
from marketplace.base.actor import Actor, Role
from marketplace.base.database import transaction
from marketplace.base.ids import new_id
from marketplace.base.platform import Platform
from marketplace.people.accounts import open_account
from tests.builders import an_account, next_phone

English = {"Accept-Language": "en"}


async def sign_in_by_code(client: httpx.AsyncClient, phone: str) -> dict[str, str]:
    code = (await client.post("/v1/sign-in/code", json={"phone": phone})).json()["demo_code"]
    answer = await client.post("/v1/sign-in", json={"phone": phone, "code": code})
    assert answer.status_code == 200
    signed_in: dict[str, str] = answer.json()
    return signed_in


async def test_a_code_signs_in_and_the_token_tells_who_one_is(platform: Platform, client: httpx.AsyncClient) -> None:
    phone = next_phone()
    async with transaction(platform.db) as tx:
        account = await an_account(platform, tx, Role.FAMILY, phone=phone)
    session = await sign_in_by_code(client, phone)
    me = await client.get("/v1/me", headers={"Authorization": f"Bearer {session['access_token']}"})
    assert me.status_code == 200
    assert me.json()["account_id"] == str(account.id)
    assert me.json()["roles"] == ["family"]


async def test_a_code_opens_once(platform: Platform, client: httpx.AsyncClient) -> None:
    phone = next_phone()
    async with transaction(platform.db) as tx:
        await an_account(platform, tx, Role.FAMILY, phone=phone)
    code = (await client.post("/v1/sign-in/code", json={"phone": phone})).json()["demo_code"]
    assert (await client.post("/v1/sign-in", json={"phone": phone, "code": code})).status_code == 200
    assert (await client.post("/v1/sign-in", json={"phone": phone, "code": code})).status_code == 401


async def test_five_wrong_tries_kill_a_code(platform: Platform, client: httpx.AsyncClient) -> None:
    phone = next_phone()
    async with transaction(platform.db) as tx:
        await an_account(platform, tx, Role.FAMILY, phone=phone)
    code = (await client.post("/v1/sign-in/code", json={"phone": phone})).json()["demo_code"]
    wrong = "000000" if code != "000000" else "111111"
    for _ in range(5):
        assert (await client.post("/v1/sign-in", json={"phone": phone, "code": wrong})).status_code == 401
    assert (await client.post("/v1/sign-in", json={"phone": phone, "code": code})).status_code == 401


async def test_ten_failures_close_the_door_for_a_quarter_of_an_hour(
    platform: Platform, client: httpx.AsyncClient
) -> None:
    phone = next_phone()
    async with transaction(platform.db) as tx:
        await open_account(
            tx, platform.vault, name="示例", phone=phone, roles=[Role.OFFICER], password="correct-horse-1"
        )
    for _ in range(10):
        wrong = await client.post("/v1/sign-in", json={"phone": phone, "password": "wrong-password"})
        assert wrong.status_code == 401
    right = await client.post("/v1/sign-in", json={"phone": phone, "password": "correct-horse-1"})
    assert right.status_code == 429
    assert int(right.headers["retry-after"]) == 900


async def test_a_fourth_code_within_ten_minutes_is_refused(platform: Platform, client: httpx.AsyncClient) -> None:
    phone = next_phone()
    async with transaction(platform.db) as tx:
        await an_account(platform, tx, Role.FAMILY, phone=phone)
    answers = [(await client.post("/v1/sign-in/code", json={"phone": phone})).status_code for _ in range(4)]
    assert answers == [202, 202, 202, 429]


async def test_nobody_learns_whether_a_number_has_an_account(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/sign-in/code", json={"phone": "19988887777"})
    assert answer.status_code == 202
    assert answer.json() == {"sent": True, "demo_code": None}


async def test_a_refresh_token_is_good_for_one_exchange(platform: Platform, client: httpx.AsyncClient) -> None:
    phone = next_phone()
    async with transaction(platform.db) as tx:
        await an_account(platform, tx, Role.FAMILY, phone=phone)
    first = await sign_in_by_code(client, phone)
    second = await client.post("/v1/sign-in/refresh", json={"refresh_token": first["refresh_token"]})
    assert second.status_code == 200
    assert second.json()["refresh_token"] != first["refresh_token"]


async def test_a_used_refresh_token_shown_again_ends_the_whole_sign_in(
    platform: Platform, client: httpx.AsyncClient
) -> None:
    phone = next_phone()
    async with transaction(platform.db) as tx:
        await an_account(platform, tx, Role.FAMILY, phone=phone)
    first = await sign_in_by_code(client, phone)
    second = (await client.post("/v1/sign-in/refresh", json={"refresh_token": first["refresh_token"]})).json()
    stolen = await client.post("/v1/sign-in/refresh", json={"refresh_token": first["refresh_token"]})
    assert stolen.status_code == 401
    after = await client.post("/v1/sign-in/refresh", json={"refresh_token": second["refresh_token"]})
    assert after.status_code == 401


async def test_signing_out_ends_the_chain(platform: Platform, client: httpx.AsyncClient) -> None:
    phone = next_phone()
    async with transaction(platform.db) as tx:
        await an_account(platform, tx, Role.FAMILY, phone=phone)
    first = await sign_in_by_code(client, phone)
    assert (await client.post("/v1/sign-out", json={"refresh_token": first["refresh_token"]})).status_code == 204
    after = await client.post("/v1/sign-in/refresh", json={"refresh_token": first["refresh_token"]})
    assert after.status_code == 401


def _forged(kind: str) -> str:
    actor = Actor(account_id=new_id(), roles=frozenset({Role.OPERATOR}))
    if kind == "expired":
        return tokens.issue(actor, b"s" * 32, at=datetime.now(UTC) - timedelta(minutes=11))
    if kind == "another secret":
        return tokens.issue(actor, b"x" * 32)
    if kind == "no signature":
        head, body, _ = tokens.issue(actor, b"s" * 32).split(".")
        return f"{head}.{body}."
    return "not.a.token"


@pytest.mark.parametrize("kind", ["expired", "another secret", "no signature", "mangled"])
async def test_a_bad_token_is_401_with_a_problem_document(client: httpx.AsyncClient, kind: str) -> None:
    answer = await client.get("/v1/me", headers={"Authorization": f"Bearer {_forged(kind)}", **English})
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "not_signed_in"
    assert answer.json()["detail"] == "Please sign in first."


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"phone": "abc"},
        {"phone": 5},
        {"phone": "19900001234", "code": "12"},
        {"phone": "19900001234", "code": "123456", "extra": 1},
        {"phone": "19900001234"},
        {"phone": "19900001234", "code": "123456", "password": "both-are-given"},
        [],
        "text",
        None,
    ],
)
async def test_a_malformed_sign_in_is_400_and_never_500(client: httpx.AsyncClient, body: object) -> None:
    answer = await client.post("/v1/sign-in", json=body)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


async def test_broken_json_is_400(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/sign-in", content=b"{", headers={"Content-Type": "application/json"})
    assert answer.status_code == 400


Deliver = Callable[[Platform], Awaitable[int]]


async def test_the_code_goes_out_through_the_channel(
    platform: Platform, client: httpx.AsyncClient, deliver_all: Deliver
) -> None:
    phone = next_phone()
    sent: list[tuple[str, str]] = []

    class Ear:
        async def send(self, phone: str, text: str) -> None:
            sent.append((phone, text))

    async with transaction(platform.db) as tx:
        await an_account(platform, tx, Role.FAMILY, phone=phone)
    object.__setattr__(platform, "channel", Ear())
    code = (await client.post("/v1/sign-in/code", json={"phone": phone})).json()["demo_code"]
    await deliver_all(platform)
    assert len(sent) == 1
    assert sent[0][0] == phone
    assert code in sent[0][1]
