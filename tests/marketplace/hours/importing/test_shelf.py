"""A worker reads an import's files once, not for every message, and never goes on from others than the import's."""

import asyncio
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from marketplace.base.actor import Actor, Role
from marketplace.base.database import transaction
from marketplace.base.outbox import Message, share
from marketplace.base.platform import Platform
from marketplace.hours.audit import prove
from marketplace.hours.importing import running
from marketplace.hours.importing.committing import start
from marketplace.hours.importing.errors import ImportBegunAnew
from marketplace.hours.importing.jobs import carry_import
from marketplace.hours.importing.keeping import kept
from marketplace.hours.importing.models import BankImport
from marketplace.hours.importing.report import Files
from marketplace.hours.importing.running import advance, load
from marketplace.hours.importing.shelf import Shelf, shelf_of
from marketplace.hours.importing.steps import Part
from marketplace.hours.importing.taking import take
from marketplace.people.regions import add_region
from tests.builders import an_account
from tests.marketplace.hours.importing.builders import (
    BANK,
    MEMBERS,
    Here,
    a_city,
    carried_on,
    counts,
    files_with,
    members_of,
)
from tests.marketplace.hours.importing.leaving import taken_back
from tests.marketplace.hours.importing.test_steps import MADE, begun, standing, until

OTHERS = Files(files_with(members=MEMBERS.replace("王一", "王三")))
pytestmark = pytest.mark.usefixtures("tiny")


@pytest.fixture(autouse=True)
def reads(monkeypatch: pytest.MonkeyPatch) -> list[UUID]:
    """One step a message; of which import files were read, each time."""
    found: list[UUID] = []

    async def counted(tx: Any, vault: Any, made: BankImport) -> Files:
        found.append(made.id)
        return await kept(tx, vault, made)

    monkeypatch.setattr(running, "kept", counted)
    monkeypatch.setattr(share, "SHARE_OF_LEASE", 0)
    return found


def another_process(platform: Platform) -> Platform:
    """The same database, nothing of this process's memory."""
    return replace(platform, parts={})


async def carried(platform: Platform, made: BankImport) -> BankImport:
    """One message is heard."""
    await carry_import(platform, Message(name="import.wanted", ids={"import_id": str(made.id)}))
    async with transaction(platform.db) as tx:
        return await tx.get_one(BankImport, made.id)


async def started(platform: Platform, files: Files = BANK) -> BankImport:
    async with transaction(platform.db) as tx:
        return await start(tx, platform.vault, files, policy=platform.policy, actor=Actor.system(), now=platform.now())


async def stopped_by_another(platform: Platform, made: BankImport) -> None:
    """Somebody takes W's telephone, another process finds that and takes the import's people out again."""
    async with transaction(platform.db) as tx:
        await an_account(platform, tx, Role.FAMILY, phone="13900000003")
    stopped = await carried_on(another_process(platform), made)
    assert (stopped.state, stopped.done_steps) == ("stopped", 0)
    async with transaction(platform.db) as tx:
        await tx.execute(text("DELETE FROM account WHERE roles = '{family}'"))


async def test_files_are_read_once_for_all_messages_of_an_import(platform: Platform, reads: list[UUID]) -> None:
    await a_city(platform)
    made, messages = await started(platform), 0
    while made.state == "running":
        made = await carried(platform, made)
        messages += 1
    assert (made.state, messages, reads) == ("done", made.steps, [made.id])
    assert shelf_of(platform).take(made) is None  # and nothing of them is kept
    assert await standing(platform) == MADE


async def test_a_stopped_import_that_is_begun_anew_is_read_anew(platform: Platform, reads: list[UUID]) -> None:
    here = await a_city(platform)
    made = await carried(platform, await started(platform))
    assert (made.done_steps, len(reads)) == (1, 1)
    await stopped_by_another(platform, made)
    third = await d2_is_another_district(platform, here)
    again = await started(platform)
    assert (again.id, again.files_sha256) == (made.id, made.files_sha256)
    await carried(another_process(platform), again)  # E and V, with ids of their own
    before = len(reads)
    while again.state == "running":
        again = await carried(platform, again)
    assert (again.state, len(reads)) == ("done", before + 1)
    found = await members_of(platform)
    second = here.town.districts[1].id
    assert {name: one.district_id for name, one in found.items()} == {
        "E": here.elder.district_id,
        "V": here.town.districts[0].id,
        "W": second,
        "X": third,
    }
    assert await standing(platform) == MADE
    async with transaction(platform.db) as tx:
        assert await prove(tx) == []


async def d2_is_another_district(platform: Platform, here: Here) -> UUID:
    """The city calls a new district as the second one was called."""
    async with transaction(platform.db) as tx:
        await tx.execute(text("UPDATE region SET code = 'd9', name_en = 'D9' WHERE code = 'd2'"))
        district = await add_region(
            tx, parent=here.town.city, level="district", code="d3", name_zh="示例3区", name_en="D2", lon=8.7, lat=49.4
        )
        return district.id


async def test_other_files_and_the_same_ones_once_more_are_read_for_themselves(
    platform: Platform, reads: list[UUID]
) -> None:
    await a_city(platform)
    first = await carried(platform, await started(platform))
    await stopped_by_another(platform, first)
    other = await started(platform, OTHERS)
    work = await load(platform, other.id)
    assert work is not None
    assert (work.made.id, work.bank.members[1].name) == (other.id, "王三")
    assert (await carried(platform, other)).done_steps == 1  # as it was read just now, and laid aside
    async with transaction(platform.db) as tx:
        await tx.execute(text("UPDATE bank_import SET state = 'stopped', trouble = 'x' WHERE state = 'running'"))
    for one in (other, first):
        assert (await taken_back(platform, one.id)).state == "undone"
    again = await started(platform, OTHERS)
    assert again.id != other.id
    assert (await carried_on(platform, again)).state == "done"
    assert reads[-1] == again.id
    assert await standing(platform) == MADE


async def test_who_read_before_it_was_begun_anew_takes_no_step(platform: Platform) -> None:
    await a_city(platform)
    made, old = await begun(platform)
    made = await advance(platform, old)
    await stopped_by_another(platform, made)
    await started(platform)
    with pytest.raises(ImportBegunAnew):
        await advance(platform, old)
    assert (await counts(platform))["member"] == 0
    assert (await carried_on(platform, made)).state == "done"


async def test_what_was_at_hand_when_a_step_failed_is_not_used_again(
    platform: Platform, reads: list[UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_city(platform)
    made = await started(platform)

    async def breaking(tx: Any, *step: Any, **when: Any) -> None:
        await take(tx, *step, **when)
        await tx.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    with monkeypatch.context() as patch:
        patch.setattr(running, "take", breaking)
        with pytest.raises(DBAPIError):
            await carried(platform, made)
    while made.state == "running":
        made = await carried(platform, made)
    assert (made.state, reads) == ("done", [made.id] * 2)
    assert await standing(platform) == MADE


async def test_a_district_that_is_renamed_on_the_way_stops_it_and_loses_nobody(platform: Platform) -> None:
    await a_city(platform)
    made, _ = await until(platform, "opening")
    async with transaction(platform.db) as tx:
        await tx.execute(text("UPDATE region SET code = 'd9', name_en = 'D9' WHERE code = 'd2'"))
    made = await carried_on(another_process(platform), made)  # X's district is not understood by who reads it now
    assert (made.state, made.trouble, (await counts(platform))["member"]) == ("stopped", "here_changed", 4)
    async with transaction(platform.db) as tx:
        await tx.execute(text("UPDATE region SET code = 'd2', name_en = 'D2' WHERE code = 'd9'"))
    assert (await carried_on(another_process(platform), await started(platform))).state == "done"
    assert await standing(platform) == MADE


@pytest.mark.parametrize("part", ["people", "letting_in"])
async def test_an_import_that_an_older_version_began_ends_with_more_steps(platform: Platform, part: Part) -> None:
    await a_city(platform)
    made, _ = await until(platform, part)
    async with transaction(platform.db) as tx:  # everybody let in by the last step
        await tx.execute(text("UPDATE bank_import SET steps = steps - 2"))
    done = await carried_on(another_process(platform), made)
    assert (done.state, done.done_steps, done.steps) == ("done", made.steps, made.steps)
    assert await standing(platform) == MADE


async def test_one_import_is_kept_and_not_for_long(platform: Platform) -> None:
    await a_city(platform)
    made, work = await begun(platform)
    shelf = Shelf(0.05)
    shelf.lay(work)
    assert shelf.take(made) is work
    assert shelf.take(made) is None  # whoever took it has it alone
    shelf.lay(work)
    shelf.lay(replace(work, made=BankImport(**{**made.model_dump(), "files_sha256": b"other"})))
    assert shelf.take(made) is None
    shelf.lay(work)
    await asyncio.sleep(0.1)
    assert shelf.take(made) is None
