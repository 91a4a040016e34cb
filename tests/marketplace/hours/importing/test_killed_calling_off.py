"""The command that takes an import back, killed while it lets everybody in again; the next one lets in who is left."""

import asyncio
import os
import signal
import sys

import pytest
from sqlalchemy import text

from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.base.settings import Settings
from marketplace.hours.alerts.service import alerts_for
from marketplace.hours.audit import prove
from marketplace.hours.importing.models import BankImport
from marketplace.hours.importing.undoing import shutting
from marketplace.hours.importing.undoing.running import advance_undo
from tests.marketplace.hours.importing.builders import a_city, imported, members_of
from tests.marketplace.hours.importing.leaving import SYSTEM
from tests.marketplace.hours.importing.test_shutting import IN, SIGNS_IN, begun_back, states

# the real command, one person a step: each step of the small bank stands for a thousand people of a large one
COMMAND = (
    "from marketplace.hours.importing.undoing import shutting; shutting.PORTION = 1;"
    " from marketplace.cli import main; main()"
)

pytestmark = pytest.mark.slow


async def taking_back(settings: Settings, made: BankImport) -> asyncio.subprocess.Process:
    arguments = ("ledger", "import", "--undo", str(made.id), "--reason", "a trial", "--commit")
    environment = {**os.environ, **settings.environment()}
    command = (sys.executable, "-P", "-c", COMMAND, *arguments)
    return await asyncio.create_subprocess_exec(*command, env=environment, stderr=asyncio.subprocess.PIPE)


async def waits_for_her(platform: Platform) -> bool:
    """Whether a step was called off and the command has come to a row that somebody holds."""
    query = text(
        "SELECT (SELECT undo_obstacles FROM bank_import) > 0"
        " AND EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')"
    )
    async with transaction(platform.db) as tx:
        return bool(await tx.scalar(query))


async def test_a_way_back_that_is_called_off_and_killed_between_two_steps_lets_everybody_in(
    platform: Platform, settings: Settings, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    if "slow" not in str(request.config.getoption("-m")):
        pytest.skip("two processes: ask for it with -m slow")
    monkeypatch.setattr(shutting, "PORTION", 1)
    await a_city(platform)
    made = await begun_back(platform, await imported(platform))
    for _ in range(2):
        await advance_undo(platform, made.id)
    people = await members_of(platform)
    first, second, *unshut = sorted(people, key=lambda name: people[name].id)
    late = next(name for name in reversed(unshut) if name != "E")  # E has no account to sign in with
    async with transaction(platform.db) as tx:
        await tx.execute(SIGNS_IN, {"id": people[late].id})
    async with transaction(platform.db) as tx:
        await tx.execute(text("SELECT 1 FROM member WHERE id = :id FOR UPDATE"), {"id": people[second].id})
        process = await taking_back(settings, made)
        while not await waits_for_her(platform):
            assert process.returncode is None, (await process.communicate())[1]
            await asyncio.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        assert await process.wait() == -signal.SIGKILL
    found = await states(platform)
    assert (found[first][0], found[second][0]) == ("active", "pending")  # the first is in again, the second not yet
    process = await taking_back(settings, made)
    _, said = await process.communicate()
    assert (process.returncode, b"called off: its members did something on the way (1)" in said) == (1, True), said
    assert await states(platform) == IN
    async with transaction(platform.db) as tx:
        after = await tx.get_one(BankImport, made.id)
        assert (after.state, after.undo_obstacles, after.undo_reason, after.trouble) == ("done", 1, None, None)
        assert [one.kind for one in await alerts_for(tx, actor=SYSTEM, state="open")] == ["import_stopped"]
        query = text("SELECT count(*) FROM audit WHERE action = 'bank.undo_called_off'")
        assert await tx.scalar(query) == 1
        assert await prove(tx) == []
