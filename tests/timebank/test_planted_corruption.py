"""Corruption planted by the tables' owner, with every guard off: who finds which kind, and by which name."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from marketplace.base.embedded.postgres import Postgres
from tests.timebank.corruption import CORRUPTIONS, MONDAY, REWRITTEN, Corruption, busy, export, plant
from tests.timebank.town import Town
from timebank.proof import prove
from timebank.verify import BadRow, verify
from timebank.verify.__main__ import main

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
    url = postgres.url.replace("postgresql://", "postgresql+asyncpg://", 1).rsplit("/", 1)[0]
    admin = create_async_engine(f"{url}/postgres", isolation_level="AUTOCOMMIT")
    async with admin.connect() as connection:
        await connection.execute(text(f"CREATE DATABASE corrupted TEMPLATE {ledger_template} STRATEGY FILE_COPY"))
    engine = create_async_engine(f"{url}/corrupted")
    yield engine
    await engine.dispose()
    async with admin.connect() as connection:
        await connection.execute(text("DROP DATABASE corrupted WITH (FORCE)"))
    await admin.dispose()


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
    async with tampered(engine, REWRITTEN) as tx:
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


def test_the_program_tells_of_bytes_that_are_no_text_and_of_files_that_are_not_there(
    lines: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "ledger.jsonl"
    file.write_bytes("\n".join(lines[:3]).encode() + b"\n\xff\xfe\n")
    assert main([str(file)]) == 1
    assert capsys.readouterr().out == "BAD line 4: not JSON\n"
    assert main([str(tmp_path / "nowhere")]) == 2
    assert main([]) == 2
