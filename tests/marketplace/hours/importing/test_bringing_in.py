"""What a bank brings in: balances, history, words, the supply; once, however often its files are shown."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

import httpx
from sqlalchemy import text

import timebank
from marketplace.base.actor import Actor, Role
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.hours.audit import prove
from marketplace.hours.books import CITY, book_of, programme_account
from marketplace.hours.importing.report import Files
from marketplace.hours.members.joining import Attending, join
from marketplace.hours.models import Programme
from tests.builders import an_actor
from tests.marketplace.hours.importing.builders import (
    HISTORY,
    a_city,
    counts,
    files_with,
    imported,
    members_of,
    problems,
)

Headers = Callable[[Actor], dict[str, str]]
SYSTEM = Actor.system()


async def test_a_bank_comes_in_with_its_balances_its_history_and_the_supply_right(platform: Platform) -> None:
    here = await a_city(platform)
    made = await imported(platform)
    assert (made.members, made.entries, made.minutes) == (4, 5, 290)
    members = await members_of(platform)
    now = platform.now()
    async with transaction(platform.db) as tx:
        posted = {name: await timebank.balance(tx, one.ledger_account, now=now) for name, one in members.items()}
        issuance = await timebank.balance(tx, programme_account(made.programme_id), now=now)
        positions = {one.branch: one.clearing for one in await timebank.net_positions(tx, CITY)}
        programme = await tx.get_one(Programme, made.programme_id)
        assert await prove(tx) == []
    assert {name: (one.posted, one.floor, one.cap) for name, one in posted.items()} == {
        "E": (120, 0, 90_000),
        "V": (90, 0, 90_000),
        "W": (60, 0, 90_000),
        "X": (20, 0, 90_000),
    }
    # the programme issued 300, 10 came back: its ceiling is what the members have, and it issues nothing more
    assert (issuance.posted, issuance.floor) == (-290, -290)
    assert (programme.ceiling_minutes, programme.state) == (290, "closed")
    first, second = (book_of(district.id) for district in here.town.districts)
    assert positions == {first: -210, second: -80}  # E 120 + V 90; W 60 + X 20
    assert members["E"].elder_id == here.elder.id
    assert members["V"].joined_at == datetime(2024, 12, 1, 16, tzinfo=UTC)  # midnight in the city


async def test_balances_at_points_in_time_are_those_of_the_old_bank(platform: Platform) -> None:
    await a_city(platform)
    await imported(platform)
    volunteer = (await members_of(platform))["V"]
    async with transaction(platform.db) as tx:
        for day, balance in (("2025-02-01", 0), ("2025-02-02", 120), ("2025-03-02", 90)):
            before = datetime.fromisoformat(f"{day}T00:00:00+08:00")
            assert await timebank.balance_at(tx, volunteer.ledger_account, occurred_before=before) == balance, day
        # the ledger learnt of all of it only now
        then = datetime(2026, 1, 1, tzinfo=UTC)
        assert await timebank.balance_at(tx, volunteer.ledger_account, recorded_before=then) == 0


async def test_a_members_statement_tells_the_old_banks_history_in_its_words(
    platform: Platform, client: httpx.AsyncClient, as_: Headers
) -> None:
    await a_city(platform)
    await imported(platform)
    volunteer = (await members_of(platform))["V"]
    async with transaction(platform.db) as tx:
        operator = await an_actor(platform, tx, Role.OPERATOR)
    address = f"/v1/members/{volunteer.id}/statement?from=2025-01-01&to=2025-12-31"
    found = (await client.get(address, headers=as_(operator) | {"Accept-Language": "zh"})).json()
    assert [(entry["minutes"], entry["words"]) for entry in found["entries"]] == [
        (120, "原时间银行转入 120 分钟：陪伴 · 陪李奶奶散步"),
        (-30, "原时间银行转出 30 分钟：gift"),
    ]
    async with transaction(platform.db) as tx:  # sealed at rest
        assert await tx.scalar(text("SELECT count(*) FROM imported_line WHERE words_sealed LIKE '%gift%'::bytea")) == 0


async def test_without_a_history_the_balances_are_issued_as_of_their_day(platform: Platform) -> None:
    await a_city(platform)
    made = await imported(platform, Files(files_with(history=None)))
    assert (made.entries, made.minutes) == (4, 290)
    volunteer = (await members_of(platform))["V"]
    async with transaction(platform.db) as tx:
        for before, balance in (
            (datetime(2025, 12, 31, 15, tzinfo=UTC), 0),
            (datetime(2025, 12, 31, 16, tzinfo=UTC), 90),
        ):
            assert await timebank.balance_at(tx, volunteer.ledger_account, occurred_before=before) == balance
        assert await prove(tx) == []


async def test_a_volunteer_who_came_with_the_bank_signs_in_and_may_serve(platform: Platform) -> None:
    await a_city(platform)
    await imported(platform)
    volunteer = (await members_of(platform))["V"]
    assert volunteer.account_id is not None
    async with transaction(platform.db) as tx:
        joined = await join(
            tx,
            volunteer.account_id,
            district_id=volunteer.district_id,
            rules=platform.policy.timebank,
            actor=SYSTEM,
            now=platform.now(),
            attending=Attending(gender="f"),
        )
    assert (joined.id, joined.performer_id is None) == (volunteer.id, False)


async def test_the_same_files_once_more_change_nothing(platform: Platform) -> None:
    await a_city(platform)
    first = await imported(platform)
    before = await counts(platform)
    assert (await imported(platform)).id == first.id
    assert await counts(platform) == before
    # other files with the same people are not the same files: their telephones have accounts now
    other = Files(files_with(history=HISTORY.replace("代购", "购物")))
    assert await problems(platform, other) == [
        ("members.csv", 2, "member_already"),
        ("members.csv", 3, "phone_taken"),
        ("members.csv", 4, "phone_taken"),
        ("members.csv", 5, "phone_taken"),
    ]


async def test_two_imports_at_once_make_one(platform: Platform) -> None:
    await a_city(platform)
    first, second = await asyncio.gather(imported(platform), imported(platform))
    assert first.id == second.id
    assert (await counts(platform))["imported_member"] == 4
