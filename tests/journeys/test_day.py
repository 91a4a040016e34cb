"""A whole day with real processes, from the first booking to the proof; and the proof can fail."""

import json
import os
import subprocess
import sys
from base64 import b64decode, b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from marketplace.base.embedded import Postgres

ROOT = Path(__file__).parents[2]
WISHES = 24
PLAY = """
import os, sys
from pathlib import Path
from marketplace.base.settings import Settings
from marketplace.demo.population import Scale
from marketplace.up.playing import run_day
small = Scale(elders=60, families=40, caregivers=60, volunteers=18)
options = dict(seed=int(sys.argv[2]), visits=int(sys.argv[3]), as_json=True, data=Path(sys.argv[1]), scale=small)
sys.exit(run_day(Settings.read(os.environ), **options))
"""


def play(data: Path, *, seed: int = 1, visits: int = WISHES, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PLAY, str(data), str(seed), str(visits)],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
        env={**os.environ, "PYTHONPATH": str(ROOT), "LIUZHU_SOLVE_SECONDS": "1", **environ},
    )


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("day")


@pytest.fixture(scope="module")
def played(data: Path) -> subprocess.CompletedProcess[str]:
    return play(data)


@pytest.fixture(scope="module")
def told(played: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """The day's document: standard output holds it and nothing else."""
    document: dict[str, Any] = json.loads(played.stdout)
    return document


@pytest.fixture
def database(played: subprocess.CompletedProcess[str], data: Path) -> Iterator[str]:
    """The day's own database, started again after everything has ended."""
    assert played.returncode == 0
    with Postgres(data / "postgres") as server:
        yield server.url


def verify(data: Path, url: str) -> subprocess.CompletedProcess[str]:
    secrets = {
        name: b64encode(b64decode((data / file).read_text())).decode()
        for name, file in (("LIUZHU_SECRET", "secret.key"), ("LIUZHU_MASTER_KEY", "master.key"))
    }
    return subprocess.run(
        [sys.executable, "-m", "marketplace.cli", "ledger", "verify"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, "PYTHONPATH": str(ROOT), "DATABASE_URL": url, **secrets},
    )


def test_the_day_ends_well_and_everything_holds(played: subprocess.CompletedProcess[str], told: dict[str, Any]) -> None:
    assert told["broken"] == [], played.stderr
    assert played.returncode == 0
    assert told["ledger_proof"] == "holds"


def test_every_wish_is_accounted_for(told: dict[str, Any]) -> None:
    bookings = told["bookings"]
    assert bookings["wished"] == WISHES
    assert bookings["made"] == sum(bookings["states"].values())
    assert bookings["made"] + sum(bookings["refused"].values()) == WISHES
    assert set(bookings["states"]) <= {"closed", "cancelled", "failed"}


def test_every_visit_is_served_or_told_why_not(told: dict[str, Any]) -> None:
    visits = told["visits"]
    assert visits["served"] + visits["unserved"] + visits["cancelled"] == visits["planned"]
    assert visits["unfinished"] == 0
    assert sum(visits["unserved_reasons"].values()) == visits["unserved"]
    assert visits["served"] == told["bookings"]["states"]["closed"] > WISHES // 2
    assert visits["absent_shift"] is not None
    assert told["travelled_metres"] > 1000


def test_the_money_adds_up_to_the_fen(told: dict[str, Any]) -> None:
    money = told["money_fen"]
    assert money["captured"] - money["refunded"] == money["transferred"] + money["platform_fee"]
    assert money["payable"] == 0
    assert money["captured"] > 0


def test_hours_earned_at_home_are_redeemed_in_another_district(told: dict[str, Any]) -> None:
    hours = told["hours_minutes"]
    # two children earn an hour each, spend it on their mothers, and the helpers there earn it
    assert hours["tasks_credited"] == 4
    assert hours["earned_minutes"] == 240
    assert hours["redeemed_across_minutes"] >= 120


async def test_hours_are_held_for_nothing_but_tasks_still_to_come(told: dict[str, Any], database: str) -> None:
    connection = await asyncpg.connect(database)
    held, to_come = await connection.fetchrow(
        """
        SELECT COALESCE(sum(h.amount), 0)::bigint, COALESCE(sum(h.amount) FILTER (WHERE EXISTS (
            SELECT FROM task t WHERE h.reference = 'task:' || t.id AND t.state IN ('published', 'reserved', 'grabbed')
              AND t.window_start >= CAST($1::text AS date) + 1)), 0)::bigint
        FROM ledger_hold h WHERE h.state = 'held'
        """,
        told["day"],
    )
    await connection.close()
    assert held == to_come == told["hours_minutes"]["held_minutes"]


def test_no_process_of_the_day_is_left(played: subprocess.CompletedProcess[str], data: Path) -> None:
    del played
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            environ = (folder / "environ").read_bytes()
        except OSError:
            continue
        assert f"LIUZHU_DATA={data}".encode() not in environ


def test_the_books_of_the_day_are_proven_again_from_its_database(data: Path, database: str) -> None:
    done = verify(data, database)
    assert (done.returncode, done.stdout.strip()) == (0, "✓ the books hold")


A_POSTING = "(entry, leg) = (SELECT entry, leg FROM ledger_posting ORDER BY entry, leg LIMIT 1)"
A_PAYMENT = "id = (SELECT id FROM payment WHERE state = 'captured' AND refunded_fen = 0 ORDER BY id LIMIT 1)"
A_BOOKING = "id = (SELECT id FROM booking WHERE completed_at IS NOT NULL ORDER BY id LIMIT 1)"


@pytest.mark.parametrize(
    ("table", "row", "doctored", "healed", "named"),
    [
        ("ledger_posting", A_POSTING, "amount = amount + 1", "amount = amount - 1", "ledger invariant"),
        ("payment", A_PAYMENT, "captured_fen = captured_fen - 1", "captured_fen = captured_fen + 1", "gateway cash"),
        ("booking", A_BOOKING, "state = 'cancelled'", "state = 'closed'", "a settled visit's booking"),
    ],
)
async def test_a_doctored_row_breaks_the_proof_by_name(
    data: Path, database: str, table: str, row: str, doctored: str, healed: str, named: str
) -> None:
    connection = await asyncpg.connect(database)
    await connection.execute("SET session_replication_role = replica")  # no trigger says no
    await connection.execute(f"UPDATE {table} SET {doctored} WHERE {row}")
    done = verify(data, database)
    await connection.execute(f"UPDATE {table} SET {healed} WHERE {row}")
    await connection.close()
    assert done.returncode == 1
    assert named in done.stderr


def test_a_day_is_not_played_in_a_city_that_lives_already(played: subprocess.CompletedProcess[str], data: Path) -> None:
    assert played.returncode == 0
    again = play(data)
    assert (again.returncode, again.stdout) == (2, "")
    assert "holds a city already" in again.stderr


def test_a_day_never_asks_a_real_payment_provider(tmp_path: Path) -> None:
    refused = play(tmp_path, STRIPE_API_KEY="sk_test_of_somebody")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "unset STRIPE_API_KEY" in refused.stderr
