"""Corruption planted by the tables' owner, with every guard off: who finds which kind, and by which name."""

import json
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from marketplace.base.embedded.postgres import Postgres
from tests.databases import a_clone
from tests.timebank.corruption import CORRUPTIONS, MONDAY, Corruption, busy, export, plant, rewritten
from tests.timebank.corruption.kinds import forget
from tests.timebank.town import HOUR, NOON, VERA_A, Town
from timebank import statement
from timebank.attestations import attest, attestation_json
from timebank.proof import prove
from timebank.verify import BadRow, verify
from timebank.verify import __file__ as verifier
from timebank.verify.__main__ import main
from timebank.verify.handed_out import heads_of

UNKNOWABLE = {  # fields that nothing else in an export vouches for
    ("entry", "recorded_at"),  # the server's clock is in no digest
    ("command", "recorded_at"),
    ("command", "amount"),  # of a release: how much it gave back
    ("command", "said"),  # none: as if written before commands were kept
    ("period", "recorded_at"),
    ("period", "starts_at"),
}


@pytest.fixture(scope="module")
async def engine(postgres: Postgres, ledger_template: str) -> AsyncIterator[AsyncEngine]:
    """One town for all of this module's tests, each of which takes back what it planted."""
    async with a_clone(postgres, ledger_template) as address:
        engine = create_async_engine(address)
        yield engine
        await engine.dispose()


@pytest.fixture(scope="module")
async def root(engine: AsyncEngine) -> bytes:
    """The root that the busy town published on Monday."""
    return await busy(Town(engine))


@pytest.fixture(scope="module")
async def lines(engine: AsyncEngine, root: bytes) -> list[str]:
    """The export of the town as it is."""
    async with AsyncSession(engine) as tx:
        found = await export(tx)
    verify(found, {MONDAY.isoformat(): root.hex()})
    return found


@asynccontextmanager
async def tampered(engine: AsyncEngine, *statements: str) -> AsyncIterator[AsyncSession]:
    """A transaction in which these were planted; it is taken back."""
    async with AsyncSession(engine) as tx:
        await plant(tx, *statements)
        yield tx
        await tx.rollback()


@pytest.mark.parametrize("kind", CORRUPTIONS, ids=lambda kind: kind.what)
async def test_each_kind_is_found_by_its_name_by_the_proof_and_by_the_verifier(
    engine: AsyncEngine, root: bytes, kind: Corruption
) -> None:
    async with tampered(engine, *kind.planted) as tx:
        names = {failure.name for failure in await prove(tx, published={MONDAY: root})}
        found = await export(tx)
    assert (kind.proof in names) if kind.proof else not names
    if kind.verifier is None:
        verify(found)
        return
    with pytest.raises(BadRow, match=kind.verifier) as bad:
        verify(found)
    assert 1 <= bad.value.line <= len(found)


async def test_a_history_rewritten_as_a_whole_is_found_by_a_root_that_was_published_and_by_nothing_else(
    engine: AsyncEngine, root: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with tampered(engine, rewritten("v2", 25)) as tx:
        assert await prove(tx) == []
        [failure] = await prove(tx, published={MONDAY: root})
        found = await export(tx)
    assert (failure.name, failure.subject) == ("root_differs_from_published", "2026-03-02")
    file = tmp_path / "ledger.jsonl"
    file.write_text("\n".join(found) + "\n", "utf-8")
    assert main([str(file)]) == 0
    assert main([str(file), "--root", f"2026-03-02={root.hex()}"]) == 1
    assert "the root of 2026-03-02 is not the one that was published" in capsys.readouterr().out
    assert main([str(file), "--root", "2026-03-02"]) == 2


async def test_a_last_entry_removed_before_any_root_is_found_by_a_statement_that_was_handed_out_and_by_nothing_else(
    engine: AsyncEngine, root: bytes, lines: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with AsyncSession(engine) as tx:
        said = await statement(tx, VERA_A, starts_at=NOON - HOUR, ends_at=NOON + HOUR)
        handed_out = attestation_json(await attest(tx, said, on_day=MONDAY))
    async with tampered(engine, *forget("last")) as tx:
        assert await prove(tx, published={MONDAY: root}) == []
        found = await export(tx)
    ledger, paper = tmp_path / "ledger.jsonl", tmp_path / "vera.json"
    ledger.write_text("\n".join(found) + "\n", "utf-8")
    paper.write_text(handed_out, "utf-8")
    assert main([str(ledger), "--root", root.hex()]) == 0
    assert main([str(ledger), "--root", root.hex(), "--statement", str(paper)]) == 1
    # v1, v3 and its reversal were hers before
    assert f"account {VERA_A} had another head at version 4" in capsys.readouterr().out
    verify(lines, statements=[heads_of(json.loads(handed_out))])


@pytest.mark.parametrize("garbled", ["", "[]", "{}", '{"type": "statement"}', "[" * 100_000])
def test_a_file_that_is_no_statement_is_told_and_not_taken_for_a_bad_row(
    lines: list[str], tmp_path: Path, garbled: str
) -> None:
    ledger, paper = tmp_path / "ledger.jsonl", tmp_path / "paper.json"
    ledger.write_text("\n".join(lines), "utf-8")
    paper.write_text(garbled, "utf-8")
    assert main([str(ledger), "--statement", str(paper)]) == 2


def test_a_published_root_that_the_export_does_not_have_is_missed(lines: list[str], root: bytes) -> None:
    with pytest.raises(BadRow, match="the root of 2026-03-03"):
        verify(lines, {"2026-03-03": root.hex()})


def test_an_export_that_was_cut_off_anywhere_is_told_to_be(lines: list[str]) -> None:
    for count in range(1, len(lines)):
        with pytest.raises(BadRow, match="cut off"):
            verify(lines[:count])
    with pytest.raises(BadRow, match="empty"):
        verify([])


def test_a_line_that_is_missing_doubled_or_in_another_place_is_named(lines: list[str]) -> None:
    for number in range(1, len(lines) - 1):
        with pytest.raises(BadRow):
            verify(lines[:number] + lines[number + 1 :])
        with pytest.raises(BadRow, match=f"^line {number + 2}: .*(twice|used twice)"):
            verify([*lines[: number + 1], *lines[number:]])
    for number, (first, second) in enumerate(pairwise(lines)):
        with pytest.raises(BadRow, match=f"^line {number + 1}|^line {number + 2}: "):
            verify([*lines[:number], second, first, *lines[number + 2 :]])


@pytest.mark.parametrize(
    "garbled", ["{", "", "[]", "5", "null", '{"type": "sermon"}', '{"type": []}', "[" * 100_000, "\udcff"]
)
def test_a_line_that_is_no_row_is_named(lines: list[str], garbled: str) -> None:
    for number in (0, 5, len(lines) - 1):
        with pytest.raises(BadRow, match=f"^line {number + 1}: "):
            verify([*lines[:number], garbled, *lines[number + 1 :]])


def changes(lines: list[str], values: tuple[Any, ...]) -> Iterator[tuple[str, str, list[str]]]:
    """Exports in which one field of one row of each kind has another value."""
    rows = [json.loads(line) for line in lines]
    for kind, number in {row["type"]: number for number, row in enumerate(rows)}.items():
        for field, there in rows[number].items():
            for value in values:
                if value != there or type(value) is not type(there):
                    changed = json.dumps(rows[number] | {field: value})
                    yield kind, field, [*lines[:number], changed, *lines[number + 1 :]]


def test_a_wrong_type_in_any_field_of_any_kind_of_row_is_named_and_never_a_traceback(lines: list[str]) -> None:
    kinds = set()
    for kind, field, changed in changes(lines, (1.5, True, [5], {}, 2**70, float("nan"))):
        kinds.add(kind)
        with pytest.raises(BadRow, match=r"malformed|unknown type|begin"):
            verify(changed)
        assert field
    assert len(kinds) == 11


def test_a_wrong_value_in_any_field_is_named_but_where_nothing_in_the_export_vouches_for_it(lines: list[str]) -> None:
    missed = set()
    for kind, field, changed in changes(lines, (None, "x", "\ud800", 7, -1)):
        try:
            verify(changed)
        except BadRow:
            continue
        missed.add((kind, field))
    assert missed == UNKNOWABLE


def test_the_program_runs_alone_where_there_is_nothing_but_python(lines: list[str], tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.jsonl"
    ledger.write_text("\n".join(lines) + "\n", "utf-8")
    shutil.copytree(Path(verifier).parent, tmp_path / "timebank" / "verify")
    program = [sys.executable, "-S", "-m", "timebank.verify", ledger.name]
    told = subprocess.run(program, cwd=tmp_path, capture_output=True, text=True, check=False)  # ours
    assert (told.returncode, told.stdout[:3], told.stderr) == (0, "OK ", "")


def test_the_program_tells_of_bytes_that_are_no_text_and_of_files_that_are_not_there(
    lines: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "ledger.jsonl"
    file.write_bytes("\n".join(lines[:3]).encode() + b"\n\xff\xfe\n")
    assert main([str(file)]) == 1
    assert capsys.readouterr().out == "BAD line 4: not JSON\n"
    assert main([str(tmp_path / "nowhere")]) == 2
    assert main([]) == 2
