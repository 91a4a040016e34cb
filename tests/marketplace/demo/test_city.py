"""Seeding: the whole city through the services, or nothing."""

from typing import Any

import httpx
import pytest
from sqlalchemy import text

from marketplace.base.actor import Role
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.demo import city as demo_city
from marketplace.demo.city import Seeded, seed_city
from marketplace.demo.population import Scale, cast_of
from marketplace.demo.sign_ins import sign_ins
from marketplace.hours.audit import prove

SMALL = Scale(elders=24, families=12, caregivers=36, volunteers=12)


async def rows(platform: Platform, query: str) -> list[tuple[Any, ...]]:
    async with transaction(platform.db) as tx:
        return [tuple(row) for row in await tx.execute(text(query))]


async def seeded(platform: Platform, seed: int = 3) -> Seeded:
    made = await seed_city(platform, seed=seed, scale=SMALL)
    assert made is not None
    return made


async def test_a_seeded_city_can_be_booked_and_a_second_seeding_changes_nothing(platform: Platform) -> None:
    made = await seeded(platform)
    # 1 city, 6 districts, 12 streets, 24 communities, 15 sites
    assert (made.regions, made.providers, made.caregivers) == (58, 6, 36)
    assert (made.elders, made.families, made.volunteers) == (24, 12, 12)
    # 36 caregivers × 8 days, less each one's days off
    assert 36 * 6 <= made.shifts <= 36 * 7
    before = await rows(platform, "SELECT (SELECT count(*) FROM account), (SELECT count(*) FROM ledger_entry)")
    assert await seed_city(platform, seed=3, scale=SMALL) is None
    assert before == await rows(platform, "SELECT (SELECT count(*) FROM account), (SELECT count(*) FROM ledger_entry)")


async def test_every_provider_is_active_with_offers_in_all_tiers_and_room_in_its_days(platform: Platform) -> None:
    await seeded(platform)
    assert await rows(platform, "SELECT DISTINCT state FROM provider") == [("active",)]
    tiers = "SELECT count(DISTINCT tier) FROM offer GROUP BY provider_id"
    assert await rows(platform, tiers) == [(3,)] * 6
    room = "SELECT count(DISTINCT provider_id) FROM capacity WHERE seconds > 0 AND used = 0"
    assert await rows(platform, room) == [(6,)]
    assert await rows(platform, "SELECT count(*) FROM kitchen WHERE lunch_capacity > 0") == [(3,)]


async def test_every_district_has_a_kitchen_that_serves_it(platform: Platform) -> None:
    await seeded(platform)
    served = "SELECT count(DISTINCT district) FROM kitchen, unnest(district_ids) AS district"
    assert await rows(platform, served) == [(6,)]


async def test_the_same_seed_writes_the_same_city(platform: Platform) -> None:
    await seeded(platform)
    query = "SELECT name, gender, birth_on, lon, lat, categories, ability FROM elder ORDER BY lon, lat, name"  # no ids
    first = await rows(platform, query)
    async with transaction(platform.db) as tx:
        tables = await tx.scalars(
            text("SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'")
        )
        names = ", ".join(f'"{name}"' for name in tables)
        await tx.execute(text("SET LOCAL session_replication_role = replica"))
        for name in names.split(", "):
            await tx.execute(text(f"DELETE FROM {name}"))
    await seeded(platform)
    assert await rows(platform, query) == first
    assert len(first) == 24


async def test_a_seeding_that_breaks_off_leaves_an_empty_database(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def breaks_off(_scene: object) -> None:
        raise ConnectionError

    with monkeypatch.context() as patched:
        patched.setattr(demo_city, "open_time_bank", breaks_off)
        with pytest.raises(ConnectionError):
            await seeded(platform)
    assert await rows(platform, "SELECT count(*) FROM region") == [(0,)]
    await seeded(platform)


async def test_everybody_who_is_told_a_sign_in_can_use_it(platform: Platform, client: httpx.AsyncClient) -> None:
    await seeded(platform)
    for one in sign_ins():
        given = {"password": one.password}
        if one.password is None:
            asked = await client.post("/v1/sign-in/code", json={"phone": one.phone})
            given = {"code": asked.json()["demo_code"]}
        answer = await client.post("/v1/sign-in", json={"phone": one.phone, **given})
        assert answer.status_code == 200, one.role
        assert one.role in answer.json()["roles"]


async def test_progress_is_told_step_by_step_to_the_end(platform: Platform) -> None:
    told: list[tuple[str, int, int]] = []
    await seed_city(platform, seed=3, scale=SMALL, progress=lambda *step: told.append(step))
    assert told[-1] == ("series", 6, 6)
    assert {step for step, done, total in told if done == total} == {
        "regions", "staff", "providers", "shifts", "elders", "families", "volunteers", "series",
    }  # fmt: skip


async def test_telephone_and_identity_numbers_of_the_cast_are_nowhere_in_clear(platform: Platform) -> None:
    await seeded(platform)
    texts = await rows(
        platform,
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
        " AND data_type IN ('text', 'character varying', 'jsonb')",
    )
    for table, column in texts:
        found = await rows(
            platform, f"SELECT count(*) FROM {table} WHERE \"{column}\"::text ~ '1990000[0-9]{{4}}|999999[0-9]{{11}}'"
        )
        assert found == [(0,)], (table, column)


def test_the_regulator_is_among_the_sign_ins() -> None:
    assert Role.REGULATOR in {one.role for one in sign_ins()}


async def test_every_branch_has_a_minor_a_student_a_group_and_recurring_help(platform: Platform) -> None:
    await seeded(platform)
    by_branch = "SELECT kind, count(DISTINCT district_id), count(*) FROM member WHERE state = 'active' GROUP BY kind"
    kinds = {kind: (branches, members) for kind, branches, members in await rows(platform, by_branch)}
    assert [kinds[kind] for kind in ("minor", "student", "group")] == [(6, 6)] * 3
    guarded = (
        "SELECT count(*) FROM member WHERE kind = 'minor' AND guardian_id IS NOT NULL AND consented_at IS NOT NULL"
    )
    assert await rows(platform, guarded) == [(6,)]
    series = "SELECT channel, state, count(*) FROM task_series GROUP BY channel, state ORDER BY channel"
    # in the districts where somebody is in need who was not granted hours of her own
    cast = cast_of(3, SMALL)
    spending = set(cast.granted)
    needy = {one.district for k, one in enumerate(cast.elders) if one.categories and k not in spending}
    assert await rows(platform, series) == [("phone", "submitted", len(needy)), ("staff", "active", 2 * len(needy))]
    orders = "SELECT kind, state FROM transfer_order ORDER BY kind"
    assert await rows(platform, orders) == [("collection", "collecting"), ("donation", "done")]
    async with transaction(platform.db) as tx:
        assert await prove(tx) == []
