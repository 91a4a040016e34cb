"""An import that is taken back: every entry reversed, accounts at zero and closed, people gone; then in again."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, InterfaceError

import timebank
from marketplace.base.actor import Actor
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.hours.alerts.service import alerts_for
from marketplace.hours.audit import prove
from marketplace.hours.books import CITY, programme_account
from marketplace.hours.importing import steps, taking
from marketplace.hours.importing.errors import ImportInUse, ImportOnItsWayOut, ImportUnderWay
from marketplace.hours.importing.models import BankImport
from marketplace.hours.importing.running import advance, load
from marketplace.hours.importing.undoing import steps as back
from marketplace.hours.importing.undoing.obstacles import obstacles_to
from marketplace.hours.importing.undoing.running import advance_undo
from marketplace.hours.importing.undoing.starting import prospect, start_undo
from marketplace.hours.members.joining import join_elder
from marketplace.hours.models import Programme
from marketplace.people.models import Elder
from tests.marketplace.hours.importing.builders import Here, a_city, counts, imported, members_of
from tests.marketplace.hours.importing.test_steps import MADE, begun, standing, until
from timebank import CloseAccount, SetLimits

SYSTEM = Actor.system()


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two rows a step, so that the small bank takes many."""
    for module in (steps, taking, back):
        monkeypatch.setattr(module, "PORTION", 2)


async def taken_back(platform: Platform, import_id: UUID) -> BankImport:
    """Started, and carried out to its end."""
    async with transaction(platform.db) as tx:
        made = await start_undo(tx, import_id, reason="of another district", actor=SYSTEM, now=platform.now())
    while made.state == "undoing":
        made = await advance_undo(platform, made.id)
    return made


async def looked_at(platform: Platform, import_id: UUID) -> tuple[int, int, int, list[tuple[str, str, str, int]]]:
    """Entries, members and steps that are left, and what stands in the way."""
    async with transaction(platform.db) as tx:
        found = await prospect(tx, import_id)
    return (
        found.left.entries,
        found.left.members,
        found.left.steps,
        [(one.member, one.code, one.table, one.count) for one in found.obstacles],
    )


async def nothing_of_it_is_left(platform: Platform, made: BankImport, *, entries: int) -> None:
    """So many entries came in and each has its reversal; no person, no minute, no ceiling; the books hold."""
    found = await counts(platform)
    assert (found["account"], found["member"], found["imported_member"], found["imported_line"]) == (0, 0, 0, 0)
    assert found["ledger_entry"] == 2 * entries
    async with transaction(platform.db) as tx:
        query = "SELECT DISTINCT state, posted FROM ledger_account WHERE kind IN ('member', 'transit')"
        assert {tuple(row) for row in await tx.execute(text(query))} <= {("closed", 0)}
        assert {one.clearing for one in await timebank.net_positions(tx, CITY)} <= {0}
        assert (await tx.get_one(Programme, made.programme_id)).ceiling_minutes == 0
        for table in ("bank_file", "timer WHERE rule = 'member.of_age_due'"):
            assert await tx.scalar(text(f"SELECT count(*) FROM {table}")) == 0
        assert await prove(tx) == []


async def test_an_unused_import_is_taken_back_and_its_files_come_in_again(platform: Platform) -> None:
    await a_city(platform)
    first = await imported(platform)
    # filled 1, posted 5, emptied 1; transit is closed and opens again
    assert await looked_at(platform, first.id) == (7, 4, 1 + 1 + 1 + 1, [])
    gone = await taken_back(platform, first.id)
    assert (gone.state, gone.undone_steps, gone.undo_steps) == ("undone", 4, 4)
    await nothing_of_it_is_left(platform, gone, entries=7)
    async with transaction(platform.db) as tx:
        issuance = await timebank.balance(tx, programme_account(first.programme_id), now=platform.now())
    assert (issuance.posted, issuance.floor, issuance.owed) == (0, 0, 0)
    assert (await taken_back(platform, first.id)).undone_steps == 4  # once more changes nothing
    second = await imported(platform)
    assert (second.state, second.id != first.id) == ("done", True)
    assert await standing(platform) == MADE
    async with transaction(platform.db) as tx:
        elder = await timebank.balance(tx, (await members_of(platform))["E"].ledger_account, now=platform.now())
        assert await prove(tx) == []
    assert (elder.posted, elder.floor, elder.cap, elder.state) == (120, 0, 90_000, "open")
    await taken_back(platform, second.id)  # and that one, too
    await nothing_of_it_is_left(platform, second, entries=14)


@pytest.mark.usefixtures("tiny")
async def test_a_connection_that_breaks_at_any_step_back_loses_that_step_alone(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_city(platform)
    made = await imported(platform)
    async with transaction(platform.db) as tx:
        made = await start_undo(tx, made.id, reason="a trial", actor=SYSTEM, now=platform.now())
    # opening 1 of transit, 7 entries in 4, 4 members in 2, the end
    assert made.undo_steps == 1 + 4 + 2 + 1
    breaks, take = False, back.take_next

    async def breaking(tx: Any, vault: Any, made: Any, *, now: datetime) -> None:
        """All of the step is written, then the server ends the connection before it commits; every other time."""
        nonlocal breaks
        await take(tx, vault, made, now=now)
        breaks = not breaks
        if breaks:
            await tx.flush()
            await tx.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    monkeypatch.setattr("marketplace.hours.importing.undoing.running.take_next", breaking)
    broken = 0
    while made.state == "undoing":
        try:
            made = await advance_undo(platform, made.id)
            async with transaction(platform.db) as tx:
                assert await prove(tx) == []  # half-way, too, the books hold
        except (DBAPIError, InterfaceError, OSError):
            broken += 1
    assert (made.state, made.undone_steps, broken) == ("undone", 8, 8)
    await nothing_of_it_is_left(platform, made, entries=7)


@pytest.mark.usefixtures("tiny")
@pytest.mark.parametrize("part", ["opening", "posting", "emptying", "letting_in"])
async def test_an_import_that_stopped_anywhere_in_its_books_is_taken_back(platform: Platform, part: Any) -> None:
    await a_city(platform)
    made, work = await until(platform, part)
    if sum(step.part == part for step in work.steps) > 1:
        made = await advance(platform, work)  # one of the part's own steps is taken as well
    async with transaction(platform.db) as tx:
        await tx.execute(text("UPDATE bank_import SET state = 'stopped', trouble = 'cap_reached'"))
    assert (await taken_back(platform, made.id)).state == "undone"
    found = await counts(platform)
    await nothing_of_it_is_left(platform, made, entries=found["ledger_entry"] // 2)
    assert (await imported(platform)).state == "done"
    assert await standing(platform) == MADE


async def test_what_stopped_it_and_its_alert_are_settled_when_it_is_taken_back(platform: Platform) -> None:
    await a_city(platform)
    made, work = await until(platform, "posting")
    with pytest.raises(ImportUnderWay):
        await taken_back(platform, made.id)
    async with transaction(platform.db) as tx:
        limits = SetLimits("by-hand", work.incoming["V"].account, 0, 10)
        await timebank.apply(tx, [limits], now=platform.now())
    assert (await advance(platform, work)).trouble == "cap_reached"
    assert (await taken_back(platform, made.id)).state == "undone"
    async with transaction(platform.db) as tx:
        assert await alerts_for(tx, actor=SYSTEM, state="open") == []
        (alert,) = await alerts_for(tx, actor=SYSTEM, state="closed")
    assert (alert.kind, alert.note) == ("import_stopped", "of another district")


async def test_two_processes_at_once_take_turns_back(platform: Platform) -> None:
    await a_city(platform)
    made = await imported(platform)
    both = await asyncio.gather(*(taken_back(platform, made.id) for _ in range(2)))
    assert [one.state for one in both] == ["undone", "undone"]
    await nothing_of_it_is_left(platform, made, entries=7)


TOKEN = "INSERT INTO refresh_token (id, account_id, family_id, token_hash, expires_at)"
TRAINING = "INSERT INTO training (id, member_id, kind, passed_on, recorded_at)"
WRONGS = {
    "signed in": (
        f"{TOKEN} SELECT gen_random_uuid(), account_id, gen_random_uuid(), 'x', now() FROM member WHERE id = :v",
        ("V", "signed_in", "refresh_token", 1),
    ),
    "trained": (
        f"{TRAINING} VALUES (gen_random_uuid(), :v, 'induction', current_date, now())",
        ("V", "referred_to", "training", 1),
    ),
    "suspended": ("UPDATE member SET state = 'suspended' WHERE id = :v", ("V", "standing_changed", "", 1)),
    "guards a minor": (
        "UPDATE member SET kind = 'minor', guardian_id = :v, birth_on = '2012-01-01' WHERE id = :outsider",
        ("V", "referred_to", "member", 1),
    ),
}


async def an_outsider(platform: Platform, here: Here) -> UUID:
    """A member who did not come with the bank, with nothing on her account."""
    async with transaction(platform.db) as tx:
        outsider = uuid4()
        account = "INSERT INTO account (id, name, phone_sealed, phone_hash, roles, language, state)"
        await tx.execute(text(f"{account} VALUES (:id, 'x', 'x', 'x', '{{}}', 'zh', 'active')"), {"id": outsider})
        given = {"id": outsider, "district": here.town.districts[0].id}
        member = "INSERT INTO member (id, kind, account_id, district_id, ledger_account, state, version, joined_at)"
        await tx.execute(text(f"{member} VALUES (:id, 'individual', :id, :district, :id, 'pending', 1, now())"), given)
        return outsider


async def test_whoever_did_something_since_stands_in_the_way_by_name(platform: Platform) -> None:
    here = await a_city(platform)
    made = await imported(platform)
    given = {"v": (await members_of(platform))["V"].id, "outsider": await an_outsider(platform, here)}
    for wrong, (statement, obstacle) in WRONGS.items():
        async with transaction(platform.db) as tx:
            attempt = await tx.begin_nested()
            await tx.execute(text(statement), {name: given[name] for name in given if f":{name}" in statement})
            found = await obstacles_to(tx, await tx.get_one(BankImport, made.id))
            assert [(one.member, one.code, one.table, one.count) for one in found] == [obstacle], wrong
            await attempt.rollback()
    async with transaction(platform.db) as tx:
        await tx.execute(text("UPDATE member SET state = 'suspended' WHERE id = :v"), {"v": given["v"]})
    before = await counts(platform)
    with pytest.raises(ImportInUse):
        await taken_back(platform, made.id)
    assert await counts(platform) == before
    async with transaction(platform.db) as tx:
        assert (await tx.get_one(BankImport, made.id)).state == "done"


async def test_minutes_that_moved_or_are_set_aside_stand_in_the_way(platform: Platform) -> None:
    await a_city(platform)
    made = await imported(platform)
    members, now = await members_of(platform), platform.now()
    gift = timebank.Transfer(members["V"].ledger_account, members["W"].ledger_account, 10)
    async with transaction(platform.db) as tx:
        held = timebank.Hold("held", members["E"].ledger_account, 10, now + timedelta(days=1), "by hand")
        await timebank.apply(tx, [timebank.Post("gift", (gift,), "gift", "a gift", now), held], now=now)
    assert (await looked_at(platform, made.id))[3] == [
        ("E", "held", "", 1),
        ("V", "moved", "", 1),
        ("W", "moved", "", 1),
    ]


async def test_an_undo_that_the_ledger_refuses_stops_is_told_and_goes_on(platform: Platform) -> None:
    await a_city(platform)
    made = await imported(platform)
    volunteer, now = (await members_of(platform))["V"], platform.now()
    async with transaction(platform.db) as tx:
        await start_undo(tx, made.id, reason="a trial", actor=SYSTEM, now=now)
    async with transaction(platform.db) as tx:  # V's 90 go elsewhere and her account is closed, by hand
        away = timebank.Transfer(volunteer.ledger_account, programme_account(made.programme_id), 90)
        post = timebank.Post("away", (away,), "gift", "by hand", now)
        await timebank.apply(tx, [post, CloseAccount("by-hand", volunteer.ledger_account)], now=now)
    await advance_undo(platform, made.id)
    stopped = await advance_undo(platform, made.id)
    assert (stopped.state, stopped.trouble, stopped.undone_steps) == ("undo_stopped", "account_closed", 1)
    async with transaction(platform.db) as tx:
        (alert,) = await alerts_for(tx, actor=SYSTEM, state="open")
        assert (alert.subject, alert.figures["trouble"]) == (made.id, "account_closed")
        back_again = timebank.ReopenAccount("by-hand-back", volunteer.ledger_account)
        await timebank.apply(tx, [back_again, timebank.Reverse("back", "away", now, "by hand")], now=now)
    with pytest.raises(ImportOnItsWayOut):
        await imported(platform)
    assert (await taken_back(platform, made.id)).state == "undone"


async def test_an_elder_whose_import_was_taken_back_joins_by_herself(platform: Platform) -> None:
    here = await a_city(platform)
    await taken_back(platform, (await imported(platform)).id)
    async with transaction(platform.db) as tx:
        elder = await tx.get_one(Elder, here.elder.id)
        rules = platform.policy.timebank
        member = await join_elder(tx, elder, rules=rules, actor=SYSTEM, now=platform.now())
    async with transaction(platform.db) as tx:
        found = await timebank.balance(tx, member.ledger_account, now=platform.now())
        assert (found.state, found.posted, found.floor, found.cap) == ("open", 0, 0, 90_000)
        assert await prove(tx) == []


@pytest.mark.usefixtures("tiny")
async def test_who_is_taken_out_can_do_nothing_meanwhile(platform: Platform) -> None:
    await a_city(platform)
    made = await imported(platform)
    async with transaction(platform.db) as tx:
        await start_undo(tx, made.id, reason="a trial", actor=SYSTEM, now=platform.now())
    assert {one.state for one in (await members_of(platform)).values()} == {"pending"}
    async with transaction(platform.db) as tx:
        assert await tx.scalar(text("SELECT count(*) FROM account WHERE state <> 'closed'")) == 0
    assert await load(platform, made.id) is None


async def test_a_bank_that_never_began_is_taken_back_at_once(platform: Platform) -> None:
    await a_city(platform)
    made, _ = await begun(platform)
    async with transaction(platform.db) as tx:
        await tx.execute(text("UPDATE bank_import SET state = 'stopped', trouble = 'here_changed'"))
    assert (await taken_back(platform, made.id)).undone_steps == 1
    assert (await imported(platform)).state == "done"
