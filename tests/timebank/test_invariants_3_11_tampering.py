"""Invariants 3 and 11: an owner who turns the guards off and tampers is found, by the proof and by the verifier."""

import subprocess
import sys
from asyncio import to_thread
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from tests.timebank.town import BAI_B, HOUR, NOON, VERA_A, WANG_B, Town, post
from timebank import Hold, Reverse, Transfer, take_snapshot
from timebank.audit import make_root, reconcile, trial_balance
from timebank.errors import UnknownAccount
from timebank.export import export_lines
from timebank.merkle import inclusion
from timebank.proof import prove

MONDAY = date(2026, 3, 2)


@pytest.fixture
async def busy(town: Town) -> Town:
    """A town with a cross-branch service, a reversed one, a hold, a snapshot and a root."""
    await town.do(
        town.move(BAI_B, VERA_A, 60, key="v1"),
        town.move(BAI_B, WANG_B, 30, key="v2"),
        town.move(BAI_B, VERA_A, 45, key="v3"),
        Reverse("r3", "v3", NOON, "mistake"),
        Hold("h1", BAI_B, 60, NOON + HOUR, "task:1"),
    )
    async with town.begin() as tx:
        await make_root(tx, on_day=MONDAY)
    async with town.begin() as tx:
        await take_snapshot(tx)
    return town


async def export(town: Town) -> list[str]:
    async with AsyncSession(town.engine) as tx:
        return [line async for line in export_lines(tx)]


async def test_invariant_3_an_untouched_ledger_passes_the_proof_and_the_verifier(busy: Town, tmp_path: Path) -> None:
    async with AsyncSession(busy.engine) as tx:
        assert await prove(tx) == []
    file = tmp_path / "ledger.jsonl"
    file.write_text("\n".join(await export(busy)) + "\n", "utf-8")
    program = [sys.executable, "-m", "timebank.verify", str(file)]
    done = await to_thread(subprocess.run, program, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "OK 5 entries, 8 accounts\n")


async def test_invariant_3_an_accounts_head_is_proved_to_be_in_the_days_root(busy: Town) -> None:
    async with AsyncSession(busy.engine) as tx:
        for account in (BAI_B, VERA_A, WANG_B):
            proof = await inclusion(tx, account, on_day=MONDAY)
            assert proof.holds()
            assert not replace(proof, version=proof.version + 1).holds()
        with pytest.raises(UnknownAccount):
            await inclusion(tx, BAI_B, on_day=date(2026, 3, 3))


async def test_invariant_3_the_root_of_a_day_is_made_once(busy: Town) -> None:
    async with busy.begin() as tx:
        first = await make_root(tx, on_day=MONDAY)
    await busy.give(BAI_B, VERA_A, 1)
    async with busy.begin() as tx:
        assert await make_root(tx, on_day=MONDAY) == first
        assert await make_root(tx, on_day=date(2026, 3, 3)) != first


async def test_invariant_11_the_trial_balance_sums_to_zero_in_every_book(busy: Town) -> None:
    async with AsyncSession(busy.engine) as tx:
        lines = await trial_balance(tx)
    assert {line.book: sum(one.posted for one in lines if one.book == line.book) for line in lines} == {
        "A": 0,
        "B": 0,
        "city": 0,
    }
    assert [(line.kind, line.posted) for line in lines if line.book == "A"] == [
        ("clearing", -60),
        ("member", 60),
        ("pool", 0),
    ]


async def test_invariant_11_visits_and_entries_are_matched_one_to_one(busy: Town) -> None:
    twice = replace(post("again", Transfer(BAI_B, WANG_B, 30)), reference="visit:v2")
    await busy.do(twice)
    expected = ["visit:v1", "visit:v2", "visit:v3", "visit:v4"]
    async with AsyncSession(busy.engine) as tx:
        found = await reconcile(tx, expected, kinds=["service"])
        fine = await reconcile(tx, ["visit:grant:bai", "visit:v1"], kinds=["service"])
    assert found.missing == ("visit:v3", "visit:v4")  # v3 was reversed, v4 never posted
    assert found.unexpected == ("visit:grant:bai",)
    assert found.doubled == ("visit:v2",)
    assert not found.matches
    assert fine.unexpected == ("visit:v2",)
