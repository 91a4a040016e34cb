"""The counter in tests: forms sent as a browser without script sends them, the last button as the script does."""

import html
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from marketplace.base.actor import Role
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.hours.links.keys import written
from marketplace.hours.links.models import PaymentRequest
from marketplace.hours.links.opening import Agreement, open_link
from marketplace.hours.links.paying import pay
from marketplace.people.accounts import HASHER, open_account
from marketplace.people.models import Account
from tests.builders import next_phone
from tests.marketplace.console.builders import PASSWORD, sign_in
from tests.marketplace.console.pages import Page
from tests.marketplace.hours.builders import Bank, Person, a_person
from tests.marketplace.hours.giving.scene import Scene, a_scene, rows
from tests.marketplace.hours.links.partners import NOBODY, OPERATOR
from timebank import links

Fields = Sequence[tuple[str, str]]


@dataclass
class Counter:
    """The form of one act for one member."""

    page: Page
    member: str
    name: str

    async def fill(self, *fields: tuple[str, str], lang: str = "en") -> str:
        """Send the form with these fields."""
        answer = await self.page.client.get(self.address, params=[("lang", lang), *fields])
        assert answer.status_code == 200, answer.text
        found = re.search(r'"token": "([^"]+)"', answer.text)
        assert found is not None
        self.page.token = found[1]
        return answer.text

    @property
    def address(self) -> str:
        return f"/console/members/{self.member}/begin/{self.name}"

    async def go(self, *fields: tuple[str, str], lang: str = "en") -> str:
        """Go on to what will happen."""
        return await self.fill(*fields, ("step", "go"), lang=lang)

    async def press(self, shown: str, reason: str) -> httpx.Response:
        """Press the button of the confirmation."""
        return await press(self.page, shown, reason)


async def a_counter(page: Page, name: str) -> tuple[Scene, Counter]:
    """An officer of the giver's branch begins something for the giver, who has 600 minutes."""
    scene = await a_scene(page.platform)
    await page.open(scene, Role.OFFICER)
    return scene, Counter(page, str(scene.giver.member.id), name)


def to(*shares: tuple[Any, int]) -> list[tuple[str, str]]:
    """Chosen people with their shares, as the form's fields."""
    who = [("who", str(one.member.id)) for one, _ in shares]
    return who + [(f"share.{one.member.id}", str(share)) for one, share in shares]


async def orders_made(page: Page) -> int:
    """How many orders and standing orders there are."""
    ((count,),) = await rows(
        page.platform, "SELECT (SELECT count(*) FROM transfer_order) + (SELECT count(*) FROM transfer_schedule)"
    )
    return int(count)


async def press(page: Page, shown: str, reason: str | None) -> httpx.Response:
    """What the script does with the only main button of a page: the body it carries, the reason in its place."""
    main = shown[shown.index("<main") :]
    form = re.search(r'<form class="act[^"]*" data-address="([^"]+)".*?</form>', main, re.DOTALL)
    assert form is not None
    button = re.search(r'<button class="main"[^>]*>', form[0])
    field = re.search(r'<input name="([^"]+)"', form[0])
    assert button is not None
    assert field is not None
    data = {name: html.unescape(value) for name, value in re.findall(r'data-(\w+)="([^"]*)"', button[0])}
    body: dict[str, Any] = json.loads(data["body"])
    inner, (*outer, last) = body, field[1].split(".")
    for one in outer:
        inner = inner[one]
    if reason is not None:
        inner[last] = reason
    key = data.get("key", "any")
    headers = {"Authorization": f"Bearer {page.token}", "Idempotency-Key": key}
    return await page.client.post(form[1] + data["step"], json=body, headers=headers)


def hits_of(shown: str) -> list[str]:
    """Whom the search found: the ids of the radio buttons."""
    return re.findall(r'type="radio" name="pick" value="([^"]+)"', shown)


def alerts_of(shown: str) -> list[str]:
    """What the page objects to."""
    return [html.unescape(one) for one in re.findall(r'<p class="alert"[^>]*>([^<]+)<', shown)]


def query_of(shown: str, words: str) -> list[tuple[str, str]]:
    """The fields in the address of a link."""
    link = re.search(rf'href="([^"]+)"[^>]*>{words}<', shown)
    assert link is not None
    return [tuple(one.split("=")) for one in urlsplit(html.unescape(link[1])).query.split("&")]  # type: ignore[misc]


async def made_officer(page: Page, scene: Scene, person: Person) -> None:
    """The person becomes an officer of the first branch as well, and signs in."""
    async with transaction(page.platform.db) as tx:
        account = await tx.get_one(Account, person.actor.account_id)
        account.roles, account.region_id = ["officer"], scene.districts[0]
        account.password_hash = HASHER.hash(PASSWORD)
        phone = await page.platform.vault.open(tx, account.id, "phone", account.phone_sealed)
    page.client.cookies.clear()
    await sign_in(page.client, phone)


async def named(page: Page, bank: Bank, name: str, *, district: int = 0, phone: str | None = None) -> Person:
    """A member of this name, with this telephone."""
    async with transaction(page.platform.db) as tx:
        account = await open_account(
            tx, page.platform.vault, name=name, phone=phone or next_phone(), roles=[Role.VOLUNTEER]
        )
        return await a_person(page.platform, tx, bank, district=district, account=account)


async def a_payment(live: Platform, payer: Person, minutes: int = 150) -> UUID:
    """She asks to pay a member of the bank `west`, more than one person moves alone; the request's id."""
    key = written(Ed25519PrivateKey.generate().public_key().public_bytes_raw())
    agreed = Agreement(our_name="pidu", partner="west", limit_minutes=600, address=NOBODY, public_key=key)
    async with transaction(live.db) as tx:
        link_id = await open_link(tx, live, agreed, actor=OPERATOR, now=live.now())
        await links.hear_limit(tx, link_id, 300)
        who: dict[str, Any] = {"policy": live.policy, "actor": payer.actor, "now": live.now()}
        found = await pay(tx, payer.member, "west/li", minutes, **who)
        assert isinstance(found, PaymentRequest)
        return found.id
