"""People are shut out by portions, each under locks of a moment, and are in again where somebody acted meanwhile."""

import asyncio

import pytest
from sqlalchemy import text

from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.hours.alerts.service import alerts_for
from marketplace.hours.audit import prove
from marketplace.hours.importing.errors import ImportInUse, ImportUndoCalledOff
from marketplace.hours.importing.models import BankImport
from marketplace.hours.importing.running import advance
from marketplace.hours.importing.terminal import undo
from marketplace.hours.importing.undoing import running
from marketplace.hours.importing.undoing import steps as back
from marketplace.hours.importing.undoing.running import advance_undo
from marketplace.hours.importing.undoing.starting import start_undo
from tests.marketplace.hours.importing.builders import a_city, imported, members_of
from tests.marketplace.hours.importing.leaving import SYSTEM, looked_at, nothing_of_it_is_left, taken_back
from tests.marketplace.hours.importing.test_steps import MADE, standing, until
from tests.marketplace.hours.importing.test_undoing_obstacles import TOKEN

SIGNS_IN = text(
    f"{TOKEN} SELECT gen_random_uuid(), account_id, gen_random_uuid(), 'x', now() FROM member WHERE id = :id"
)


async def begun_back(platform: Platform, made: BankImport) -> BankImport:
    async with transaction(platform.db) as tx:
        return await start_undo(tx, made.id, reason="a trial", actor=SYSTEM, now=platform.now())


async def states(platform: Platform) -> dict[str, tuple[str, str | None]]:
    """(membership, own account) by the old bank's id."""
    query = text(
        "SELECT i.external_id, m.state, a.state FROM imported_member i JOIN member m ON m.id = i.member_id"
        " LEFT JOIN account a ON a.id = m.account_id ORDER BY 1"
    )
    async with transaction(platform.db) as tx:
        return {row[0]: (row[1], row[2]) for row in await tx.execute(query)}


IN = {"E": ("active", None), "V": ("active", "active"), "W": ("active", "active"), "X": ("active", "active")}


@pytest.mark.usefixtures("tiny")
async def test_each_step_locks_its_own_people_alone(platform: Platform) -> None:
    await a_city(platform)
    made = await begun_back(platform, await imported(platform))
    assert await states(platform) == IN  # asking shuts nobody out yet
    first = await advance_undo(platform, made.id)
    assert (first.state, first.undone_steps) == ("undoing", 1)
    shut = {name for name, (member, _) in (await states(platform)).items() if member == "pending"}
    assert len(shut) == 2
    people = await members_of(platform)
    free = next(one for name, one in people.items() if name not in shut)
    async with transaction(platform.db) as tx:  # somebody is at one of those whose turn has not come
        await tx.execute(text("SELECT 1 FROM member WHERE id = :id FOR UPDATE"), {"id": free.id})
        waiting = asyncio.create_task(advance_undo(platform, made.id))
        await asyncio.sleep(0.1)
        assert not waiting.done()
        locked = {str(one.id) for name, one in people.items() if name in shut}
        async with transaction(platform.db) as other:  # those of the step before are locked by nobody
            query = text("SELECT id FROM member WHERE id = ANY(:ids) FOR UPDATE NOWAIT")
            found = await other.scalars(query, {"ids": [one.id for n, one in people.items() if n in shut]})
            assert {str(one) for one in found} == locked
    assert (await waiting).undone_steps == 2
    assert {member for member, _ in (await states(platform)).values()} == {"pending"}


@pytest.mark.usefixtures("tiny")
async def test_who_acts_before_her_turn_calls_it_off_and_everybody_is_in_again(platform: Platform) -> None:
    await a_city(platform)
    made = await begun_back(platform, await imported(platform))
    await advance_undo(platform, made.id)
    shut = {name for name, (member, _) in (await states(platform)).items() if member == "pending"}
    people = await members_of(platform)
    late = next(name for name in ("X", "W", "V") if name not in shut)
    async with transaction(platform.db) as tx:
        await tx.execute(SIGNS_IN, {"id": people[late].id})
    made = await advance_undo(platform, made.id)
    assert (made.state, made.undo_obstacles, made.undone_steps, made.undo_steps) == ("undoing", 1, 1, 3)
    entries, members, steps, _ = await looked_at(platform, made.id)
    assert (entries, members, steps) == (0, 0, 2)  # nothing is taken back: two people are let in, and it ends
    while made.state == "undoing":
        made = await advance_undo(platform, made.id)
    assert (made.state, made.undo_obstacles, made.undo_reason, made.trouble) == ("done", 1, None, None)
    assert await states(platform) == IN
    assert await standing(platform) == MADE
    async with transaction(platform.db) as tx:
        (alert,) = await alerts_for(tx, actor=SYSTEM, state="open")
        assert (alert.kind, alert.figures["trouble"]) == ("import_stopped", "import_undo_called_off")
        assert await prove(tx) == []
        with pytest.raises(ImportInUse):
            await start_undo(tx, made.id, reason="once more", actor=SYSTEM, now=platform.now())
        await tx.execute(text("DELETE FROM refresh_token"))  # as if she had not
    assert (await taken_back(platform, made.id)).state == "undone"
    await nothing_of_it_is_left(platform, made, entries=7)


@pytest.mark.usefixtures("tiny")
async def test_calling_off_an_import_that_had_stopped_lets_nobody_in_who_was_not(platform: Platform) -> None:
    await a_city(platform)
    made, work = await until(platform, "letting_in")
    await advance(platform, work)
    before = await states(platform)
    assert sorted(member for member, _ in before.values()) == ["active", "active", "pending", "pending"]
    async with transaction(platform.db) as tx:
        await tx.execute(text("UPDATE bank_import SET state = 'stopped', trouble = 'account_closed'"))
    made = await begun_back(platform, made)
    made = await advance_undo(platform, made.id)
    people = await members_of(platform)
    inside = {name for name, one in people.items() if one.state == "active" or before[name][0] == "pending"}
    async with transaction(platform.db) as tx:
        unshut = set(await tx.scalars(text("SELECT external_id FROM imported_member WHERE was_in IS NULL")))
        name = min((unshut - {"E"}) & inside)
        await tx.execute(SIGNS_IN, {"id": people[name].id})
    while made.state == "undoing":
        made = await advance_undo(platform, made.id)
    assert (made.state, made.trouble) == ("stopped", "import_undo_called_off")
    assert await states(platform) == before
    done = await imported(platform)  # and the same files let it go on
    assert (done.state, await states(platform)) == ("done", IN)


@pytest.mark.usefixtures("tiny")
async def test_a_terminal_says_that_it_was_called_off_when_all_are_in_again(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_city(platform)
    made = await imported(platform)
    people, take = await members_of(platform), back.take_next
    acted = False

    async def meanwhile(*arguments: object, **named: object) -> None:
        nonlocal acted
        await take(*arguments, **named)  # type: ignore[arg-type]
        if not acted:
            acted = True
            unshut = text("SELECT member_id FROM imported_member WHERE was_in IS NULL")
            async with transaction(platform.db) as tx:
                ids = set(await tx.scalars(unshut)) & {one.id for name, one in people.items() if name != "E"}
                await tx.execute(SIGNS_IN, {"id": max(ids)})

    monkeypatch.setattr(running, "take_next", meanwhile)
    with pytest.raises(ImportUndoCalledOff) as said:
        await undo(platform, made.id, "a trial")
    # two of four were shut out, the other two were not: 1 step out, 1 in again, 1 that ends it
    assert said.value.data == {"obstacles": 1, "undone_steps": 3, "state": "done"}
    assert "no entry was reversed, and the import is done as before" in str(said.value)
    assert await states(platform) == IN
