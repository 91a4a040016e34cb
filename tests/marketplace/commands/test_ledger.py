import csv
import gzip
import io
import json
from asyncio import to_thread
from collections.abc import Awaitable, Callable
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import text
from typer.testing import CliRunner, Result

from marketplace import cli
from marketplace.base.database import transaction
from marketplace.base.outbox import Message
from marketplace.base.platform import Platform
from marketplace.base.settings import Settings
from marketplace.hours.jobs import cycle_due
from tests.marketplace.hours.builders import Person, a_bank, a_person, give
from timebank.verify_statement import check

Run = Callable[..., Awaitable[Result]]


@pytest.fixture
def run(settings: Settings) -> Run:
    """`await run("ledger", …)`: the command in this process, on the test's database."""
    environment = settings.environment()

    async def invoke(*arguments: str) -> Result:
        return await to_thread(CliRunner().invoke, cli.app, list(arguments), env=environment)

    return invoke


async def a_member(platform: Platform) -> tuple[Person, str]:
    """A member who was granted 60 minutes, and the root of the day after that night."""
    async with transaction(platform.db) as tx:
        bank = await a_bank(platform, tx)
        person = await a_person(platform, tx, bank)
        await give(platform, tx, bank, person.account, 60)
    await cycle_due(platform, Message(name="cycle.due", ids={}))
    async with transaction(platform.db) as tx:
        return person, await tx.scalar(text("SELECT encode(root, 'hex') FROM ledger_root")) or ""


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


@pytest.mark.parametrize("name", ["ledger.jsonl", "ledger.jsonl.gz"])
async def test_an_export_is_whole_verifies_and_holds_the_published_root(
    platform: Platform, run: Run, tmp_path: Path, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    _, root = await a_member(platform)
    file = tmp_path / name
    done = await run("ledger", "export", str(file))
    assert (done.exit_code, names_in(tmp_path)) == (0, [name])
    lines = (gzip.decompress(file.read_bytes()) if name.endswith(".gz") else file.read_bytes()).decode().splitlines()
    assert f"{len(lines)} lines" in done.stderr
    assert (await run("ledger", "verify", str(file), "--root", root)).exit_code == 0
    assert capfd.readouterr().out.startswith("OK 2 entries")  # the grant and the cycle's settlement
    assert (await run("ledger", "verify", str(file), "--root", "00" * 32)).exit_code == 1
    assert "published root" in capfd.readouterr().out


async def test_a_changed_export_is_found_and_an_unreadable_one_is_bad_usage(
    platform: Platform, run: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    await a_member(platform)
    file = tmp_path / "ledger.jsonl"
    await run("ledger", "export", str(file))
    file.write_text(file.read_text("utf-8").replace('"amount": 60', '"amount": 61', 1), "utf-8")
    assert (await run("ledger", "verify", str(file))).exit_code == 1
    assert capfd.readouterr().out.startswith("BAD line ")
    file.write_bytes(gzip.compress(b"{}")[:-4])
    for arguments in ([str(file)], [str(tmp_path / "none")], ["--root", "00"], ["--statement", "00"]):
        assert (await run("ledger", "verify", *arguments)).exit_code == 2, arguments
    assert (await run("ledger", "export", str(tmp_path / "no" / "folder"))).exit_code == 2


async def test_an_export_goes_to_standard_output(platform: Platform, run: Run) -> None:
    await a_member(platform)
    done = await run("ledger", "export", "-")
    assert json.loads(done.stdout.splitlines()[0]) == {"type": "ledger", "format": 2}
    packed = await run("ledger", "export", "-", "--gzip")
    assert gzip.decompress(packed.stdout_bytes).decode() == done.stdout


async def test_the_books_in_the_database_are_proven_without_a_file(platform: Platform, run: Run) -> None:
    await a_member(platform)
    assert (await run("ledger", "verify")).exit_code == 0
    async with transaction(platform.db) as tx:
        await tx.execute(text("SET LOCAL session_replication_role = replica"))
        await tx.execute(text("UPDATE ledger_account SET posted = posted + 1 WHERE kind = 'member'"))
    done = await run("ledger", "verify")
    assert (done.exit_code, "balance_differs_from_postings" in done.stderr) == (1, True)
    wrong = await run("ledger", "balance")
    assert (wrong.exit_code, "sums to 1 minute" in wrong.stderr) == (1, True)


async def test_a_members_statement_is_read_at_a_terminal(platform: Platform, run: Run, tmp_path: Path) -> None:
    person, root = await a_member(platform)
    member = str(person.member.id)
    days = ("--from", "2026-03-01", "--to", "2026-03-02")
    table = await run("ledger", "statement", member, *days)
    assert (table.exit_code, ": 0 → 60 minutes" in table.stdout) == (0, True)
    as_csv = await run("ledger", "statement", member, *days, "--format", "csv")
    assert [row["minutes"] for row in csv.DictReader(io.StringIO(as_csv.stdout))] == ["60"]
    file = tmp_path / "proof.json"
    assert (await run("ledger", "statement", member, *days, "--format", "proof", "--output", str(file))).exit_code == 0
    assert check(json.loads(file.read_text("utf-8")), [root]).proven == 1
    ledger = tmp_path / "ledger.jsonl"
    await run("ledger", "export", str(ledger))
    assert (await run("ledger", "verify", str(ledger), "--statement", str(file))).exit_code == 0
    proof = json.loads(file.read_text("utf-8"))
    proof["links"][0]["hash"] = "00" * 32
    file.write_text(json.dumps(proof), "utf-8")
    assert (await run("ledger", "verify", str(ledger), "--statement", str(file))).exit_code == 1
    for wrong in ([str(uuid4())], ["nobody"], [member, "--format", "docx"], [member, "--from", "2100-01-01"]):
        assert (await run("ledger", "statement", *wrong)).exit_code == 2, wrong


async def test_the_trial_balance_sums_every_book_to_zero(platform: Platform, run: Run) -> None:
    await a_member(platform)
    done = await run("ledger", "balance", "--csv")
    sums: dict[str, int] = {}
    for row in csv.DictReader(io.StringIO(done.stdout)):
        sums[row["book"]] = sums.get(row["book"], 0) + int(row["posted"])
    assert (done.exit_code, len(sums), set(sums.values())) == (0, 3, {0})
