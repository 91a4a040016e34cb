"""An older database is brought up: what staff had written down is proved, what an elder said is not."""

from uuid import uuid4

import asyncpg

from marketplace.base.embedded.postgres import Postgres
from marketplace.base.migrations import migrate

BEFORE = "0010"


async def test_relations_that_staff_wrote_down_are_proved_and_an_elders_own_are_not(postgres: Postgres) -> None:
    connection = await asyncpg.connect(postgres.url)
    await connection.execute("CREATE DATABASE before_giving")
    await connection.close()
    base = postgres.url.rsplit("/", 1)[0] + "/before_giving"
    url = base.replace("postgresql://", "postgresql+asyncpg://", 1)
    await migrate(url, to=BEFORE)
    region, elder, herself, officer, child = (uuid4() for _ in range(5))
    connection = await asyncpg.connect(base)
    await connection.execute(
        "INSERT INTO region (id, level, code, name_zh, name_en, path, lon, lat)"
        " VALUES ($1, 'district', 'd', '区', 'D', 'd/', 0, 0)",
        region,
    )
    for number, account in enumerate((herself, officer, child)):
        await connection.execute(
            "INSERT INTO account (id, name, phone_sealed, phone_hash, roles, language, state)"
            " VALUES ($1, 'n', '', $2, '{}', 'zh', 'active')",
            account,
            bytes([number]),
        )
    await connection.execute(
        "INSERT INTO elder (id, account_id, name, gender, birth_on, community_id, district_id, lon, lat,"
        " address_sealed, phone_sealed, phone_hash, categories, ability, state)"
        " VALUES ($1, $2, 'n', 'f', '1944-05-01', $3, $3, 0, 0, '', '', '', '{}', 'able', 'active')",
        elder,
        herself,
        region,
    )
    for by in (officer, herself, None):
        await connection.execute(
            "INSERT INTO family_grant (id, elder_id, account_id, scopes, relation, granted_by)"
            " VALUES ($1, $2, $3, '{view}', 'child', $4)",
            uuid4(),
            elder,
            child,
            by,
        )
    await connection.close()
    await migrate(url)
    connection = await asyncpg.connect(base)
    found = await connection.fetch("SELECT granted_by, proof, proved_by FROM family_grant WHERE proved_at IS NOT NULL")
    await connection.close()
    assert [tuple(row) for row in found] == [(officer, "staff", officer)]
