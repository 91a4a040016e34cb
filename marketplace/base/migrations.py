"""Bringing a database to the newest schema: forward only, all in one transaction, one process at a time."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

FOLDER = Path(__file__).parents[2] / "deploy" / "migrations"
LOCK = 0x6C69757A6875  # "liuzhu": two starting processes migrate one after the other


async def migrate(url: str, *, to: str = "head") -> tuple[str | None, str | None]:
    """Upgrade the database at `url`; returns the revisions before and after."""
    engine = create_async_engine(url, poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
            return await connection.run_sync(_upgrade, to)
    finally:
        await engine.dispose()


def newest() -> str | None:
    """The newest revision there is."""
    return ScriptDirectory(str(FOLDER)).get_current_head()


def _upgrade(connection: Connection, to: str) -> tuple[str | None, str | None]:
    before = MigrationContext.configure(connection).get_current_revision()
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["connection"] = connection
    command.upgrade(config, to)
    return before, MigrationContext.configure(connection).get_current_revision()
