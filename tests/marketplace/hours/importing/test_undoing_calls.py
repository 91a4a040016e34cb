"""Taking an import back over the API and at a terminal; what leaves with it is checked by the outside verifier."""

import asyncio
import csv
import io
import sys
from asyncio.subprocess import PIPE
from collections.abc import Awaitable, Callable
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text
from typer.testing import CliRunner, Result

from marketplace import cli
from marketplace.base.actor import Actor, Role
from marketplace.base.database import transaction
from marketplace.base.outbox import Message
from marketplace.base.platform import Platform
from marketplace.base.settings import Settings
from marketplace.hours.audit import prove
from marketplace.hours.importing.models import BankImport
from marketplace.hours.importing.undoing.running import advance_undo
from marketplace.hours.jobs import cycle_due
from tests.builders import an_actor
from tests.marketplace.hours.importing.builders import a_city, counts, imported, members_of
from tests.marketplace.hours.importing.test_kinds import KINDS
from tests.marketplace.hours.importing.test_shutting import IN, SIGNS_IN, begun_back, states

Headers = Callable[[Actor], dict[str, str]]
Deliver = Callable[[Platform], Awaitable[int]]
Run = Callable[..., Awaitable[Result]]
REASON = {"reason": "the file of another district"}


@pytest.fixture
def run(settings: Settings) -> Run:
    environment = settings.environment()

    async def invoke(*arguments: str) -> Result:
        return await asyncio.to_thread(CliRunner().invoke, cli.app, ["ledger", *arguments], env=environment)

    return invoke


async def test_an_operator_looks_first_and_a_job_takes_every_kind_of_member_back(
    platform: Platform, client: httpx.AsyncClient, as_: Headers, deliver_all: Deliver
) -> None:
    await a_city(platform)
    made = await imported(platform, KINDS)
    async with transaction(platform.db) as tx:
        operator, officer = [await an_actor(platform, tx, role) for role in (Role.OPERATOR, Role.OFFICER)]
    address = f"/v1/imports/{made.id}/undo"
    assert (await client.get(address, headers=as_(officer))).status_code == 403
    assert (await client.post(address, json=REASON, headers=as_(officer))).status_code == 403
    assert (await client.get(f"/v1/imports/{uuid4()}/undo", headers=as_(operator))).status_code == 404
    looked = (await client.get(address, headers=as_(operator))).json()
    # filled 1, three balances, and transit gave nothing back: 4 entries
    assert (looked["state"], looked["entries"], looked["members"], looked["obstacles"]) == ("done", 4, 6, [])
    assert (await client.post(address, json={"reason": ""}, headers=as_(operator))).status_code == 400
    asked = await client.post(address, json=REASON, headers=as_(operator))
    assert (asked.status_code, asked.json()["state"], asked.json()["undo_reason"]) == (202, "undoing", REASON["reason"])
    assert asked.json()["ends_as"] == "undone"
    await deliver_all(platform)
    seen = (await client.get(asked.headers["location"], headers=as_(operator))).json()
    assert (seen["state"], seen["undone_steps"]) == ("undone", seen["undo_steps"])
    assert (await client.get(address, headers=as_(operator))).json()["steps"] == 0
    found = await counts(platform)
    assert (found["member"], found["account"], found["imported_line"]) == (0, 2, 0)  # the two who signed in here
    async with transaction(platform.db) as tx:
        assert await tx.scalar(text("SELECT count(*) FROM performer")) == 0
        assert await prove(tx) == []
    assert (await imported(platform, KINDS)).state == "done"


async def test_what_stands_in_the_way_is_told_over_the_api(
    platform: Platform, client: httpx.AsyncClient, as_: Headers
) -> None:
    await a_city(platform)
    made = await imported(platform)
    async with transaction(platform.db) as tx:
        operator = await an_actor(platform, tx, Role.OPERATOR)
    await client.post("/v1/sign-in/code", json={"phone": "13900000003"})  # W asks for a code
    address = f"/v1/imports/{made.id}/undo"
    looked = (await client.get(address, headers=as_(operator))).json()
    assert looked["obstacles"] == [
        {
            "member": "W",
            "code": "signed_in",
            "table": "sign_in_code",
            "count": 1,
            "zh": "已登录或索取过验证码（1 次）",
            "en": "she signed in, or asked for a code (1)",
        }
    ]
    refused = await client.post(address, json=REASON, headers=as_(operator))
    assert (refused.status_code, refused.json()["code"]) == (409, "import_in_use")


async def test_an_import_is_taken_back_at_a_terminal_and_the_verifier_finds_the_books_whole(
    platform: Platform, run: Run, tmp_path: Path
) -> None:
    await a_city(platform)
    made = await imported(platform)
    await cycle_due(platform, Message(name="cycle.due", ids={}))  # a night nets what came in, and makes its root
    undo = ("import", "--undo", str(made.id))
    dry = await run(*undo)
    assert (dry.exit_code, "7 entries to reverse, 4 members to end" in dry.stderr) == (0, True)
    assert (await counts(platform))["member"] == 4
    for wrong in ((*undo, "--commit"), (*undo, str(tmp_path)), ("import",)):
        assert (await run(*wrong)).exit_code == 2, wrong
    async with transaction(platform.db) as tx:
        await tx.execute(text("UPDATE member SET state = 'suspended' WHERE kind = 'elder'"))
    refused = await run(*undo, "--commit", "--reason", "x")
    (row,) = csv.DictReader(io.StringIO(refused.stdout))
    assert (refused.exit_code, row["member"], row["code"]) == (1, "E", "standing_changed")
    async with transaction(platform.db) as tx:
        await tx.execute(text("UPDATE member SET state = 'active' WHERE kind = 'elder'"))
    for said in ("taken back", "taken back before"):
        done = await run(*undo, "--commit", "--reason", "of another district")
        assert (done.exit_code, said in done.stderr) == (0, True), done.stderr
    file = tmp_path / "ledger.jsonl"
    assert (await run("export", str(file))).exit_code == 0
    command = ("-m", "timebank.verify", str(file))
    process = await asyncio.create_subprocess_exec(sys.executable, *command, stdout=PIPE, stderr=PIPE)
    told = await process.communicate()
    assert process.returncode == 0, told
    unknown = await run("import", "--undo", str(uuid4()))
    assert (unknown.exit_code, "Nothing was found here" in unknown.stderr) == (1, True)


async def called_off(platform: Platform) -> tuple[BankImport, Actor]:
    """An import whose way back was called off when somebody of it signed in, two of four shut out; an operator."""
    made = await begun_back(platform, await imported(platform))
    await advance_undo(platform, made.id)
    inside = {name for name, (member, _) in (await states(platform)).items() if member == "active"} - {"E"}
    async with transaction(platform.db) as tx:
        operator = await an_actor(platform, tx, Role.OPERATOR)
        await tx.execute(SIGNS_IN, {"id": (await members_of(platform))[min(inside)].id})
    await advance_undo(platform, made.id)
    return made, operator


@pytest.mark.usefixtures("tiny")
async def test_a_way_back_that_was_called_off_says_everywhere_what_happened_and_what_stands(
    platform: Platform, client: httpx.AsyncClient, as_: Headers, run: Run
) -> None:
    await a_city(platform)
    made, operator = await called_off(platform)
    looked = (await client.get(f"/v1/imports/{made.id}/undo", headers=as_(operator))).json()
    told = [looked[name] for name in ("state", "called_off", "entries", "members", "steps")]
    assert (told, looked["ends_as"]) == (["undoing", True, 0, 0, 2], "done")
    refused = await client.post(f"/v1/imports/{made.id}/undo", json=REASON, headers=as_(operator))
    assert (refused.status_code, refused.json()["code"]) == (409, "import_undo_ending")
    assert "the import will be done" in refused.json()["detail"]
    assert (await client.get(f"/v1/imports/{made.id}", headers=as_(operator))).json()["ends_as"] == "done"
    undo = ("import", "--undo", str(made.id))
    dry = await run(*undo)
    assert (dry.exit_code, "called off on the way: 2 members to let in again" in dry.stderr) == (0, True)
    ended = await run(*undo, "--commit", "--reason", "a trial")
    words = " ".join(ended.stderr.split())
    assert (ended.exit_code, "nothing was changed" in words) == (1, False)
    assert "3 steps out and in), no entry was reversed, and the import is done as before" in words
    assert await states(platform) == IN
    seen = (await client.get(f"/v1/imports/{made.id}", headers=as_(operator))).json()
    assert [seen[name] for name in ("state", "undo_obstacles", "undone_steps", "undo_steps")] == ["done", 1, 3, 3]


@pytest.mark.usefixtures("tiny")
async def test_a_way_in_again_that_was_stopped_goes_on_and_the_answer_says_that_nothing_is_taken_back(
    platform: Platform, client: httpx.AsyncClient, as_: Headers, deliver_all: Deliver
) -> None:
    await a_city(platform)
    made, operator = await called_off(platform)
    async with transaction(platform.db) as tx:
        await tx.execute(text("UPDATE bank_import SET state = 'undo_stopped', trouble = 'import_in_use'"))
    address = f"/v1/imports/{made.id}/undo"
    looked = (await client.get(address, headers=as_(operator))).json()
    assert [looked[name] for name in ("state", "called_off", "ends_as", "steps")] == ["undo_stopped", True, "done", 2]
    asked = await client.post(address, json=REASON, headers=as_(operator))
    told = [asked.json()[name] for name in ("state", "ends_as", "undo_obstacles", "undo_steps")]
    assert (asked.status_code, told) == (202, ["undoing", "done", 1, 3])  # one out, one in, one that ends it
    await deliver_all(platform)
    assert (await client.get(asked.headers["location"], headers=as_(operator))).json()["state"] == "done"
    assert await states(platform) == IN
