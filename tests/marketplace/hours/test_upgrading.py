"""Databases of before are brought up: whoever confirmed her own word, keys of links that were given up, nights."""

from datetime import UTC, date, datetime
from uuid import uuid4

import asyncpg
import pytest

from tests.marketplace.hours.conftest import OlderDatabases

BEFORE, HEARD = "0022", datetime(2026, 3, 1, tzinfo=UTC)


async def test_confirmed_schools_stand_and_keys_that_were_given_up_are_remembered(
    older_database: OlderDatabases,
) -> None:
    older = await older_database(BEFORE)
    link, officer, student, other = (uuid4() for _ in range(4))
    await older.connection.execute(
        "SET session_replication_role = replica"
    )  # what these rows refer to does not matter here
    for asked_by in (officer, student, None):
        await older.connection.execute(
            "INSERT INTO student_change (id, member_id, school, student_number_sealed, student_hash, state, version,"
            " asked_by, asked_at, proof, decided_by, decided_at, before_school, before_number_sealed)"
            " VALUES ($1, $1, 's', '', '', 'confirmed', 2, $2, now(), 'student_card', $3, now(), 's', '')",
            uuid4(),
            asked_by,
            officer,
        )
    for one, given_up in ((link, b"key"), (other, None)):
        await older.connection.execute(
            "INSERT INTO ledger_link (id, book, unit, mirror, unclaimed, our_name, their_name, sent_head,"
            " received_head, opened_at) VALUES ($1, 'city', 'minute', $1, $1, 'east', $2, '', '', now())",
            one,
            str(one),
        )
        await older.connection.execute(
            "INSERT INTO link_peer"
            " (link_id, signing_key_sealed, own_public_key, withdrawn_public_key, attempts, heard_at)"
            " VALUES ($1, '', '', $2, 0, $3)",
            one,
            given_up,
            HEARD,
        )
    await older.connection.execute("SET session_replication_role = DEFAULT")
    await older.upgrade()
    asked = await older.connection.fetch("SELECT asked_by FROM student_change WHERE decided_by = $1", officer)
    assert [row["asked_by"] for row in asked if row["asked_by"]] == [student]
    kept = await older.connection.fetch("SELECT link_id, whose, public_key, given_up_at FROM link_given_up_key")
    assert [tuple(row) for row in kept] == [(link, "theirs", b"key", HEARD)]
    with pytest.raises(asyncpg.CheckViolationError):
        await older.connection.execute("UPDATE student_change SET asked_by = decided_by")


async def test_the_night_that_forgets_answers_is_armed_and_who_is_on_the_way_out_is_shut_out_already(
    older_database: OlderDatabases,
) -> None:
    older = await older_database("0027")
    cycle = "INSERT INTO timer (id, rule, entity_id, due_at) VALUES ($1, 'cycle.due', $1, now())"
    await older.connection.execute(cycle, uuid4())
    leaving, there = uuid4(), uuid4()
    await older.connection.execute("SET session_replication_role = replica")  # no programme, no people
    for one, state in ((leaving, "undoing"), (there, "done")):
        await older.connection.execute(
            "INSERT INTO bank_import (id, files_sha256, programme_id, members, entries, minutes, imported_at, encoding,"
            " begun, state, steps, done_steps, finished_at, undo_reason, undo_at, undo_steps, undone_steps)"
            " VALUES ($1, $2, $1, 1, 1, 1, now(), 'utf-8', 1, $3, 9, 9, now(), $4, $5, 5, 1)",
            one,
            one.bytes,
            state,
            *(("a trial", HEARD) if state == "undoing" else (None, None)),
        )
        await older.connection.execute("INSERT INTO imported_member VALUES ($1, $1, 'A')", one)
    await older.connection.execute("SET session_replication_role = DEFAULT")
    await older.upgrade()
    rows = await older.connection.fetch(
        "SELECT i.import_id, i.was_in, b.undo_obstacles FROM imported_member i JOIN bank_import b ON b.id = i.import_id"
    )
    assert {tuple(row) for row in rows} == {(leaving, True, 0), (there, None, 0)}
    rows = await older.connection.fetch("SELECT rule, due_at <= now() AS due, fired_at FROM timer ORDER BY rule")
    assert [tuple(row) for row in rows] == [("answers.due", True, None), ("cycle.due", True, None)]


async def test_the_numbers_of_who_left_unproved_are_free_and_their_lists_keep_them(
    older_database: OlderDatabases,
) -> None:
    older = await older_database("0030")
    unproved, ward, proved, there = (uuid4() for _ in range(4))
    await older.connection.execute("SET session_replication_role = replica")  # no accounts, no branch
    for one, state in ((unproved, "left"), (ward, "left"), (proved, "left"), (there, "active")):
        await older.connection.execute(
            "INSERT INTO member (id, kind, account_id, district_id, ledger_account, state, version, joined_at,"
            " birth_on, guardian_id, school, student_number_sealed, student_hash)"
            " VALUES ($1, 'student', $1, $1, $1, $2, 1, $3, $4, $5, 's', 'n', $6)",
            one,
            state,
            HEARD,
            date(2020, 1, 1) if one == ward else None,
            there if one == ward else None,
            one.bytes,
        )
    await older.connection.execute(
        "INSERT INTO student_change (id, member_id, school, student_number_sealed, student_hash, state, version,"
        " asked_at, proof, decided_by, decided_at)"
        " VALUES ($1, $1, 's', 'n', $2, 'confirmed', 2, now(), 'student_card', $1, now())",
        proved,
        proved.bytes,
    )
    await older.connection.execute("SET session_replication_role = DEFAULT")
    await older.upgrade()
    rows = await older.connection.fetch("SELECT id, kind, student_hash IS NULL AS free FROM member")
    found = {row["id"]: (row["kind"], row["free"]) for row in rows}
    assert found[unproved] == ("individual", True)
    assert found[ward] == ("minor", True)
    assert (found[proved], found[there]) == (("student", False), ("student", False))
    rows = await older.connection.fetch(
        "SELECT member_id, before_school, before_number_sealed, asked_at FROM student_change WHERE state = 'withdrawn'"
    )
    assert {tuple(row) for row in rows} == {(one, "s", b"n", HEARD) for one in (unproved, ward)}
