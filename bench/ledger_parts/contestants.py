"""Who takes part: our ledger, the yardstick of our own, and pgledger where its SQL is given.

Each has a database of its own on the one server, 10,000 accounts that may go below zero, and pgbench scripts that say a
transfer between two of them. In ours, account n belongs to branch n mod 10 of one city.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import asyncpg

from bench.ledger_parts.server import Server
from marketplace.base.migrations import migrate

ACCOUNTS, BRANCHES = 10_000, 10
FLOOR = -(10**12)
HERE = Path(__file__).parent
OURS, SPIKE, PGLEDGER = "liuzhu", "spike", "pgledger"

# pgbench takes a colon in a literal for a variable: a function of the database makes the command instead
COMMAND = """
CREATE FUNCTION bench_account(n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS
  $$ SELECT ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid $$;
CREATE FUNCTION bench_post(source bigint, destination bigint) RETURNS jsonb LANGUAGE sql VOLATILE AS $$
  SELECT format('[{"type":"post","key":"%s","transfers":[{"source":"%s","destination":"%s","amount":1}],'
    '"kind":"service","reference":"visit:1","occurred_at":"2026-03-02T01:00:00.000000+00:00","excess_to":null}]',
    gen_random_uuid(), bench_account(source), bench_account(destination))::jsonb
$$;
"""
OPEN = """
SELECT ledger_apply(jsonb_agg(jsonb_build_object('type', 'open', 'key', 'open:' || g, 'account', bench_account(g),
    'book', $1::int::text, 'unit', 'minute', 'kind', 'member', 'owner', 'm:' || g,
    'floor', $4::bigint, 'cap', NULL)), now())
  FROM generate_series($1::int, $2::int, $3::int) g
"""
PEER_OPEN = """
INSERT INTO pgledger_accounts
  (id, name, currency, allow_negative_balance, allow_positive_balance, created_at, updated_at)
SELECT 'pgla_' || g, 'm' || g, 'HOUR', true, true, now(), now() FROM generate_series(0, $1::int) g
"""
PAIR = r"""\set branch random(0, 9)
\set a random(0, 999)
\set d random(1, 999)
\set source :a * 10 + :branch
\set destination (:a + :d) % 1000 * 10 + :branch
"""
TRANSFER = """SELECT ledger_transfer(gen_random_uuid()::text, bench_account(:source), bench_account(:destination), 1,
  'service', 'visit 1', timestamptz '2026-03-02', now());
"""
SAME_BRANCH = PAIR + TRANSFER
AS_JSON = PAIR + "SELECT ledger_apply(bench_post(:source, :destination), now());\n"
CROSS_BRANCH = SAME_BRANCH.replace("1000 * 10 + :branch", "1000 * 10 + (:branch + 1) % 10")
HOT = (
    r"""\set d random(1, 999)
\set source 0
\set destination :d * 10
"""
    + TRANSFER
)
SPIKE_TRANSFER = r"""\set source random(0, 9999)
\set d random(1, 9999)
\set destination (:source + :d) % 10000
SELECT tb.xfer(gen_random_uuid(), :source, :destination, 1);
"""
PEER_TRANSFER = SPIKE_TRANSFER.replace(
    "SELECT tb.xfer(gen_random_uuid(), :source, :destination, 1);",
    "SELECT pgledger_create_transfer('pgla_' || :source::bigint, 'pgla_' || :destination::bigint, 1.00);",
)


@dataclass(frozen=True)
class Contestant:
    """A database and what one transaction of its script is."""

    name: str
    database: str
    script: str


async def prepare_ours(server: Server) -> None:
    """Our ledger as a deployment has it, built by the migrations."""
    await server.create(OURS)
    await migrate(server.url(OURS).replace("postgresql://", "postgresql+asyncpg://", 1))
    connection = await asyncpg.connect(server.url(OURS))
    await connection.execute(COMMAND)
    await connection.execute("SELECT ledger_open_book('city', 'city', NULL)")
    for branch in range(BRANCHES):
        await connection.execute(f"SELECT ledger_open_book('{branch}', 'branch', 'city')")
        await connection.execute(OPEN, branch, ACCOUNTS - 1, BRANCHES, FLOOR)
    await warm_up(connection, "SELECT ledger_apply(bench_post(g, g + 10), now()) FROM generate_series(0, 299) g")


async def prepare_spike(server: Server) -> None:
    """The yardstick."""
    await server.create(SPIKE)
    connection = await asyncpg.connect(server.url(SPIKE))
    await connection.execute((HERE / "spike.sql").read_text("utf-8"))
    await warm_up(connection, "SELECT tb.xfer(gen_random_uuid(), g, g + 10, 1) FROM generate_series(0, 299) g")


async def prepare_pgledger(server: Server, files: list[Path]) -> None:
    """pgledger from its own files, given in the order in which they must run."""
    await server.create(PGLEDGER)
    connection = await asyncpg.connect(server.url(PGLEDGER))
    for file in files:
        await connection.execute(file.read_text("utf-8"))
    await connection.execute(PEER_OPEN, ACCOUNTS - 1)
    await warm_up(
        connection,
        "SELECT pgledger_create_transfer('pgla_' || g, 'pgla_' || g + 10, 1.00) FROM generate_series(0, 299) g",
    )


async def warm_up(connection: asyncpg.Connection, transfers: str) -> None:
    """Some transfers first, so that statistics and plans know tables with rows in them."""
    await connection.execute(transfers)
    await connection.execute("VACUUM ANALYZE")
    await connection.close()
