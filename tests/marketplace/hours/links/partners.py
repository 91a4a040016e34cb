"""A bank under test, and a partner in the test's hand: it signs as a partner does, or as an attacker would."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import timebank
from marketplace.base.actor import Actor, Role
from marketplace.base.clock import wall_now
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.hours.audit import prove
from marketplace.hours.links.keys import read_key, written
from marketplace.hours.links.models import LinkPeer
from marketplace.hours.links.opening import Agreement, open_link
from marketplace.hours.links.signing import Answered, Asked, believe, sign
from tests.marketplace.hours.builders import Bank, Person, a_person, give
from timebank import links
from timebank.links import Link, Relay

Headers = Callable[[Actor], dict[str, str]]
OPERATOR = Actor(UUID(int=7), frozenset({Role.OPERATOR}))
LIMIT = 600  # what the partner may owe
SAVED = 500  # minutes that our payer has
NOBODY = "https://127.0.0.1:9"  # where nobody listens: this partner calls and is not reached
_numbers = count(1)


@dataclass
class Partner:
    """The bank `name`, linked with `taiyuan` under test."""

    http: httpx.AsyncClient
    name: str
    link_id: UUID
    key: Ed25519PrivateKey
    own_key: bytes  # of the bank under test

    async def send(
        self,
        method: str,
        path: str,
        document: object = None,
        *,
        key: Ed25519PrivateKey | None = None,
        at: datetime | None = None,
        sent: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """A signed request about the link; `key`, `at`, `sent` (other bytes than signed) and headers may be wrong."""
        body = b"" if document is None else json.dumps(document).encode()
        whole = f"/v1/links/{self.link_id}{path}"
        bare, _, query = whole.partition("?")
        nonce = uuid4().hex
        asked = Asked(method, bare, query, body)
        signed = sign(asked, key or self.key, link=str(self.link_id), nonce=nonce, at=at or wall_now())
        signed |= {"Content-Type": "application/json", **(headers or {})}
        answer = await self.http.request(method, whole, content=body if sent is None else sent, headers=signed)
        if "signature" in answer.headers:
            answered = Answered(answer.status_code, answer.content)
            believe(answered, answer.headers, self.own_key, link=str(self.link_id), now=wall_now(), nonce=nonce)
        return answer


@dataclass
class Scene:
    """A city with a link, one who pays and one who is paid."""

    platform: Platform
    bank: Bank
    payer: Person
    payee: Person
    partner: Partner

    @property
    def link_id(self) -> UUID:
        return self.partner.link_id

    def message(self, minutes: int = 60, **changed: object) -> dict[str, Any]:
        """What a partner prepares: its Li pays our payee."""
        expires_at = self.platform.now() + timedelta(minutes=15)
        return {
            "unit": "minute",
            "minutes": minutes,
            "payer": f"{self.partner.name}/li",
            "payee": f"taiyuan/{self.payee.member.id}",
            "expires_at": expires_at.isoformat(),
            **changed,
        }

    async def link(self) -> Link:
        async with transaction(self.platform.db) as tx:
            found = await links.find_link(tx, self.link_id)
        assert found is not None
        return found

    async def relay(self, relay_id: UUID) -> Relay | None:
        async with transaction(self.platform.db) as tx:
            return await links.find_relay(tx, self.link_id, relay_id)

    async def balance(self, person: Person) -> tuple[int, int]:
        async with transaction(self.platform.db) as tx:
            found = await timebank.balance(tx, person.account, now=self.platform.now())
        return found.posted, found.held


async def a_scene(platform: Platform, client: httpx.AsyncClient, bank: Bank) -> Scene:
    """A link of its own, open, whose partner lets us owe 300; and two members of its own."""
    key = Ed25519PrivateKey.generate()
    name = f"west{next(_numbers)}"
    async with transaction(platform.db) as tx:
        payer, payee = await a_person(platform, tx, bank), await a_person(platform, tx, bank, district=1)
    async with transaction(platform.db) as tx:
        await give(platform, tx, bank, payer.account, SAVED)
    async with transaction(platform.db) as tx:
        agreed = Agreement(
            our_name="taiyuan",
            partner=name,
            limit_minutes=LIMIT,
            address=NOBODY,
            public_key=written(key.public_key().public_bytes_raw()),
        )
        link_id = await open_link(tx, platform, agreed, actor=OPERATOR, now=platform.now())
        await links.hear_limit(tx, link_id, 300)
        own_key = (await tx.get_one(LinkPeer, link_id)).own_public_key
    assert read_key(written(own_key)) == own_key
    return Scene(platform, bank, payer, payee, Partner(client, name, link_id, key, own_key))


async def committing(scene: Scene, relay_id: UUID, **changed: object) -> dict[str, Any]:
    """The commit that the payer's bank would send for the only relay of its chain."""
    relay = await scene.relay(relay_id)
    assert relay is not None
    link = await scene.link()
    decided_at = scene.platform.now()
    microseconds = int(decided_at.timestamp() * 1_000_000).to_bytes(8, "big", signed=True)
    head = hashlib.sha256(link.received_head + relay.contents + (1).to_bytes(8, "big") + microseconds)
    document = {"contents": relay.contents.hex(), "seq": 1, "decided_at": decided_at.isoformat()}
    return {**document, "head": head.hexdigest(), **changed}


async def untouched(scene: Scene) -> None:
    """Nothing is held, nobody was paid, the books are whole."""
    link = await scene.link()
    assert (link.balance, link.arriving, link.received_height) == (0, 0, 0)
    assert await scene.balance(scene.payee) == (0, 0)
    async with transaction(scene.platform.db) as tx:
        assert await prove(tx) == []
