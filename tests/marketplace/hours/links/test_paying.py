"""A member pays somebody at another bank: what is set aside, refused, called off, and given back after a silence."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import select, update
from sqlmodel import col

from marketplace.base import tokens
from marketplace.base.actor import Actor, Role
from marketplace.base.audit import Audit
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.base.timers import Timer
from marketplace.hours.audit import prove
from marketplace.hours.links.messages import LINK_DUE
from marketplace.hours.links.paying import LIFETIME
from marketplace.hours.models import Member
from tests.conftest import MONDAY_NINE
from tests.marketplace.hours.links.partners import SAVED, Scene
from timebank import links
from timebank.links.moves import record
from timebank.links.protocol import Answer, Step

Deliver = Callable[[Platform], Awaitable[int]]


def headers(actor: Actor, key: str | None = None) -> dict[str, str]:
    token = tokens.issue(actor, b"s" * 32)
    return {"Authorization": f"Bearer {token}", "Idempotency-Key": key or uuid4().hex, "Accept-Language": "en"}


async def send(scene: Scene, path: str, body: object = None, *, key: str | None = None) -> httpx.Response:
    """As the payer."""
    whole = f"/v1/members/{scene.payer.member.id}{path}"
    return await scene.partner.http.post(whole, json=body, headers=headers(scene.payer.actor, key))


def payment(scene: Scene, minutes: int = 60, **changed: object) -> dict[str, Any]:
    return {"payee": f"{scene.partner.name}/li", "minutes": minutes, **changed}


@pytest.fixture(autouse=True)
def morning(scene: Scene) -> None:
    """Each test begins at nine, though its bank has served others."""
    scene.platform.clock.set(MONDAY_NINE)  # type: ignore[attr-defined]


async def test_the_minutes_are_set_aside_at_once_and_the_payment_is_listed(scene: Scene) -> None:
    answer = await send(scene, "/relays", payment(scene))
    assert answer.status_code == 201, answer.text
    relay = answer.json()
    assert (relay["state"], relay["minutes"], relay["confirmed"]) == ("prepared", 60, False)
    assert relay["payer"] == f"taiyuan/{scene.payer.member.id}"
    assert await scene.balance(scene.payer) == (SAVED, 60)
    path = f"/v1/members/{scene.payer.member.id}/relays"
    listed = await scene.partner.http.get(path, headers=headers(scene.payer.actor))
    assert listed.json() == {"relays": [relay]}
    shown = await scene.partner.http.get(f"{path}/{relay['id']}", headers=headers(scene.payer.actor))
    assert shown.json() == relay
    async with transaction(scene.platform.db) as tx:
        audited = select(Audit).where(col(Audit.entity_id) == relay["id"])
        assert (await tx.scalars(audited)).one().action == "relay.requested"


async def test_the_same_key_pays_once(scene: Scene) -> None:
    key = uuid4().hex
    first, second = [await send(scene, "/relays", payment(scene), key=key) for _ in range(2)]
    assert first.json() == second.json()
    assert await scene.balance(scene.payer) == (SAVED, 60)


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"minutes": 0}, 400, "malformed"),
        ({"minutes": 1.5}, 400, "malformed"),
        ({"minutes": "60"}, 400, "malformed"),
        ({"minutes": 301}, 409, "link_limit_reached"),  # the partner lets us owe 300
        ({"payee": "nobody"}, 404, "payee_unknown"),
        ({"payee": "nowhere/li"}, 404, "link_unknown"),
        ({"payee": "x" * 200}, 400, "malformed"),
    ],
)
async def test_a_payment_is_refused_by_name_and_nothing_is_held(
    scene: Scene, changed: dict[str, object], status: int, code: str
) -> None:
    answer = await send(scene, "/relays", payment(scene) | changed)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert await scene.balance(scene.payer) == (SAVED, 0)
    assert (await scene.link()).leaving == 0


async def test_more_than_one_has_is_refused(scene: Scene) -> None:
    async with transaction(scene.platform.db) as tx:
        await links.hear_limit(tx, scene.link_id, 5_000)
    answer = await send(scene, "/relays", payment(scene, SAVED + 1))
    assert (answer.status_code, answer.json()["code"]) == (409, "ledger_insufficient_balance")


async def test_a_suspended_member_and_a_suspended_link_do_not_pay(scene: Scene) -> None:
    async with transaction(scene.platform.db) as tx:
        await links.suspend_link(tx, scene.link_id, reason="a doubt", now=MONDAY_NINE)
    answer = await send(scene, "/relays", payment(scene))
    assert (answer.json()["code"], answer.json()["state"]) == ("link_suspended", "suspended")
    async with transaction(scene.platform.db) as tx:
        suspended = update(Member).where(col(Member.id) == scene.payer.member.id).values(state="suspended")
        await tx.execute(suspended)
    assert (await send(scene, "/relays", payment(scene))).json()["code"] == "member_inactive"


@pytest.mark.parametrize("role", [Role.OFFICER, Role.OPERATOR, Role.VOLUNTEER])
async def test_nobody_pays_from_anothers_account(scene: Scene, role: Role) -> None:
    path = f"/v1/members/{scene.payer.member.id}/relays"
    answer = await scene.partner.http.post(
        path, json=payment(scene), headers=headers(Actor(uuid4(), frozenset({role})))
    )
    assert answer.status_code == (404 if role is Role.VOLUNTEER else 403)
    assert await scene.balance(scene.payer) == (SAVED, 0)


async def test_a_payment_that_is_called_off_frees_the_minutes_at_once(scene: Scene) -> None:
    relay = (await send(scene, "/relays", payment(scene))).json()
    for _ in range(2):
        ended = (await send(scene, f"/relays/{relay['id']}/cancel")).json()
        assert (ended["state"], ended["reason"], ended["confirmed"]) == ("aborted", "called_off", False)
    assert await scene.balance(scene.payer) == (SAVED, 0)
    assert (await send(scene, f"/relays/{uuid4()}/cancel")).json()["code"] == "relay_unknown"


async def test_what_is_decided_is_not_called_off(scene: Scene) -> None:
    relay = await decided(scene)
    answer = await send(scene, f"/relays/{relay}/cancel")
    assert (answer.status_code, answer.json()["code"]) == (409, "relay_ended")
    assert await scene.balance(scene.payer) == (SAVED - 60, 0)


async def decided(scene: Scene) -> UUID:
    """A payment that is committed here and not yet known to the partner."""
    relay_id = UUID((await send(scene, "/relays", payment(scene))).json()["id"])
    relay = await scene.relay(relay_id)
    assert relay is not None
    async with transaction(scene.platform.db) as tx:
        await record(tx, relay, Step.PREPARE, Answer("prepared"), now=scene.platform.now())
    return relay_id


async def test_a_silent_partner_keeps_nobodys_minutes_longer_than_the_payments_life(
    scene: Scene, deliver_all: Deliver
) -> None:
    waiting = await decided(scene)  # which the partner is to be told first, and does not answer
    relay = (await send(scene, "/relays", payment(scene, 70))).json()
    await deliver_all(scene.platform)
    assert await scene.balance(scene.payer) == (SAVED - 60, 70)
    scene.platform.clock.set(MONDAY_NINE + LIFETIME)  # type: ignore[attr-defined]
    await deliver_all(scene.platform)
    assert await scene.balance(scene.payer) == (SAVED - 60, 0)
    ended = await scene.relay(UUID(relay["id"]))
    assert ended is not None
    assert ended.state == "expired"
    async with transaction(scene.platform.db) as tx:
        flying = await links.in_flight(tx, scene.link_id)
        timer = (
            await tx.scalars(select(Timer).where(col(Timer.rule) == LINK_DUE, col(Timer.entity_id) == scene.link_id))
        ).one()
        assert await prove(tx) == []
    assert [one.id for one in flying] == [waiting, ended.id]
    assert timer.fired_at is None  # it will be told, however long it takes
    assert timer.due_at <= scene.platform.now() + timedelta(minutes=5)


async def test_a_statement_says_what_came_from_and_went_to_another_bank(scene: Scene) -> None:
    await decided(scene)
    hours = (await scene.partner.http.get("/v1/me/hours", headers=headers(scene.payer.actor))).json()
    assert "60 minutes paid to another bank" in {entry["words"] for entry in hours["entries"]}


async def test_a_quote_asks_the_partner_and_holds_nothing(scene: Scene) -> None:
    answer = await send(scene, "/relays/quote", payment(scene))
    assert (answer.status_code, answer.json()["code"]) == (409, "partner_silent")  # nobody listens at its address
    assert (await send(scene, "/relays/quote", payment(scene, 301))).json()["code"] == "link_limit_reached"
    assert await scene.balance(scene.payer) == (SAVED, 0)
