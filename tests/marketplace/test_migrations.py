import pkgutil
from importlib import import_module

import asyncpg
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import SQLModel

import marketplace
import timebank
from marketplace.base.embedded.postgres import Postgres
from marketplace.base.migrations import FOLDER, migrate, newest


def import_every_model() -> None:
    for package in (marketplace, timebank):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ".models" in module.name or package is timebank:
                import_module(module.name)


def differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(context, SQLModel.metadata))


async def test_the_migrations_build_what_the_models_say(database_url: str) -> None:
    import_every_model()
    engine = create_async_engine(database_url)
    async with engine.connect() as connection:
        found = await connection.run_sync(differences)
    await engine.dispose()
    # alembic's own table is not among the models
    assert [d for d in found if "alembic_version" not in str(d)] == []


async def test_every_migration_can_be_taken_from_the_one_before(postgres: Postgres) -> None:
    connection = await asyncpg.connect(postgres.url)
    await connection.execute("CREATE DATABASE step_by_step")
    await connection.close()
    url = postgres.url.replace("postgresql://", "postgresql+asyncpg://", 1).rsplit("/", 1)[0] + "/step_by_step"
    steps = [script.revision for script in ScriptDirectory(str(FOLDER)).walk_revisions()][::-1]
    before = None
    for step in steps:
        assert await migrate(url, to=step) == (before, step)
        before = step
    assert before == newest()


async def test_migrating_twice_changes_nothing(database_url: str) -> None:
    assert await migrate(database_url) == (newest(), newest())


async def test_the_logs_of_acts_only_grow(database_url: str) -> None:
    engine = create_async_engine(database_url)
    for table in ("audit", "transition_log"):
        for attack in (f"UPDATE {table} SET id = id", f"DELETE FROM {table}", f"TRUNCATE {table}"):
            refused = False
            try:
                async with engine.begin() as connection:
                    await connection.execute(text(attack))
            except Exception as error:  # noqa: BLE001 - any refusal by the server counts
                refused = "only grows" in str(error)
            assert refused, attack
    await engine.dispose()
