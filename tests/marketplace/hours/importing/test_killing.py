"""The command that imports, killed without warning in the middle, twice; the third one brings all of it in, once.

And the one that takes the import back.
"""

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


async def importing(settings: Settings, *arguments: str) -> asyncio.subprocess.Process:
    command = (sys.executable, "-P", "-m", "marketplace.cli", "ledger", "import", *arguments, "--commit")
    environment = {**os.environ, **settings.environment()}
    return await asyncio.create_subprocess_exec(*command, env=environment, stderr=asyncio.subprocess.PIPE)


async def steps_taken(platform: Platform, column: str = "done_steps") -> int:
    async with transaction(platform.db) as tx:
        return int(await tx.scalar(text(f"SELECT max({column}) FROM bank_import")) or 0)


async def killed(platform: Platform, process: asyncio.subprocess.Process, least: int, column: str) -> int:
    """Kill it once so many steps are noted; how many there are then."""
    while await steps_taken(platform, column) < least:
        assert process.returncode is None, (await process.communicate())[1]
        await asyncio.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    assert await process.wait() == -signal.SIGKILL
    return await steps_taken(platform, column)


async def test_an_import_that_is_killed_twice_comes_in_once_and_goes_out_once(
    platform: Platform, settings: Settings, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if "slow" not in str(request.config.getoption("-m")):
        pytest.skip("six processes and 3,000 rows: ask for it with -m slow")
    await a_city(platform)
    folder = tmp_path / "bank"
    folder.mkdir()
    write_bank(folder)
    seen = 0
    for least in (5, 7):
        taken = await killed(platform, await importing(settings, str(folder)), least, "done_steps")
        assert taken >= least
        assert taken > seen
        seen = taken
    process = await importing(settings, str(folder))
    _, said = await process.communicate()
    assert (process.returncode, b"imported as" in said) == (0, True), said
    async with transaction(platform.db) as tx:
        assert await tx.scalar(text("SELECT count(*) FROM ledger_entry")) == ROWS + FILLED
        query = text("SELECT min(posted), max(posted), count(*) FROM ledger_account WHERE kind = 'member'")
        assert tuple((await tx.execute(query)).one()) == (300, 300, MEMBERS)
        assert await tx.scalar(text("SELECT count(*) FROM imported_line")) == ROWS
        assert await tx.scalar(text("SELECT count(*) FROM member WHERE state = 'active'")) == MEMBERS
        assert await prove(tx) == []
    await take_back(platform, settings)


async def take_back(platform: Platform, settings: Settings) -> None:
    """The same import taken back, killed twice on its way."""
    async with transaction(platform.db) as tx:
        import_id = str(await tx.scalar(text("SELECT id FROM bank_import")))
    arguments = ("--undo", import_id, "--reason", "a trial")
    for least in (2, 4):  # shutting out 1, opening transit 1, reversing 4, taking out 1, the end 1
        await killed(platform, await importing(settings, *arguments), least, "undone_steps")
    process = await importing(settings, *arguments)
    _, said = await process.communicate()
    assert (process.returncode, b"taken back" in said) == (0, True), said
    async with transaction(platform.db) as tx:
        assert await tx.scalar(text("SELECT count(*) FROM ledger_entry")) == 2 * (ROWS + FILLED)
        assert await tx.scalar(text("SELECT count(*) FROM member")) == 0
        assert await steps_taken(platform, "undone_steps") == 8
        assert await prove(tx) == []
