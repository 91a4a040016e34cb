"""The migration and the models describe the same tables; the SQL files are all installed; the library stays alone."""

import ast
from datetime import UTC, datetime
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any
from uuid import UUID

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import SQLModel

import timebank.closing
import timebank.links.models
import timebank.models
import timebank.statements
from timebank.schema import TABLES, install_sql

ROOT = Path(__file__).parents[2]
OWN = {table for table in TABLES if table in SQLModel.metadata.tables}


def differences(connection: Connection) -> list[Any]:
    def is_ours(_thing: object, name: str | None, kind: str, _reflected: bool, _other: object) -> bool:
        return kind != "table" or name in OWN

    options = {"include_object": is_ours, "compare_type": True}
    context = MigrationContext.configure(connection, opts=options)
    return list(compare_metadata(context, SQLModel.metadata))


async def test_the_migrated_tables_are_those_of_the_models(engine: AsyncEngine) -> None:
    assert {timebank.models.LedgerEntry.__tablename__, timebank.closing.LedgerRoot.__tablename__} <= OWN
    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []


def files_of(path: Path) -> tuple[str, ...]:
    spec = spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return getattr(module, "FILES", ())


def test_the_migrations_install_every_sql_file_there_is() -> None:
    migrations = sorted((ROOT / "deploy" / "migrations" / "versions").glob("*.py"))
    installed = [file for migration in migrations for file in files_of(migration)]
    assert installed == sorted(installed)
    assert install_sql(*installed) == install_sql()


def test_the_verifier_shares_no_code_with_the_ledger() -> None:
    trees = [ast.parse(file.read_text("utf-8")) for file in (ROOT / "timebank" / "verify").glob("*.py")]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    imported = {node.module or "timebank" for node in nodes if isinstance(node, ast.ImportFrom)}
    imported |= {name.name for node in nodes if isinstance(node, ast.Import) for name in node.names}
    own = {name for name in imported if f"{name}.".startswith("timebank.verify.")}
    assert own
    assert not {name for name in imported - own if name.startswith(("timebank", "sqlalchemy", "sqlmodel"))}


async def test_a_balance_at_a_point_in_time_is_read_from_two_indexes_alone(engine: AsyncEngine) -> None:
    asked = {"account": UUID(int=1), "occurred": datetime(2026, 3, 2, tzinfo=UTC), "recorded": None}
    async with engine.connect() as connection:
        for setting in ("enable_seqscan", "enable_bitmapscan", "enable_hashjoin", "enable_mergejoin"):
            await connection.execute(text(f"SET LOCAL {setting} = off"))  # a small ledger would do without its indexes
        plan = (await connection.scalars(text(f"EXPLAIN {timebank.statements.BALANCE_AT}"), asked)).all()
    read = [line.split("using ")[1].split()[0] for line in plan if "Index Only Scan using" in line]
    assert {"ledger_entry_pkey", "ledger_posting_account"} <= set(read)
