"""Statements that prove themselves to a program that knows nothing but the document."""

import json
import subprocess
import sys
from asyncio import to_thread
from collections.abc import Callable
from copy import deepcopy
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tests.timebank.town import BAI_B, HOUR, NOON, VERA_A, WANG_B, Town, post
from timebank import OpenAccount, Reverse, Transfer, apply, open_account, statement
from timebank.attestations import attest, attestation_json
from timebank.audit import make_root
from timebank.errors import UnknownAccount
from timebank.merkle import inclusion
from timebank.verify_statement import BadStatement, check

MONDAY, TUESDAY = date(2026, 3, 2), date(2026, 3, 3)
DAY = timedelta(days=1)
MIDNIGHT = NOON - 12 * HOUR


async def document(town: Town, account: UUID, *, days: int = 1, on_day: date = MONDAY) -> dict[str, Any]:
    async with AsyncSession(town.engine) as tx:
        said = await statement(tx, account, starts_at=MIDNIGHT, ends_at=MIDNIGHT + days * DAY)
        found: dict[str, Any] = json.loads(attestation_json(await attest(tx, said, on_day=on_day)))
        return found


async def root_of(town: Town, day: date) -> str:
    async with town.begin() as tx:
        return (await make_root(tx, on_day=day)).hex()


@pytest.fixture
async def busy(town: Town) -> Town:
    """Bai helped across branches, a mistake reversed, and something before and after the period."""
    await town.do(
        post("before", Transfer(BAI_B, VERA_A, 5), occurred_at=NOON - DAY),
        town.move(BAI_B, VERA_A, 60, key="v1"),
        town.move(BAI_B, WANG_B, 30, key="v2"),
        Reverse("r2", "v2", NOON, "mistake"),
    )
    return town


async def test_a_statement_under_a_root_is_proven_line_by_line(busy: Town) -> None:
    root = await root_of(busy, MONDAY)
    found = await document(busy, VERA_A)
    assert (found["opening"], found["closing"], len(found["lines"])) == (5, 65, 1)
    checked = check(found, [root.upper()])
    assert (checked.lines, checked.proven, checked.on_day, checked.root) == (1, 1, "2026-03-02", root)
    bai = check(await document(busy, BAI_B), [root])  # the grant, what she gave, the correction
    assert (bai.lines, bai.proven) == (4, 4)


async def test_what_is_recorded_after_the_root_waits_for_the_next(busy: Town) -> None:
    await root_of(busy, MONDAY)
    await busy.give(BAI_B, VERA_A, 10)
    checked = check(await document(busy, VERA_A))
    assert (checked.lines, checked.proven, checked.on_day) == (2, 1, "2026-03-02")
    tuesday = await root_of(busy, TUESDAY)
    checked = check(await document(busy, VERA_A), [tuesday])  # a later root that covers every line is taken
    assert (checked.lines, checked.proven, checked.on_day) == (2, 2, "2026-03-03")


async def test_the_newest_root_of_the_period_is_taken_where_it_covers_all_lines(busy: Town) -> None:
    monday = await root_of(busy, MONDAY)
    await busy.do(post("later", Transfer(BAI_B, VERA_A, 1), occurred_at=NOON + DAY), now=NOON + DAY)
    await root_of(busy, TUESDAY)
    assert check(await document(busy, VERA_A)).root == monday
    assert check(await document(busy, VERA_A, days=2, on_day=TUESDAY)).on_day == "2026-03-03"


async def test_a_line_recorded_late_stands_in_the_period_in_which_it_occurred(busy: Town) -> None:
    late = post("late", Transfer(BAI_B, VERA_A, 7), occurred_at=NOON)
    await busy.do(post("tuesday", Transfer(BAI_B, VERA_A, 1), occurred_at=NOON + DAY), late, now=NOON + DAY)
    await root_of(busy, TUESDAY)
    found = await document(busy, VERA_A)
    assert [line["amount"] for line in found["lines"]] == [60, 7]  # between the two: Tuesday's link, no line
    assert [link["amount"] for link in found["links"]] == [60, 1, 7]
    assert check(found).proven == 2


async def test_before_the_first_root_a_statement_proves_its_chain_alone(busy: Town) -> None:
    found = await document(busy, VERA_A)
    assert check(found).proven == 0
    with pytest.raises(BadStatement, match="no day's root"):
        check(found, ["00"])


async def test_an_account_that_never_moved_has_a_statement(busy: Town) -> None:
    async with busy.begin() as tx:
        opening = open_account("A", "minute", "member", owner="new")
        await apply(tx, [opening], now=NOON)
    await root_of(busy, MONDAY)
    checked = check(await document(busy, opening.account))
    assert (checked.lines, checked.on_day) == (0, "2026-03-02")


TAMPERED: list[tuple[str, Callable[[dict[str, Any]], Any]]] = [
    ("amount of a line", lambda d: d["lines"][0].update(amount=61)),
    ("a line left out", lambda d: d["lines"].pop(0)),
    ("a line and its link left out", lambda d: (d["lines"].pop(0), d["links"].pop(0))),
    ("a line doubled", lambda d: d["lines"].append(d["lines"][0])),
    ("the opening", lambda d: d.update(opening=0, closing=d["closing"] - d["opening"])),
    ("the closing", lambda d: d.update(closing=0)),
    ("what it was for", lambda d: d["links"][0].update(reference="visit:other")),
    ("when it was", lambda d: d["links"][0].update(occurred_at=d["links"][0]["occurred_at"] + 1)),
    ("who gave", lambda d: d["links"][0]["legs"][0].update(account=str(uuid4()))),
    ("a leg", lambda d: d["links"][0]["legs"].pop()),
    ("the digest", lambda d: d["links"][0].update(digest="00" * 32)),
    ("a link's hash", lambda d: d["links"][0].update(hash="00" * 32)),
    ("the head before", lambda d: d["before"].update(head="00" * 32)),
    ("the balance before", lambda d: d["before"].update(balance=1)),
    ("whose it is", lambda d: d.update(account=str(uuid4()))),
    ("the unit", lambda d: d.update(unit="fen")),
    ("the root", lambda d: d["root"].update(root="00" * 32)),
    ("the head in the root", lambda d: d["root"].update(head="00" * 32)),
    ("the version in the root", lambda d: d["root"].update(version=d["root"]["version"] + 1)),
    ("the way to the root", lambda d: d["root"]["steps"].pop()),
    ("its form", lambda d: d.update(format=2)),
    ("a field missing", lambda d: d.pop("links")),
    ("nonsense", lambda d: d["links"][0].update(amount="sixty")),
]


def _checked_as(what: str, changed: dict[str, Any], root: str) -> None:
    pytest.fail(f"not found: {what}, {check(changed, [root])}")


async def test_a_changed_statement_is_found_whatever_was_changed(busy: Town) -> None:
    root = await root_of(busy, MONDAY)
    found = await document(busy, BAI_B)
    check(found, [root])
    for what, change in TAMPERED:
        changed = deepcopy(found)
        change(changed)
        with pytest.raises(BadStatement):
            _checked_as(what, changed, root)


async def test_a_rewritten_history_does_not_lead_to_the_published_root(busy: Town) -> None:
    published = await root_of(busy, MONDAY)
    async with busy.begin() as tx:  # the owner rewrites the root to fit his own story
        await tx.execute(text("SET LOCAL session_replication_role = replica"))
        await tx.execute(text("DELETE FROM ledger_root_node"))
        await tx.execute(text("DELETE FROM ledger_root_leaf"))
        await tx.execute(text("DELETE FROM ledger_root"))
    await busy.give(BAI_B, VERA_A, 1)
    await root_of(busy, MONDAY)
    found = await document(busy, VERA_A)
    check(found)
    with pytest.raises(BadStatement, match="published"):
        check(found, [published])


async def test_the_program_says_what_it_finds_by_its_exit_status(busy: Town, tmp_path: Path) -> None:
    root = await root_of(busy, MONDAY)
    file = tmp_path / "statement.json"
    file.write_text(json.dumps(await document(busy, BAI_B)), "utf-8")

    async def run(*arguments: str) -> tuple[int, str]:
        program = [sys.executable, "-m", "timebank.verify_statement", *arguments]
        done = await to_thread(subprocess.run, program, capture_output=True, text=True)
        return done.returncode, done.stdout

    assert await run(str(file), "--root", root) == (0, f"OK 4 lines, 4 under the root of 2026-03-02, {root}\n")
    assert (await run(str(file), "--root", "00"))[0] == 1
    for arguments in ([], [str(tmp_path / "none")], [str(file), "--rot", root]):
        assert (await run(*arguments))[0] == 2
    file.write_text("[]", "utf-8")
    assert (await run(str(file)))[0] == 1
    file.write_bytes(b"\xff")
    assert (await run(str(file)))[0] == 2


async def test_every_account_is_proved_to_be_in_the_root_whatever_the_trees_shape(town: Town) -> None:
    openings: list[OpenAccount] = []
    for day, accounts in enumerate((1, 24, 25, 26, 56, 57, 119, 121, 200)):  # beside the town's own eight
        async with town.begin() as tx:
            names = range(len(openings), accounts)
            fresh = [open_account("A", "minute", "member", owner=str(number)) for number in names]
            await apply(tx, fresh, now=NOON)
        openings += fresh
        await root_of(town, MONDAY + day * DAY)
        async with AsyncSession(town.engine) as tx:
            for opening in openings:
                assert (await inclusion(tx, opening.account, on_day=MONDAY + day * DAY)).holds()
            with pytest.raises(UnknownAccount):
                await inclusion(tx, uuid4(), on_day=MONDAY + day * DAY)


async def test_a_root_made_before_nodes_were_kept_still_proves(busy: Town) -> None:
    await root_of(busy, MONDAY)
    async with busy.begin() as tx:
        await tx.execute(text("SET LOCAL session_replication_role = replica"))
        await tx.execute(text("DELETE FROM ledger_root_node"))
    async with AsyncSession(busy.engine) as tx:
        assert (await inclusion(tx, BAI_B, on_day=MONDAY)).holds()
