"""What operators do with links, over HTTP; what the night does for them."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import select
from sqlmodel import col

from marketplace.base.actor import Actor, Role
from marketplace.base.audit import Audit
from marketplace.base.crypto import Erased, Vault
from marketplace.base.database import transaction
from marketplace.base.outbox import Message
from marketplace.base.platform import Platform
from marketplace.hours.links.errors import PartnerAddressRefused
from marketplace.hours.links.jobs import compare_links
from marketplace.hours.links.keys import KeyUnreadable, read_key, signing_key
from marketplace.hours.links.models import LinkPeer
from marketplace.hours.links.places import check_address
from tests.marketplace.hours.links.partners import NOBODY, OPERATOR, Scene
from tests.marketplace.hours.links.test_paying import headers
from timebank import links

Deliver = Callable[[Platform], Awaitable[int]]
KEY = "ed25519:" + "A" * 43 + "="


async def send(scene: Scene, path: str, body: object = None, *, actor: Actor = OPERATOR) -> httpx.Response:
    return await scene.partner.http.post(f"/v1/links{path}", json=body, headers=headers(actor))


def agreement(**changed: object) -> dict[str, Any]:
    return {"our_name": "taiyuan", "partner": f"bank-{uuid4().hex[:8]}", "limit_minutes": 600, **changed}


async def test_a_link_waits_for_the_partners_key_and_opens_with_it(scene: Scene) -> None:
    answer = await send(scene, "", agreement())
    assert answer.status_code == 201, answer.text
    link = answer.json()
    assert (link["state"], link["reason"]) == ("suspended", "awaiting the partner's key")
    assert link["own_public_key"].startswith("ed25519:")
    assert (await send(scene, f"/{link['id']}/resume")).json()["code"] == "partner_not_ready"
    assert (await send(scene, f"/{link['id']}/compare")).json()["code"] == "partner_not_ready"
    opened = (await send(scene, f"/{link['id']}/partner", {"address": NOBODY, "public_key": KEY})).json()
    assert (opened["state"], opened["address"], opened["public_key"]) == ("open", NOBODY, KEY)
    async with transaction(scene.platform.db) as tx:
        acts = await tx.scalars(select(col(Audit.action)).where(col(Audit.entity_id) == link["id"]).order_by(Audit.id))  # type: ignore[arg-type]
        assert list(acts) == ["link.opened", "link.accepted"]


async def test_the_private_key_is_sealed_and_belongs_to_the_link(scene: Scene) -> None:
    async with transaction(scene.platform.db) as tx:
        peer = await tx.get_one(LinkPeer, scene.link_id)
        key = await signing_key(tx, scene.platform.vault, peer)
        assert key.public_key().public_bytes_raw() == peer.own_public_key
        assert key.private_bytes_raw() not in peer.signing_key_sealed
        with pytest.raises(Erased):
            await signing_key(tx, Vault(b"x" * 32), peer)


async def test_a_partner_has_one_link_and_an_id_one_partner(scene: Scene) -> None:
    taken = agreement(partner=scene.partner.name)
    assert (await send(scene, "", taken)).json()["code"] == "link_taken"
    reused = agreement(link_id=str(scene.link_id))
    assert (await send(scene, "", reused)).json()["code"] == "link_taken"


@pytest.mark.parametrize(
    "address",
    [
        "http://partner.example",
        "http://10.0.0.1",
        "https://partner.example/path",
        "https://partner.example?x=1",
        "https://user@partner.example",
        "https://partner.example:0",
        "https://partner.example:port",
        "https://",
        "ftp://partner.example",
        "partner.example",
        "",
    ],
)
def test_an_address_that_is_more_or_less_than_a_host_is_refused(address: str) -> None:
    with pytest.raises(PartnerAddressRefused):
        check_address(address, ())


@pytest.mark.parametrize("key", ["", "ed25519:", "ed25519:AAAA", "rsa:" + "A" * 43 + "=", "ed25519:not base64"])
def test_a_key_that_is_none_is_refused(key: str) -> None:
    with pytest.raises(KeyUnreadable):
        read_key(key)


async def test_a_partner_with_a_bad_address_or_key_is_refused_and_nothing_changes(scene: Scene) -> None:
    for address, key, code in (("http://a.b", KEY, "partner_address_refused"), (NOBODY, "rsa:", "link_key_unreadable")):
        answer = await send(scene, f"/{scene.link_id}/partner", {"address": address, "public_key": key})
        assert (answer.status_code, answer.json()["code"]) == (400, code)
    shown = (await scene.partner.http.get(f"/v1/links/{scene.link_id}", headers=headers(OPERATOR))).json()
    assert (shown["address"], shown["public_key"] == KEY) == (NOBODY, False)


@pytest.mark.parametrize(
    "changed", [{"our_name": "Taiyuan"}, {"partner": "a/b"}, {"partner": "taiyuan"}, {"limit_minutes": -1}, {"more": 1}]
)
async def test_a_malformed_agreement_is_refused(scene: Scene, changed: dict[str, object]) -> None:
    answer = await send(scene, "", agreement() | changed)
    assert answer.status_code in {400, 409}
    assert answer.json()["code"] in {"malformed", "ledger_invalid_command"}


@pytest.mark.parametrize(
    "actor",
    [
        Actor(uuid4(), frozenset({Role.OFFICER})),
        Actor(uuid4(), frozenset({Role.REGULATOR})),
        Actor(uuid4(), frozenset({Role.OPERATOR}), region_path="city.d1"),
    ],
)
async def test_only_operators_of_the_whole_city_touch_links(scene: Scene, actor: Actor) -> None:
    for path, body in (
        ("", agreement()),
        (f"/{scene.link_id}/suspend", {"reason": "mine"}),
        (f"/{scene.link_id}/resume", None),
    ):
        assert (await send(scene, path, body, actor=actor)).status_code == 403
    assert (await scene.partner.http.get("/v1/links", headers=headers(actor))).status_code == 403


async def test_links_are_listed_with_balances_and_what_is_in_flight(scene: Scene) -> None:
    relay = uuid4()
    await scene.partner.send("PUT", f"/relays/{relay}", scene.message())
    listed = (await scene.partner.http.get("/v1/links", headers=headers(OPERATOR))).json()["links"]
    shown = (await scene.partner.http.get(f"/v1/links/{scene.link_id}", headers=headers(OPERATOR))).json()
    assert shown in listed
    assert (shown["balance_minutes"], shown["arriving_minutes"], shown["room_in_minutes"]) == (0, 60, 540)
    assert (shown["our_limit_minutes"], shown["their_limit_minutes"], shown["room_out_minutes"]) == (600, 300, 300)
    flying = {"relay_id": str(relay), "direction": "in", "state": "prepared", "minutes": 60, "seq": None}
    assert shown["in_flight"] == [flying]


async def test_a_limit_falls_no_further_than_what_is_under_way(scene: Scene) -> None:
    await scene.partner.send("PUT", f"/relays/{uuid4()}", scene.message(60))
    assert (await send(scene, f"/{scene.link_id}/limit", {"limit_minutes": 59})).json()["code"] == "link_limit_in_use"
    assert (await send(scene, f"/{scene.link_id}/limit", {"limit_minutes": 60})).json()["room_in_minutes"] == 0


async def test_a_link_closes_when_nothing_is_in_flight(scene: Scene) -> None:
    relay = uuid4()
    await scene.partner.send("PUT", f"/relays/{relay}", scene.message())
    why = {"reason": "the end"}
    assert (await send(scene, f"/{scene.link_id}/close", why)).json()["code"] == "link_not_empty"
    await scene.partner.send("POST", f"/relays/{relay}/abort", why)
    assert (await send(scene, f"/{scene.link_id}/close", why)).json()["state"] == "closed"
    assert (await send(scene, f"/{scene.link_id}/resume")).json()["code"] == "link_suspended"
    answer = await scene.partner.send("PUT", f"/relays/{uuid4()}", scene.message())
    assert answer.json()["code"] == "link_suspended"


async def test_an_unknown_link_is_unknown_to_every_route(scene: Scene) -> None:
    for path, body in (
        ("partner", {"address": NOBODY, "public_key": KEY}),
        ("limit", {"limit_minutes": 1}),
        ("suspend", {"reason": "why not"}),
        ("resume", None),
        ("close", {"reason": "why not"}),
        ("compare", None),
    ):
        answer = await send(scene, f"/{uuid4()}/{path}", body)
        assert (answer.status_code, answer.json()["code"]) == (404, "link_unknown")


async def test_the_night_compares_every_link_and_bears_a_silent_partner(scene: Scene, deliver_all: Deliver) -> None:
    await compare_links(scene.platform, Message(name="cycle.due", ids={}))
    async with transaction(scene.platform.db) as tx:
        asked = (await tx.scalars(select(Message).where(col(Message.name) == "link.check"))).all()
    assert str(scene.link_id) in {message.ids["link_id"] for message in asked}
    await deliver_all(scene.platform)  # nothing is laid with the dead, or this would not come to rest
    assert (await scene.link()).state == "open"


async def test_a_commit_that_shows_another_history_suspends_the_link_and_is_told(scene: Scene) -> None:
    relay = uuid4()
    await scene.partner.send("PUT", f"/relays/{relay}", scene.message())
    found = await scene.relay(relay)
    assert found is not None
    forged = {
        "contents": found.contents.hex(),
        "seq": 1,
        "decided_at": (scene.platform.now() - timedelta(seconds=1)).isoformat(),
        "head": "ab" * 32,
    }
    assert (await scene.partner.send("POST", f"/relays/{relay}/commit", forged)).json()["code"] == "chain_diverged"
    link = await scene.link()
    assert (link.state, link.reason) == ("suspended", f"chain_diverged, relay {relay}")
    async with transaction(scene.platform.db) as tx:
        told = (await tx.scalars(select(Message).where(col(Message.name) == "link.diverged"))).all()
        assert str(scene.link_id) in {message.ids["link_id"] for message in told}
        assert [one.id for one in await links.in_flight(tx, scene.link_id)] == [UUID(str(relay))]
