"""Older databases are brought up: relations that staff had written down, orders that officers had placed."""

from uuid import uuid4

import asyncpg
import pytest

from tests.marketplace.hours.conftest import OlderDatabases

BEFORE = "0010"


async def test_relations_that_staff_wrote_down_are_proved_and_an_elders_own_are_not(
    older_database: OlderDatabases,
) -> None:
    older = await older_database(BEFORE)
    region, elder, herself, officer, child = (uuid4() for _ in range(5))
    await older.connection.execute(
        "INSERT INTO region (id, level, code, name_zh, name_en, path, lon, lat)"
        " VALUES ($1, 'district', 'd', '区', 'D', 'd/', 0, 0)",
        region,
    )
    for number, account in enumerate((herself, officer, child)):
        await older.connection.execute(
            "INSERT INTO account (id, name, phone_sealed, phone_hash, roles, language, state)"
            " VALUES ($1, 'n', '', $2, '{}', 'zh', 'active')",
            account,
            bytes([number]),
        )
    await older.connection.execute(
        "INSERT INTO elder (id, account_id, name, gender, birth_on, community_id, district_id, lon, lat,"
        " address_sealed, phone_sealed, phone_hash, categories, ability, state)"
        " VALUES ($1, $2, 'n', 'f', '1944-05-01', $3, $3, 0, 0, '', '', '', '{}', 'able', 'active')",
        elder,
        herself,
        region,
    )
    for by in (officer, herself, None):
        await older.connection.execute(
            "INSERT INTO family_grant (id, elder_id, account_id, scopes, relation, granted_by)"
            " VALUES ($1, $2, $3, '{view}', 'child', $4)",
            uuid4(),
            elder,
            child,
            by,
        )
    await older.upgrade()
    found = await older.connection.fetch(
        "SELECT granted_by, proof, proved_by FROM family_grant WHERE proved_at IS NOT NULL"
    )
    assert [tuple(row) for row in found] == [(officer, "staff", officer)]


async def test_orders_that_were_placed_for_a_member_were_placed_by_officers(older_database: OlderDatabases) -> None:
    older = await older_database("0016")
    region, account, member, own, for_her = (uuid4() for _ in range(5))
    await older.connection.execute(
        "INSERT INTO region (id, level, code, name_zh, name_en, path, lon, lat)"
        " VALUES ($1, 'district', 'd', '区', 'D', 'd/', 0, 0)",
        region,
    )
    await older.connection.execute(
        "INSERT INTO account (id, name, phone_sealed, phone_hash, roles, language, state)"
        " VALUES ($1, 'n', '', '', '{}', 'zh', 'active')",
        account,
    )
    await older.connection.execute(
        "INSERT INTO member (id, kind, account_id, district_id, ledger_account, state, version, joined_at)"
        " VALUES ($1, 'individual', $2, $3, $1, 'active', 1, '2026-01-01')",
        member,
        account,
        region,
    )
    for order, behalf in ((own, None), (for_her, member)):
        await older.connection.execute(
            "INSERT INTO transfer_order (id, kind, state, version, district_id, giver_id, on_behalf_of, minutes,"
            " owed_minutes, policy, asked_at)"
            " VALUES ($1, 'gift', 'cancelled', 1, $2, $3, $4, 10, 0, 'p', '2026-01-02')",
            order,
            region,
            member,
            behalf,
        )
    await older.connection.execute(
        "INSERT INTO incident (id, member_id, kind, cause, reason, recorded_at, appeal_until, state, version)"
        " VALUES ($1, $2, 'no_show', 'c', 'r', '2026-01-02', '2026-02-01', 'standing', 1)",
        uuid4(),
        member,
    )
    await older.upgrade()
    found = await older.connection.fetch("SELECT id, acted_as, excess_minutes FROM transfer_order")
    assert {row["id"]: (row["acted_as"], row["excess_minutes"]) for row in found} == {
        own: (None, 0),
        for_her: ("officer", 0),
    }
    with pytest.raises(asyncpg.CheckViolationError):  # who acted, and for whom, are told together
        await older.connection.execute("UPDATE transfer_order SET acted_as = 'family' WHERE on_behalf_of IS NULL")
    with pytest.raises(asyncpg.CheckViolationError):
        await older.connection.execute("UPDATE incident SET state = 'lifted'")
