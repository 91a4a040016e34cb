import httpx
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.catalogue.models import Service
from marketplace.catalogue.service import all_services, load_services, service_by_code


async def test_the_catalogue_holds_the_six_helps(tx: AsyncSession) -> None:
    await load_services(tx)
    assert {row.code: row.name_zh for row in await all_services(tx)} == {
        "meal": "助餐",
        "bath": "助浴",
        "cleaning": "助洁",
        "escort": "助行",
        "medical": "助医",
        "emergency": "助急",
    }


async def test_a_bath_takes_two_people_of_the_elders_gender_for_an_hour(tx: AsyncSession) -> None:
    await load_services(tx)
    bath = await service_by_code(tx, "bath")
    assert (bath.crew_size, bath.gender_match, bath.service_seconds, bath.skills) == (2, True, 3600, ["bath"])


async def test_loading_again_changes_nothing(tx: AsyncSession) -> None:
    await load_services(tx)
    before = [row.model_dump() for row in await all_services(tx)]
    await load_services(tx)
    assert [row.model_dump() for row in await all_services(tx)] == before


async def test_an_older_file_never_overwrites_a_newer_catalogue(tx: AsyncSession) -> None:
    await load_services(tx)
    await tx.execute(update(Service).where(col(Service.code) == "bath").values(version=99, crew_size=3))
    await load_services(tx)
    tx.expire_all()
    assert (await service_by_code(tx, "bath")).crew_size == 3


async def test_a_newer_file_overwrites_an_older_catalogue(tx: AsyncSession) -> None:
    await load_services(tx)
    await tx.execute(update(Service).where(col(Service.code) == "bath").values(version=0, crew_size=3))
    await load_services(tx)
    tx.expire_all()
    assert (await service_by_code(tx, "bath")).crew_size == 2


async def test_everybody_reads_the_catalogue_and_caches_it(platform: Platform, client: httpx.AsyncClient) -> None:
    async with transaction(platform.db) as tx:
        await load_services(tx)
    first = await client.get("/v1/services")
    assert first.status_code == 200
    assert first.json()["services"][0]["code"] == "emergency"
    assert first.headers["cache-control"] == "public, max-age=300"
    again = await client.get("/v1/services", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
