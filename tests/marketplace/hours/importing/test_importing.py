import asyncio
import base64
import csv
import dataclasses
import io
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, InterfaceError
from sqlmodel import col
from typer.testing import CliRunner, Result

import timebank
from marketplace import cli
from marketplace.base.actor import Actor, Role
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.base.settings import Settings
from marketplace.hours.audit import prove
from marketplace.hours.books import CITY, book_of, programme_account
from marketplace.hours.importing.committing import bring_in
from marketplace.hours.importing.errors import BankHasProblems, ReportStale
from marketplace.hours.importing.models import BankImport, ImportedMember
from marketplace.hours.importing.report import Files, judge
from marketplace.hours.members.joining import Attending, join
from marketplace.hours.models import Member, Programme
from tests.builders import an_account, an_actor
from tests.marketplace.hours.importing.builders import BALANCES, BANK, HISTORY, a_city, files_with

Headers = Callable[[Actor], dict[str, str]]
SYSTEM = Actor.system()
COUNTED = (
    "account",
    "member",
    "bank_import",
    "imported_member",
    "imported_line",
    "programme",
    "ledger_entry",
    "ledger_account",
)


async def imported(platform: Platform, files: Files = BANK, **changed: Any) -> BankImport:
    async with transaction(platform.db) as tx:
        return await bring_in(
            tx, platform.vault, files, policy=platform.policy, actor=SYSTEM, now=platform.now(), **changed
        )


async def members_of(platform: Platform) -> dict[str, Member]:
    query = select(col(ImportedMember.external_id), Member).join(
        Member, col(Member.id) == col(ImportedMember.member_id)
    )
    async with transaction(platform.db) as tx:
        return {row[0]: row[1] for row in await tx.execute(query)}


async def counts(platform: Platform) -> dict[str, int]:
    async with transaction(platform.db) as tx:
        return {table: int(await tx.scalar(text(f"SELECT count(*) FROM {table}")) or 0) for table in COUNTED}


async def problems(platform: Platform, files: Files = BANK) -> list[tuple[str, int, str]]:
    async with transaction(platform.db) as tx:
        judged = await judge(tx, platform.vault, files, policy=platform.policy, now=platform.now())
    return [(one.file, one.line, one.code) for one in judged.report.problems]


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


@pytest.mark.parametrize("calls", [1, 4])
async def test_a_connection_that_breaks_in_the_middle_leaves_nothing_and_a_rerun_makes_everything_once(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, calls: int
) -> None:
    await a_city(platform)
    before, left, apply = await counts(platform), calls, timebank.apply

    async def breaking(tx: Any, commands: Any, *, now: datetime) -> Any:
        nonlocal left
        left -= 1
        if left == 0:
            await tx.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
        return await apply(tx, commands, now=now)

    monkeypatch.setattr(timebank, "apply", breaking)
    with pytest.raises((DBAPIError, InterfaceError, OSError)):
        await imported(platform)
    monkeypatch.undo()
    assert await counts(platform) == before
    await imported(platform)
    assert (await counts(platform))["imported_member"] == 4
    async with transaction(platform.db) as tx:
        assert await prove(tx) == []


async def test_what_does_not_fit_here_is_named(platform: Platform) -> None:
    here = await a_city(platform)
    async with transaction(platform.db) as tx:
        await an_account(platform, tx, Role.FAMILY, phone="13900000003")
        await timebank.open_book(tx, CITY)
        await timebank.open_book(tx, book_of(here.town.districts[1].id), city=CITY)
    async with transaction(platform.db) as tx:
        march = datetime(2025, 2, 28, 16, tzinfo=UTC)
        book = book_of(here.town.districts[1].id)
        await timebank.close_period(tx, book, starts_at=march, ends_at=march + timedelta(days=31), now=platform.now())
    wrong = [
        ("members.csv", 4, "phone_taken"),
        ("history.csv", 5, "period_closed"),  # V in the first district to X in the second
    ]
    assert sorted(await problems(platform)) == sorted(wrong)
    with pytest.raises(BankHasProblems, match="2 problems"):
        await imported(platform)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"name": "李婆婆"}, "elder_unknown"),
        ({"state": "closed"}, "elder_unknown"),
    ],
)
async def test_an_elder_must_be_registered_before(platform: Platform, changed: dict[str, str], code: str) -> None:
    here = await a_city(platform)
    async with transaction(platform.db) as tx:
        ((column, value),) = changed.items()
        await tx.execute(
            text(f"UPDATE elder SET {column} = :value WHERE id = :id"), {"value": value, "id": here.elder.id}
        )
    assert await problems(platform) == [("members.csv", 2, code)]


async def test_an_elder_belongs_to_the_district_she_is_registered_in(platform: Platform) -> None:
    await a_city(platform)
    files = files_with()
    files["members.csv"] = files["members.csv"].replace(b"elder,d1", b"elder,d2")
    assert await problems(platform, Files(files)) == [("members.csv", 2, "elder_elsewhere")]


def body_of(files: Files) -> dict[str, str]:
    packed = {name.removesuffix(".csv"): base64.b64encode(data).decode() for name, data in files.content.items()}
    return {**packed, "encoding": files.encoding}


async def test_an_operator_uploads_reads_the_report_and_commits_what_it_promised(
    platform: Platform, client: httpx.AsyncClient, as_: Headers
) -> None:
    await a_city(platform)
    async with transaction(platform.db) as tx:
        operator, officer = [await an_actor(platform, tx, role) for role in (Role.OPERATOR, Role.OFFICER)]
    before = await counts(platform)
    assert (await client.post("/v1/imports/dry-run", json=body_of(BANK), headers=as_(officer))).status_code == 403
    report = (await client.post("/v1/imports/dry-run", json=body_of(BANK), headers=as_(operator))).json()
    assert (report["problems"], report["members"]) == ([], {"elder": 1, "individual": 3})
    assert (report["entries"], report["minutes"], report["done"]) == (5, 290, False)
    assert await counts(platform) == before
    wrong = await client.post("/v1/imports", json=body_of(BANK) | {"token": "0" * 64}, headers=as_(operator))
    assert (wrong.status_code, wrong.json()["code"]) == (409, "report_stale")
    body, headers = body_of(BANK) | {"token": report["token"]}, as_(operator)
    first, again = [await client.post("/v1/imports", json=body, headers=headers) for _ in range(2)]
    assert (first.status_code, first.json()["minutes"]) == (201, 290)
    assert again.json() == first.json()
    assert (await client.post("/v1/imports/dry-run", json=body_of(BANK), headers=as_(operator))).json()["done"]


async def test_a_report_names_every_problem_and_gives_no_token(
    platform: Platform, client: httpx.AsyncClient, as_: Headers
) -> None:
    await a_city(platform)
    async with transaction(platform.db) as tx:
        operator = await an_actor(platform, tx, Role.OPERATOR)
    body = body_of(Files(files_with(balances=BALANCES.replace("V,90", "V,91"))))
    report = (await client.post("/v1/imports/dry-run", json=body, headers=as_(operator))).json()
    assert (report["token"], report["problems_total"]) == (None, 1)
    assert report["problems"][0] == {
        "file": "balances.csv",
        "line": 3,
        "column": "minutes",
        "code": "balance_differs",
        "zh": "余额 91 与历史合计 90 不符",
        "en": "the balance is 91, its history makes 90",
    }
    broken = await client.post("/v1/imports/dry-run", json=body | {"members": "=="}, headers=as_(operator))
    assert (broken.status_code, broken.json()["code"]) == (400, "not_base64")


async def test_a_token_is_of_one_report_alone(platform: Platform) -> None:
    await a_city(platform)
    async with transaction(platform.db) as tx:
        judged = await judge(tx, platform.vault, BANK, policy=platform.policy, now=platform.now())
    with pytest.raises(ReportStale):
        await imported(platform, Files(files_with(history=None)), token=judged.report.token)
    policy = platform.policy.model_copy(update={"version": 2})
    with pytest.raises(ReportStale):
        await imported(dataclasses.replace(platform, policy=policy), token=judged.report.token)
    assert (await imported(platform, token=judged.report.token)).minutes == 290


@pytest.fixture
def run(settings: Settings) -> Callable[..., Awaitable[Result]]:
    environment = settings.environment()

    async def invoke(*arguments: str) -> Result:
        return await asyncio.to_thread(CliRunner().invoke, cli.app, ["ledger", "import", *arguments], env=environment)

    return invoke


async def test_a_bank_is_imported_at_a_terminal(
    platform: Platform, run: Callable[..., Awaitable[Result]], tmp_path: Path
) -> None:
    await a_city(platform)
    for name, data in files_with().items():
        (tmp_path / name).write_bytes(data.decode().encode("gb18030"))
    unnamed = await run(str(tmp_path))
    (first, _) = csv.DictReader(io.StringIO(unnamed.stdout))
    assert (unnamed.exit_code, first["code"], first["line"]) == (1, "wrong_encoding", "2")
    dry = await run(str(tmp_path), "--encoding", "gb18030")
    assert (dry.exit_code, "a dry run" in dry.stderr) == (0, True)
    assert (await counts(platform))["bank_import"] == 0
    for said in ("imported as", "came in before"):
        done = await run(str(tmp_path), "--encoding", "gb18030", "--commit")
        assert (done.exit_code, said in done.stderr) == (0, True)
    async with transaction(platform.db) as tx:
        assert await tx.scalar(select(col(BankImport.minutes))) == 290
    for wrong in (
        [str(tmp_path / "none")],
        [str(tmp_path), "--encoding", "latin1"],
        [str(tmp_path / "members.csv")] * 2,
    ):
        assert (await run(*wrong)).exit_code == 2, wrong
