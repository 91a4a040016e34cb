from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select, text

from marketplace.base.actor import Actor, Role
from marketplace.base.database import transaction
from marketplace.base.ids import new_id
from marketplace.base.platform import Platform
from marketplace.people.access import give_access
from marketplace.people.models import Elder
from tests.builders import Town, a_town, an_account, an_actor, an_elder

Headers = Callable[[Actor], dict[str, str]]


async def town_and(platform: Platform, *roles: Role, district: int | None = None) -> tuple[Town, Actor]:
    async with transaction(platform.db) as tx:
        town = await a_town(tx)
        region = None if district is None else town.districts[district]
        return town, await an_actor(platform, tx, *roles, region=region)


def elder_body(town: Town, **changes: Any) -> dict[str, Any]:
    return {
        "name": "示例老人",
        "gender": "f",
        "birth_on": "1944-05-01",
        "community_id": str(town.communities[0].id),
        "place": {"lon": 8.68, "lat": 49.40},
        "address": "示例路 12 号",
        "phone": "+86 199 0000 4321".replace(" ", ""),
        "identity_number": "999999194405010023",
        **changes,
    }


async def test_an_officer_registers_an_elder_and_her_numbers_are_sealed(
    platform: Platform, client: httpx.AsyncClient, as_: Headers
) -> None:
    town, officer = await town_and(platform, Role.OFFICER, district=0)
    answer = await client.post("/v1/elders", json=elder_body(town), headers=as_(officer))
    assert answer.status_code == 201
    assert answer.json()["phone_masked"] == "•••4321"
    assert answer.json()["district_id"] == str(town.districts[0].id)
    async with transaction(platform.db) as tx:
        rows = (await tx.execute(text("SELECT to_jsonb(e)::text FROM elder e"))).scalars().all()
    assert "19900004321" not in "".join(rows)
    assert "999999194405010023" not in "".join(rows)


async def test_one_identity_number_registers_once(platform: Platform, client: httpx.AsyncClient, as_: Headers) -> None:
    town, officer = await town_and(platform, Role.OFFICER, district=0)
    assert (await client.post("/v1/elders", json=elder_body(town), headers=as_(officer))).status_code == 201
    again = await client.post("/v1/elders", json=elder_body(town), headers=as_(officer))
    assert again.status_code == 409
    assert again.json()["code"] == "identity_taken"


async def test_another_districts_officer_learns_nothing_of_an_elder(
    platform: Platform, client: httpx.AsyncClient, as_: Headers
) -> None:
    town, officer = await town_and(platform, Role.OFFICER, district=1)
    async with transaction(platform.db) as tx:
        elder = await an_elder(platform, tx, town.communities[0])
    answer = await client.get(f"/v1/elders/{elder.id}", headers=as_(officer))
    assert answer.status_code == 404
    listed = await client.get("/v1/elders", headers=as_(officer))
    assert listed.json()["elders"] == []


@pytest.mark.parametrize("role", [Role.FAMILY, Role.CAREGIVER, Role.VOLUNTEER, Role.PROVIDER, Role.REGULATOR])
async def test_without_a_relation_nobody_sees_an_elder(
    platform: Platform, client: httpx.AsyncClient, as_: Headers, role: Role
) -> None:
    town, stranger = await town_and(platform, role)
    async with transaction(platform.db) as tx:
        elder = await an_elder(platform, tx, town.communities[0])
    assert (await client.get(f"/v1/elders/{elder.id}", headers=as_(stranger))).status_code == 404


async def test_a_relation_counts_from_its_beginning_to_its_end(
    platform: Platform, client: httpx.AsyncClient, as_: Headers
) -> None:
    town, caregiver = await town_and(platform, Role.CAREGIVER)
    now = platform.now()
    assert caregiver.account_id is not None
    async with transaction(platform.db) as tx:
        elder = await an_elder(platform, tx, town.communities[0])
        await give_access(
            tx,
            elder.id,
            caregiver.account_id,
            "view",
            since=now + timedelta(hours=1),
            until=now + timedelta(hours=2),
            because="assignment:1",
        )
    seen = []
    for hours in (0, 1, 2):
        platform.clock.set(now + timedelta(hours=hours))  # type: ignore[attr-defined]  # the tests' clock moves
        seen.append((await client.get(f"/v1/elders/{elder.id}", headers=as_(caregiver))).status_code)
    assert seen == [404, 200, 404]


async def test_a_grant_opens_and_its_revocation_closes(
    platform: Platform, client: httpx.AsyncClient, as_: Headers
) -> None:
    town, family = await town_and(platform, Role.FAMILY)
    async with transaction(platform.db) as tx:
        account = await an_account(platform, tx, Role.ELDER)
        elder = await an_elder(platform, tx, town.communities[0], account=account)
    herself = Actor(account_id=account.id, roles=frozenset({Role.ELDER}))
    body = {"account_id": str(family.account_id), "relation": "child", "scopes": ["view", "book"]}
    grant = await client.post(f"/v1/elders/{elder.id}/grants", json=body, headers=as_(herself))
    assert grant.status_code == 201
    assert (await client.get(f"/v1/elders/{elder.id}", headers=as_(family))).status_code == 200
    revoked = await client.delete(f"/v1/elders/{elder.id}/grants/{grant.json()['id']}", headers=as_(herself))
    assert revoked.status_code == 200
    assert (await client.get(f"/v1/elders/{elder.id}", headers=as_(family))).status_code == 404


async def test_a_family_member_cannot_grant_on(platform: Platform, client: httpx.AsyncClient, as_: Headers) -> None:
    town, family = await town_and(platform, Role.FAMILY)
    assert family.account_id is not None
    async with transaction(platform.db) as tx:
        elder = await an_elder(platform, tx, town.communities[0])
        other = await an_account(platform, tx, Role.FAMILY)
        await give_access(tx, elder.id, family.account_id, "view", since=platform.now(), until=None, because="grant:1")
    body = {"account_id": str(other.id), "relation": "child", "scopes": ["view"]}
    answer = await client.post(f"/v1/elders/{elder.id}/grants", json=body, headers=as_(family))
    assert answer.status_code == 403


BAD_ELDERS: dict[str, dict[str, Any]] = {
    "an unknown field": {"nickname": "x"},
    "a wrong type": {"name": 5},
    "an empty name": {"name": "  "},
    "an unknown gender": {"gender": "x"},
    "a birthday that is none": {"birth_on": "1944-02-30"},
    "an age of ten": {"birth_on": "2016-01-01"},
    "an age of two hundred": {"birth_on": "1826-01-01"},
    "a place off the globe": {"place": {"lon": 181, "lat": 0}},
    "a place that is no number": {"place": {"lon": "NaN", "lat": 0}},
    "a phone of letters": {"phone": "call me"},
    "an identity number too short": {"identity_number": "123"},
    "an unknown category": {"categories": ["rich"]},
    "an id that is none": {"community_id": "c1"},
}


@pytest.mark.parametrize("name", BAD_ELDERS)
async def test_a_bad_elder_is_refused_with_a_problem_and_nothing_is_written(
    platform: Platform, client: httpx.AsyncClient, as_: Headers, name: str
) -> None:
    town, officer = await town_and(platform, Role.OFFICER, district=0)
    answer = await client.post("/v1/elders", json=elder_body(town, **BAD_ELDERS[name]), headers=as_(officer))
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    async with transaction(platform.db) as tx:
        assert await tx.scalar(select(func.count()).select_from(Elder)) == 0  # visible: a count in a test


@pytest.mark.parametrize("index", [None, 1])
async def test_a_foreign_or_unknown_community_is_404(
    platform: Platform, client: httpx.AsyncClient, as_: Headers, index: int | None
) -> None:
    town, officer = await town_and(platform, Role.OFFICER, district=0)
    community = new_id() if index is None else town.communities[index].id
    answer = await client.post("/v1/elders", json=elder_body(town, community_id=str(community)), headers=as_(officer))
    assert answer.status_code == 404


async def test_an_account_that_is_none_or_another_elders_is_refused_by_name(
    platform: Platform, client: httpx.AsyncClient, as_: Headers
) -> None:
    town, officer = await town_and(platform, Role.OFFICER, district=0)
    async with transaction(platform.db) as tx:
        account = await an_account(platform, tx, Role.FAMILY)
    outcomes = []
    for account_id, identity in ((new_id(), "1"), (account.id, "2"), (account.id, "3")):
        body = elder_body(town, account_id=str(account_id), identity_number=f"99999919440501002{identity}")
        answer = await client.post("/v1/elders", json=body, headers=as_(officer))
        outcomes.append((answer.status_code, answer.json().get("code")))
    assert outcomes == [(404, "unknown"), (201, None), (409, "account_taken")]


async def test_a_post_without_its_key_is_refused(platform: Platform, client: httpx.AsyncClient, as_: Headers) -> None:
    town, officer = await town_and(platform, Role.OFFICER, district=0)
    headers = as_(officer)
    del headers["Idempotency-Key"]
    answer = await client.post("/v1/elders", json=elder_body(town), headers=headers)
    assert answer.status_code == 400
    assert answer.json()["code"] == "idempotency_key_missing"


async def test_a_repeated_post_has_one_effect(platform: Platform, client: httpx.AsyncClient, as_: Headers) -> None:
    town, officer = await town_and(platform, Role.OFFICER, district=0)
    headers = as_(officer)
    first = await client.post("/v1/elders", json=elder_body(town), headers=headers)
    second = await client.post("/v1/elders", json=elder_body(town), headers=headers)
    assert first.json() == second.json()
    other = await client.post("/v1/elders", json=elder_body(town, name="另一位"), headers=headers)
    assert other.status_code == 422


async def test_a_denied_request_leaves_an_audit_row(
    platform: Platform, client: httpx.AsyncClient, as_: Headers
) -> None:
    town, family = await town_and(platform, Role.FAMILY)
    assert (await client.post("/v1/elders", json=elder_body(town), headers=as_(family))).status_code == 403
    async with transaction(platform.db) as tx:
        denied = await tx.scalar(text("SELECT actor_id FROM audit WHERE action = 'access.denied'"))
    assert denied == family.account_id
