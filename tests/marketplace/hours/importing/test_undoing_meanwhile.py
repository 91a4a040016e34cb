"""What happens while an import is on its way out: refusals, records in a file, people who try the door."""

import asyncio

import pytest
from sqlalchemy import text

import timebank
from marketplace.base.database import transaction
from marketplace.base.errors import Unknown
from marketplace.base.outbox import Message
from marketplace.base.platform import Platform
from marketplace.hours.alerts.service import alerts_for
from marketplace.hours.books import programme_account
from marketplace.hours.importing.errors import ImportOnItsWayOut
from marketplace.hours.importing.running import load
from marketplace.hours.importing.undoing.running import advance_undo
from marketplace.hours.importing.undoing.starting import start_undo
from marketplace.hours.members.records.training import Passed, record_training
from marketplace.hours.members.standing.incidents import Happened, record
from marketplace.hours.members.standing.telling import letters_of_standing
from tests.marketplace.hours.importing.builders import a_city, imported, members_of
from tests.marketplace.hours.importing.leaving import SYSTEM, nothing_of_it_is_left, taken_back
from timebank import CloseAccount


async def test_an_undo_that_the_ledger_refuses_stops_is_told_and_goes_on(platform: Platform) -> None:
    await a_city(platform)
    made = await imported(platform)
    volunteer, now = (await members_of(platform))["V"], platform.now()
    async with transaction(platform.db) as tx:
        await start_undo(tx, made.id, reason="a trial", actor=SYSTEM, now=now)
    await advance_undo(platform, made.id)  # all are shut out
    async with transaction(platform.db) as tx:  # V's 90 go elsewhere and her account is closed, by hand
        away = timebank.Transfer(volunteer.ledger_account, programme_account(made.programme_id), 90)
        post = timebank.Post("away", (away,), "gift", "by hand", now)
        await timebank.apply(tx, [post, CloseAccount("by-hand", volunteer.ledger_account)], now=now)
    await advance_undo(platform, made.id)
    stopped = await advance_undo(platform, made.id)
    assert (stopped.state, stopped.trouble, stopped.undone_steps) == ("undo_stopped", "account_closed", 2)
    async with transaction(platform.db) as tx:
        (alert,) = await alerts_for(tx, actor=SYSTEM, state="open")
        assert (alert.subject, alert.figures["trouble"]) == (made.id, "account_closed")
        back_again = timebank.ReopenAccount("by-hand-back", volunteer.ledger_account)
        await timebank.apply(tx, [back_again, timebank.Reverse("back", "away", now, "by hand")], now=now)
    with pytest.raises(ImportOnItsWayOut):
        await imported(platform)
    assert (await taken_back(platform, made.id)).state == "undone"


@pytest.mark.usefixtures("tiny")
async def test_what_is_written_into_a_file_on_the_way_out_goes_with_the_person_and_stops_nothing(
    platform: Platform,
) -> None:
    await a_city(platform)
    made = await imported(platform)
    volunteer, now = (await members_of(platform))["V"], platform.now()
    async with transaction(platform.db) as tx:
        made = await start_undo(tx, made.id, reason="a trial", actor=SYSTEM, now=now)
    for _ in range(2):
        await advance_undo(platform, made.id)  # all are shut out
    happened = Happened(kind="no_show", cause="complaint:1", reason="never came")
    rules = platform.policy.timebank.sanctions
    async with transaction(platform.db) as tx:
        await record(tx, volunteer.id, happened, rules=rules, actor=SYSTEM, now=now)
        await record_training(tx, volunteer, Passed("induction", now.date()), actor=SYSTEM, now=now)
    assert (await taken_back(platform, made.id)).state == "undone"
    await nothing_of_it_is_left(platform, made, entries=7)
    async with transaction(platform.db) as tx:
        logged = await tx.execute(
            text("SELECT detail->>'kind' FROM audit WHERE action = 'bank.undo_record' AND entity_id = :id ORDER BY 1"),
            {"id": str(volunteer.id)},
        )
        assert [kind for (kind,) in logged] == ["incident", "training"]
        assert await alerts_for(tx, actor=SYSTEM, state="open") == []
        message = Message(name="member.standing", ids={"member_id": str(volunteer.id), "what": "no_show", "count": 1})
        assert await letters_of_standing(tx, platform.vault, message) == []  # nobody is told any more


async def test_who_writes_about_a_person_while_she_is_taken_out_is_waited_for(platform: Platform) -> None:
    await a_city(platform)
    made = await imported(platform)
    volunteer, now = (await members_of(platform))["V"], platform.now()
    async with transaction(platform.db) as tx:
        made = await start_undo(tx, made.id, reason="a trial", actor=SYSTEM, now=now)
    while made.undone_steps < made.undo_steps - 2:  # her people and the end are left
        made = await advance_undo(platform, made.id)
    async with transaction(platform.db) as tx:
        happened = Happened(kind="malice", cause="complaint:2", reason="took money")
        rules = platform.policy.timebank.sanctions
        await record(tx, volunteer.id, happened, rules=rules, actor=SYSTEM, now=now)
        leaving = asyncio.create_task(advance_undo(platform, made.id))
        await asyncio.sleep(0.3)
        assert not leaving.done()
    assert (await leaving).state == "undoing"
    assert (await taken_back(platform, made.id)).state == "undone"
    with pytest.raises(Unknown):
        async with transaction(platform.db) as tx:
            await record(tx, volunteer.id, happened, rules=rules, actor=SYSTEM, now=now)


@pytest.mark.usefixtures("tiny")
async def test_who_is_taken_out_can_do_nothing_meanwhile(platform: Platform) -> None:
    await a_city(platform)
    made = await imported(platform)
    async with transaction(platform.db) as tx:
        await start_undo(tx, made.id, reason="a trial", actor=SYSTEM, now=platform.now())
    for left in (2, 0):
        await advance_undo(platform, made.id)
        assert [one.state for one in (await members_of(platform)).values()].count("active") == left
    assert {one.state for one in (await members_of(platform)).values()} == {"pending"}
    async with transaction(platform.db) as tx:
        assert await tx.scalar(text("SELECT count(*) FROM account WHERE state <> 'closed'")) == 0
    assert await load(platform, made.id) is None
