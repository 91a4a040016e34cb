from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text

from marketplace.base.actor import Actor, Role
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from tests.builders import a_town, an_actor, next_phone
from tests.marketplace.providers.builders import a_caregiver, a_provider, an_admin, an_offer, next_legal_person_code

As = Callable[[Actor], dict[str, str]]
TABLES = ("provider", "credential", "caregiver", "weekly_shift", "kitchen", "offer", "price", "shift", "account")


class House:
    """A serving provider with an admin, a caregiver and an offer, and what a good request to each family says."""

    def __init__(self, platform: Platform, client: httpx.AsyncClient, as_: As) -> None:
        self.platform, self.client, self.as_ = platform, client, as_

    async def build(self) -> "House":
        async with transaction(self.platform.db) as tx:
            town = await a_town(tx)
            provider = await a_provider(self.platform, tx, town.districts[0])
            self.admin = await an_admin(self.platform, tx, provider)
            self.operator = await an_actor(self.platform, tx, Role.OPERATOR)
            caregiver, _ = await a_caregiver(self.platform, tx, provider.id)
            offer = await an_offer(self.platform, tx, provider.id)
        district, base = str(town.districts[0].id), f"/v1/providers/{provider.id}"
        place = {"lon": 8.68, "lat": 49.4}
        self.good: dict[str, tuple[str, dict[str, Any]]] = {
            "provider": (
                "/v1/providers",
                {
                    "name": "示例",
                    "legal_person_code": next_legal_person_code(),
                    "district_id": district,
                    "place": place,
                },
            ),
            "credential": (
                f"{base}/credentials",
                {"kind": "fire", "number": "1", "valid_from": "2026-01-01", "valid_until": "2027-01-01"},
            ),
            "caregiver": (
                f"{base}/caregivers",
                {"name": "示例", "phone": next_phone(), "gender": "f", "skills": ["bath"], "mode": "walk"},
            ),
            "week": (
                f"{base}/caregivers/{caregiver.id}/weekly-shifts",
                {"shifts": [{"weekday": 0, "starts": "08:00:00", "ends": "12:00:00"}]},
            ),
            "shifts": (f"{base}/shifts", {"first_day": "2026-03-02", "days": 7}),
            "kitchen": (
                f"{base}/kitchens",
                {
                    "name": "示例",
                    "place": place,
                    "district_ids": [district],
                    "lunch_capacity": 10,
                    "dinner_capacity": 0,
                },
            ),
            "offer": (f"{base}/offers", {"service": "bath", "tier": "paid", "name_zh": "助浴", "name_en": "Bath"}),
            "price": (f"/v1/offers/{offer.id}/prices", {"unit": "fen", "amount": 100}),
            "suspend": (f"{base}/suspend", {"reason": "complaint upheld"}),
        }
        return self

    async def send(self, family: str, body: object) -> httpx.Response:
        path, _ = self.good[family]
        headers = self.as_(self.operator if family in {"provider", "suspend"} else self.admin)
        return await self.client.request("PUT" if family == "week" else "POST", path, headers=headers, json=body)

    async def counts(self) -> list[int]:
        async with transaction(self.platform.db) as tx:
            return [int(await tx.scalar(text(f"SELECT count(*) FROM {table}")) or 0) for table in TABLES]


@pytest.fixture
async def house(platform: Platform, client: httpx.AsyncClient, as_: As) -> House:
    return await House(platform, client, as_).build()


FAMILIES = ["provider", "credential", "caregiver", "week", "shifts", "kitchen", "offer", "price", "suspend"]
HUGE = 10**30
BAD = [
    ("provider", {"place": {"lon": 181, "lat": 0}}),
    ("provider", {"place": {"lon": 0, "lat": -91}}),
    ("provider", {"place": {"lon": HUGE, "lat": 0}}),
    ("provider", {"name": ""}),
    ("provider", {"name": "x" * 61}),
    ("provider", {"name": "a\u0000b"}),
    ("provider", {"kind": "casino"}),
    ("provider", {"legal_person_code": "91350100M000100Y44"}),
    ("provider", {"district_id": "not-an-id"}),
    ("credential", {"valid_until": "2025-12-31"}),
    ("credential", {"valid_from": "2027-01-02"}),
    ("credential", {"valid_until": "9999-12-31"}),
    ("credential", {"valid_until": "2026-02-30"}),
    ("credential", {"kind": "diploma"}),
    ("caregiver", {"phone": "one-nine-nine"}),
    ("caregiver", {"skills": []}),
    ("caregiver", {"skills": ["juggling"]}),
    ("caregiver", {"gender": "x"}),
    ("caregiver", {"mode": "helicopter"}),
    ("caregiver", {"trained_on": "9999-12-31"}),
    ("caregiver", {"capacity_boxes": 10}),  # without the skill meal
    ("caregiver", {"capacity_boxes": -1}),
    ("caregiver", {"place": {"lon": 8.68, "lat": 90.1}}),
    ("week", {"shifts": [{"weekday": 7, "starts": "08:00:00", "ends": "12:00:00"}]}),
    ("week", {"shifts": [{"weekday": 0, "starts": "12:00:00", "ends": "08:00:00"}]}),
    ("week", {"shifts": [{"weekday": 0, "starts": "08:00:00Z", "ends": "12:00:00"}]}),
    ("week", {"shifts": [{"weekday": 0, "starts": "25:00:00", "ends": "26:00:00"}]}),
    ("shifts", {"first_day": "2026-03-01"}),
    ("shifts", {"first_day": "9999-12-31"}),
    ("shifts", {"days": 0}),
    ("shifts", {"days": HUGE}),
    ("kitchen", {"lunch_capacity": -1}),
    ("kitchen", {"lunch_capacity": HUGE}),
    ("kitchen", {"lunch_capacity": 0}),
    ("kitchen", {"district_ids": []}),
    ("kitchen", {"place": {"lon": -180.01, "lat": 0}}),
    ("offer", {"service": "massage"}),
    ("offer", {"tier": "luxury"}),
    ("offer", {"service": "meal"}),
    ("price", {"amount": -1}),
    ("price", {"amount": HUGE}),
    ("price", {"amount": 0}),
    ("price", {"amount": 1.5}),
    ("price", {"unit": "yuan"}),
    ("price", {"valid_from": "2026-03-01T00:00:00Z"}),
    ("price", {"valid_from": "2026-04-01T00:00:00"}),  # no offset
    ("price", {"valid_from": "0001-01-01T00:00:00+23:59"}),
    ("price", {"valid_from": "9999-12-31T23:59:59-23:59"}),
    ("suspend", {"reason": ""}),
    ("suspend", {"reason": "a\u0000b"}),
    ("offer", {"name_zh": "助\n浴"}),
    ("credential", {"number": "1\u0000"}),
]


@pytest.mark.parametrize(("family", "change"), BAD)
async def test_a_value_that_cannot_be_is_refused_and_nothing_changes(
    house: House, family: str, change: dict[str, Any]
) -> None:
    before = await house.counts()
    answer = await house.send(family, house.good[family][1] | change)
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert await house.counts() == before


@pytest.mark.parametrize("family", FAMILIES)
async def test_unknown_fields_missing_bodies_and_broken_json_are_refused(house: House, family: str) -> None:
    before = await house.counts()
    path, good = house.good[family]
    method = "PUT" if family == "week" else "POST"
    bodies: list[object] = [good | {"surprise": 1}, {}, [], "text", None]
    for body in bodies:
        assert (await house.send(family, body)).status_code == 400, body
    headers = house.as_(house.operator) | {"Content-Type": "application/json"}
    for content in (b'{"name": ', b'{"name": "\\ud800"}', b""):  # cut short, half a surrogate pair, nothing
        broken = await house.client.request(method, path, headers=headers, content=content)
        assert broken.status_code == 400, content
    assert await house.counts() == before


@pytest.mark.parametrize("family", FAMILIES)
async def test_a_good_request_passes_once_and_without_a_token_never(house: House, family: str) -> None:
    path, good = house.good[family]
    method = "PUT" if family == "week" else "POST"
    stranger = await house.client.request(method, path, headers={"Idempotency-Key": "k"}, json=good)
    assert stranger.status_code == 401
    assert (await house.send(family, good)).status_code in {200, 201}


@pytest.mark.parametrize("family", [family for family in FAMILIES if family != "week"])
async def test_a_post_without_an_idempotency_key_is_refused(house: House, family: str) -> None:
    path, good = house.good[family]
    headers = house.as_(house.operator)
    del headers["Idempotency-Key"]
    answer = await house.client.post(path, headers=headers, json=good)
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_missing")


@pytest.mark.parametrize(("family", "field"), [("provider", "district_id"), ("kitchen", "district_ids")])
async def test_a_region_that_is_none_is_unknown(house: House, family: str, field: str) -> None:
    stranger = str(uuid4())
    change = {field: [stranger] if field.endswith("s") else stranger}
    answer = await house.send(family, house.good[family][1] | change)
    assert answer.status_code == 404
    assert answer.json()["errors"][0]["pointer"] == f"/{field}"


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"service": "massage", "lon": "8", "lat": "49"},
        {"service": "bath"},
        {"service": "bath", "lon": "8"},
        {"service": "bath", "lon": "8", "lat": "49", "elder_id": str(uuid4())},
        {"service": "bath", "elder_id": str(uuid4()), "lat": "49"},
        {"service": "bath", "lon": "181", "lat": "49"},
        {"service": "bath", "lon": "8", "lat": "-90.5"},
        {"service": "bath", "lon": "nan", "lat": "49"},
        {"service": "bath", "lon": "8", "lat": "inf"},
        {"service": "bath", "lon": "east", "lat": "49"},
        {"service": "bath", "lon": "8", "lat": "49", "max_price_fen": "-1"},
        {"service": "bath", "lon": "8", "lat": "49", "max_price_fen": str(HUGE)},
        {"service": "bath", "lon": "8", "lat": "49", "sort": "luck"},
        {"service": "bath", "lon": "8", "lat": "49", "tier": "luxury"},
        {"service": "bath", "lon": "8", "lat": "49", "limit": "0"},
        {"service": "bath", "lon": "8", "lat": "49", "after": "no cursor"},
        {"service": "bath", "lon": "8", "lat": "49", "at": "2026-03-02T10:00:00"},
        {"service": "bath", "lon": "8", "lat": "49", "at": "2026-03-01T10:00:00Z"},
        {"service": "bath", "lon": "8", "lat": "49", "at": "9999-12-31T23:59:59-23:59"},
        {"service": "bath", "lon": "8", "lat": "49", "at": "tomorrow"},
    ],
)
async def test_a_search_that_makes_no_sense_is_refused(house: House, params: dict[str, str]) -> None:
    answer = await house.client.get("/v1/search", headers=house.as_(house.admin), params=params)
    assert answer.status_code == 400, answer.text
    assert answer.json()["type"].startswith("urn:liuzhu:problem:")


@pytest.mark.parametrize(
    "path", ["/v1/offers?limit=201", "/v1/offers?after=x", "/v1/offers?service=massage", "/v1/offers?provider_id=7"]
)
async def test_a_price_list_asked_for_wrongly_is_refused(house: House, path: str) -> None:
    assert (await house.client.get(path)).status_code == 400
    assert (await house.client.get(f"/v1/offers/{uuid4()}")).status_code == 404
