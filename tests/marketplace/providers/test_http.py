from collections.abc import Callable
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select
from sqlmodel import col

from marketplace.base.actor import Actor, Role
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.people.accounts import actor_of
from marketplace.people.models import Account
from marketplace.providers.models import Caregiver, Provider
from tests.builders import Town, a_town, an_account, an_actor, an_elder, next_phone
from tests.marketplace.providers.builders import (
    a_caregiver,
    a_provider,
    an_admin,
    an_offer,
    next_legal_person_code,
    on_shift,
)

As = Callable[[Actor], dict[str, str]]


def place(town: Town) -> dict[str, float]:
    return {"lon": town.districts[0].lon, "lat": town.districts[0].lat}


async def post(client: httpx.AsyncClient, path: str, headers: dict[str, str], body: object = None) -> dict[str, Any]:
    answer = await client.post(path, headers=headers, json=body)
    assert answer.status_code in {200, 201}, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_from_application_to_the_first_hit_over_http(
    platform: Platform, client: httpx.AsyncClient, as_: As
) -> None:
    async with transaction(platform.db) as tx:
        town = await a_town(tx)
        await a_provider(platform, tx, town.districts[1])  # loads the catalogue
        admin = await an_actor(platform, tx, Role.PROVIDER)
        officer = await an_actor(platform, tx, Role.OFFICER, region=town.districts[0])
        operator = await an_actor(platform, tx, Role.OPERATOR)
    application = {
        "name": "示例中心",
        "legal_person_code": next_legal_person_code(),
        "district_id": str(town.districts[0].id),
        "place": place(town),
    }
    provider = await post(client, "/v1/providers", as_(admin), application)
    assert (provider["state"], provider["rating"]) == ("applied", {"mean": 4.0, "count": 0})
    async with transaction(platform.db) as tx:
        admin = await actor_of(tx, await tx.get_one(Account, admin.account_id))  # as if signed in anew
    base = f"/v1/providers/{provider['id']}"

    paper = {"kind": "licence", "number": "SX-1", "valid_from": "2026-01-01", "valid_until": "2027-12-31"}
    submitted = await post(client, f"{base}/credentials", as_(admin), paper)
    await post(client, f"{base}/credentials/{submitted['id']}/check", as_(officer), {"accepted": True})
    assert (await post(client, f"{base}/verify", as_(officer)))["state"] == "verified"
    woman = {
        "name": "示例·王护理",
        "phone": next_phone(),
        "gender": "f",
        "skills": ["cleaning"],
        "mode": "ebike",
        "trained_on": "2025-01-01",
    }
    caregiver = await post(client, f"{base}/caregivers", as_(admin), woman)
    file = (await client.get(f"{base}/file", headers=as_(admin))).json()
    assert file["checklist"] == {
        "legal_person": True,
        "qualification": True,
        "missing_credentials": [],
        "trained_staff": True,
    }
    assert (await post(client, f"{base}/activate", as_(operator)))["state"] == "active"
    week = {"shifts": [{"weekday": 0, "starts": "08:00:00", "ends": "17:00:00"}]}
    stored = await client.put(f"{base}/caregivers/{caregiver['id']}/weekly-shifts", headers=as_(admin), json=week)
    assert stored.status_code == 200
    rolled = await post(client, f"{base}/shifts", as_(admin), {"first_day": "2026-03-02", "days": 7})
    assert rolled == {"added": 1}
    cleaning = {"service": "cleaning", "tier": "paid", "name_zh": "保洁", "name_en": "Cleaning"}
    offer = await post(client, f"{base}/offers", as_(admin), cleaning)
    price = await post(client, f"/v1/offers/{offer['id']}/prices", as_(admin), {"unit": "fen", "amount": 8000})
    assert (price["version"], price["in_force"]) == (1, True)
    answer = await client.get(
        "/v1/search",
        headers=as_(admin),
        params={"service": "cleaning", **place(town), "at": "2026-03-02T10:00:00+08:00"},
    )
    (hit,) = answer.json()["hits"]
    assert (hit["offer_id"], hit["price_fen"], hit["distance_metres"]) == (offer["id"], 8000, 0)


async def test_a_repeated_request_employs_a_caregiver_once(
    platform: Platform, client: httpx.AsyncClient, as_: As
) -> None:
    async with transaction(platform.db) as tx:
        provider = await a_provider(platform, tx, (await a_town(tx)).districts[0])
        admin = await an_admin(platform, tx, provider)
    body = {"name": "示例", "phone": next_phone(), "gender": "f", "skills": ["bath"], "mode": "walk"}
    headers = as_(admin)
    first = await post(client, f"/v1/providers/{provider.id}/caregivers", headers, body)
    assert await post(client, f"/v1/providers/{provider.id}/caregivers", headers, body) == first
    taken = await client.post(f"/v1/providers/{provider.id}/caregivers", headers=as_(admin), json=body)
    assert (taken.status_code, taken.json()["code"]) == (409, "phone_taken")
    async with transaction(platform.db) as tx:
        query = select(func.count(col(Caregiver.id))).where(col(Caregiver.provider_id) == provider.id)
        assert await tx.scalar(query) == 2  # the builder's and this one


async def test_the_price_list_is_public_and_bilingual_with_its_history_and_an_etag(
    platform: Platform, client: httpx.AsyncClient
) -> None:
    async with transaction(platform.db) as tx:
        provider = await a_provider(platform, tx, (await a_town(tx)).districts[0])
        offer = await an_offer(platform, tx, provider.id, fen=8_000, minutes=90)
    first = await client.get("/v1/offers")
    (line,) = first.json()["offers"]
    assert (line["id"], line["name_zh"], line["name_en"]) == (str(offer.id), "示例服务", "Sample service")
    assert [(p["version"], p["unit"], p["amount"], p["in_force"]) for p in line["prices"]] == [
        (2, "minutes", 90, True),
        (1, "fen", 8000, True),
    ]
    assert first.headers["cache-control"] == "public, max-age=60"
    tag = {"If-None-Match": first.headers["etag"]}
    assert (await client.get("/v1/offers", headers=tag)).status_code == 304
    async with transaction(platform.db) as tx:
        await an_offer(platform, tx, provider.id)
    assert (await client.get("/v1/offers", headers=tag)).status_code == 200


async def test_a_price_list_page_leads_to_the_next(platform: Platform, client: httpx.AsyncClient) -> None:
    async with transaction(platform.db) as tx:
        provider = await a_provider(platform, tx, (await a_town(tx)).districts[0])
        offers = [str((await an_offer(platform, tx, provider.id)).id) for _ in range(3)]
    first = (await client.get("/v1/offers", params={"limit": 2})).json()
    second = (await client.get("/v1/offers", params={"limit": 2, "after": first["next_cursor"]})).json()
    assert [line["id"] for line in first["offers"] + second["offers"]] == offers
    assert second["next_cursor"] is None


async def test_search_for_an_elder_goes_by_her_home_district_and_gender(
    platform: Platform, client: httpx.AsyncClient, as_: As
) -> None:
    async with transaction(platform.db) as tx:
        town = await a_town(tx)
        provider = await a_provider(platform, tx, town.districts[0])
        offer = await an_offer(platform, tx, provider.id, "bath")
        for gender in ("m", "m", "f"):
            staff = await a_caregiver(platform, tx, provider.id, "bath", gender="f" if gender == "f" else "m")
            await on_shift(platform, tx, staff)
        elders = {}
        for gender in ("f", "m"):
            account = await an_account(platform, tx, Role.ELDER)
            elder = await an_elder(platform, tx, town.communities[0], account=account, gender=gender)
            elders[gender] = (elder, await actor_of(tx, account))
    found = {}
    for gender, (elder, actor) in elders.items():
        params = {"service": "bath", "elder_id": str(elder.id), "at": "2026-03-02T10:00:00+08:00"}
        answer = await client.get("/v1/search", headers=as_(actor), params=params)
        found[gender] = [hit["offer_id"] for hit in answer.json()["hits"]]
    assert found == {"m": [str(offer.id)], "f": []}
    stranger = await client.get(
        "/v1/search", headers=as_(elders["m"][1]), params={"service": "bath", "elder_id": str(elders["f"][0].id)}
    )
    assert (stranger.status_code, stranger.json()["code"]) == (404, "unknown")


async def test_who_has_not_opened_yet_is_seen_by_its_managers_alone(
    platform: Platform, client: httpx.AsyncClient, as_: As
) -> None:
    async with transaction(platform.db) as tx:
        town = await a_town(tx)
        provider = await a_provider(platform, tx, town.districts[0])
        admin = await an_admin(platform, tx, provider)
        operator = await an_actor(platform, tx, Role.OPERATOR)
        family = await an_actor(platform, tx, Role.FAMILY)
        far_officer = await an_actor(platform, tx, Role.OFFICER, region=town.districts[1])
    base = f"/v1/providers/{provider.id}"
    assert (await client.get(base, headers=as_(family))).status_code == 200
    await post(client, f"{base}/suspend", as_(operator), {"reason": "complaint upheld"})
    statuses = [
        (await client.get(base, headers=as_(who))).status_code for who in (family, far_officer, admin, operator)
    ]
    assert statuses == [404, 404, 200, 200]
    listed = [len((await client.get("/v1/providers", headers=as_(who))).json()["providers"]) for who in (family, admin)]
    assert listed == [0, 1]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "file", None),
        ("GET", "caregivers", None),
        ("GET", "kitchens", None),
        ("GET", "caregivers/{caregiver}/weekly-shifts", None),
        ("PUT", "caregivers/{caregiver}/weekly-shifts", {"shifts": []}),
        ("POST", "caregivers/{caregiver}/training", {"trained_on": "2026-01-01", "skills": ["bath"]}),
        ("POST", "caregivers/{caregiver}/leave", {"reason": "mischief"}),
        ("POST", "shifts", {"first_day": "2026-03-02"}),
        (
            "POST",
            "credentials",
            {"kind": "food", "number": "1", "valid_from": "2026-01-01", "valid_until": "2027-01-01"},
        ),
        ("POST", "offers", {"service": "bath", "tier": "paid", "name_zh": "助浴", "name_en": "Bath"}),
        ("OFFER", "prices", {"unit": "fen", "amount": 1}),
        ("OFFER", "withdraw", None),
    ],
)
async def test_another_providers_admin_finds_nothing_to_read_or_change(
    platform: Platform, client: httpx.AsyncClient, as_: As, method: str, path: str, body: object
) -> None:
    async with transaction(platform.db) as tx:
        town = await a_town(tx)
        mine, other = [await a_provider(platform, tx, town.districts[0]) for _ in range(2)]
        admin = await an_admin(platform, tx, other)
        caregiver, _ = await a_caregiver(platform, tx, mine.id)
        offer = await an_offer(platform, tx, mine.id)
    url = f"/v1/providers/{mine.id}/{path.format(caregiver=caregiver.id)}"
    if method == "OFFER":
        method, url = "POST", f"/v1/offers/{offer.id}/{path}"
    answer = await client.request(method, url, headers=as_(admin), json=body)
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown")


@pytest.mark.parametrize("step", ["verify", "activate", "suspend", "warn", "resume"])
async def test_a_provider_does_not_judge_itself(
    platform: Platform, client: httpx.AsyncClient, as_: As, step: str
) -> None:
    async with transaction(platform.db) as tx:
        provider = await a_provider(platform, tx, (await a_town(tx)).districts[0])
        admin = await an_admin(platform, tx, provider)
    answer = await client.post(f"/v1/providers/{provider.id}/{step}", headers=as_(admin), json={"reason": "why not"})
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    async with transaction(platform.db) as tx:
        assert (await tx.get_one(Provider, provider.id)).state == "active"
