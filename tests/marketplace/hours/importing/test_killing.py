"""The command that imports, killed without warning in the middle, twice; the third one brings all of it in, once."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.base.settings import Settings
from marketplace.hours.audit import prove
from tests.marketplace.hours.importing.builders import a_city

MEMBERS, ROWS = 100, 3_000
PER_MEMBER = ROWS // MEMBERS
FILLED = ROWS // 500  # entries by which what was issued is passed on

pytestmark = pytest.mark.slow


def write_bank(folder: Path) -> None:
    """Each member is issued ten minutes, thirty times."""
    people = "".join(f"P{n},示例会员{n},139{n:08d},individual,d1,1980-01-01,2024-01-01\n" for n in range(MEMBERS))
    rows = "".join(f"H{n},2025-01-01,,P{n % MEMBERS},10,grant,第 {n} 次\n" for n in range(ROWS))
    closing = "".join(f"P{n},{10 * PER_MEMBER},2025-12-31\n" for n in range(MEMBERS))
    for name, header, lines in (
        ("members", "external_id,name,phone,kind,district,birth_on,joined_on", people),
        ("balances", "member,minutes,as_of", closing),
        ("history", "key,date,from,to,minutes,kind,text", rows),
    ):
        (folder / f"{name}.csv").write_text(f"{header}\n{lines}", "utf-8")


async def importing(settings: Settings, folder: Path) -> asyncio.subprocess.Process:
    command = (sys.executable, "-P", "-m", "marketplace.cli", "ledger", "import", str(folder), "--commit")
    environment = {**os.environ, **settings.environment()}
    return await asyncio.create_subprocess_exec(*command, env=environment, stderr=asyncio.subprocess.PIPE)


async def steps_taken(platform: Platform) -> int:
    async with transaction(platform.db) as tx:
        return int(await tx.scalar(text("SELECT max(done_steps) FROM bank_import")) or 0)


async def test_an_import_that_is_killed_twice_comes_in_once(
    platform: Platform, settings: Settings, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if "slow" not in str(request.config.getoption("-m")):
        pytest.skip("three processes and 3,000 rows: ask for it with -m slow")
    await a_city(platform)
    folder = tmp_path / "bank"
    folder.mkdir()
    write_bank(folder)
    seen = 0
    for least in (5, 7):
        process = await importing(settings, folder)
        while await steps_taken(platform) < least:
            assert process.returncode is None, (await process.communicate())[1]
            await asyncio.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        assert await process.wait() == -signal.SIGKILL
        assert least <= await steps_taken(platform)
        assert seen < await steps_taken(platform)
        seen = await steps_taken(platform)
    process = await importing(settings, folder)
    _, said = await process.communicate()
    assert (process.returncode, b"imported as" in said) == (0, True), said
    async with transaction(platform.db) as tx:
        assert await tx.scalar(text("SELECT count(*) FROM ledger_entry")) == ROWS + FILLED
        query = text("SELECT min(posted), max(posted), count(*) FROM ledger_account WHERE kind = 'member'")
        assert tuple((await tx.execute(query)).one()) == (300, 300, MEMBERS)
        assert await tx.scalar(text("SELECT count(*) FROM imported_line")) == ROWS
        assert await tx.scalar(text("SELECT count(*) FROM member WHERE state = 'active'")) == MEMBERS
        assert await prove(tx) == []
