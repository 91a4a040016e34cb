"""At a terminal: problems as CSV, a dry run, a commit that shows how far it is."""

import asyncio
import csv
import io
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlmodel import col
from typer.testing import CliRunner, Result

from marketplace import cli
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.base.settings import Settings
from marketplace.hours.importing.models import BankImport
from tests.marketplace.hours.importing.builders import a_city, counts, files_with


@pytest.fixture
def run(settings: Settings) -> Callable[..., Awaitable[Result]]:
    environment = settings.environment()

    async def invoke(*arguments: str) -> Result:
        return await asyncio.to_thread(CliRunner().invoke, cli.app, ["ledger", "import", *arguments], env=environment)

    return invoke


async def test_a_bank_is_imported_at_a_terminal(
    platform: Platform, run: Callable[..., Awaitable[Result]], tmp_path: Path
) -> None:
    await a_city(platform)
    for name, data in files_with().items():
        (tmp_path / name).write_bytes(data.decode().encode("gb18030"))
    unnamed = await run(str(tmp_path))
    (first, _) = csv.DictReader(io.StringIO(unnamed.stdout))
    assert (unnamed.exit_code, first["code"], first["line"]) == (1, "wrong_encoding", "2")
    dry = await run(str(tmp_path), "--encoding", "gb18030")
    assert (dry.exit_code, "a dry run" in dry.stderr) == (0, True)
    assert (await counts(platform))["bank_import"] == 0
    for said in ("imported as", "came in before"):
        done = await run(str(tmp_path), "--encoding", "gb18030", "--commit")
        assert (done.exit_code, said in done.stderr) == (0, True)
    async with transaction(platform.db) as tx:
        assert await tx.scalar(select(col(BankImport.minutes))) == 290
    for wrong in (
        [str(tmp_path / "none")],
        [str(tmp_path), "--encoding", "latin1"],
        [str(tmp_path / "members.csv")] * 2,
    ):
        assert (await run(*wrong)).exit_code == 2, wrong
