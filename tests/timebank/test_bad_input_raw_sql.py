"""Bad input by raw SQL as the application's role, where Python's checks are absent: named, and nothing changed."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from tests.timebank.digest import digest
from tests.timebank.town import BAI_B, NOON, POOL_A, VERA_A, Town
from timebank.errors import InvalidCommand, UnknownAccount, UnknownEntry, UnknownHold, named
from timebank.export import export_lines
from timebank.proof import prove
from timebank.schema import grant_sql
from timebank.verify import verify

AT = "2026-03-02T04:00:00Z"
LATER = "2026-03-02T05:00:00Z"
NEW = "00000000-0000-0000-0000-00000000000a"


def transfer(**changes: Any) -> dict[str, Any]:
    return {"source": str(BAI_B), "destination": str(VERA_A), "amount": 5} | changes


def post(**changes: Any) -> dict[str, Any]:
    whole = {"type": "post", "key": "k", "kind": "s", "reference": "r", "occurred_at": AT, "transfers": [transfer()]}
    return whole | changes


def hold(**changes: Any) -> dict[str, Any]:
    whole = {"type": "hold", "key": "h", "account": str(BAI_B), "amount": 5, "expires_at": LATER, "reference": "r"}
    return whole | changes


def capture(**changes: Any) -> dict[str, Any]:
    whole = {"type": "capture", "key": "c", "hold_key": "h", "destination": str(VERA_A), "occurred_at": AT}
    return whole | {"reference": "r", "kind": "capture", "amount": None, "excess_to": None} | changes


def limits(**changes: Any) -> dict[str, Any]:
    return {"type": "limits", "key": "l", "account": str(VERA_A), "floor": 0, "cap": None} | changes


def opening(**changes: Any) -> dict[str, Any]:
    whole = {"type": "open", "key": "o", "account": NEW, "book": "A", "unit": "minute", "kind": "member"}
    return whole | {"owner": None, "floor": 0, "cap": None} | changes


def without(command: dict[str, Any], field: str) -> dict[str, Any]:
    return {name: value for name, value in command.items() if name != field}


BAD_AMOUNTS = (0, -1, 0.5, 60.0, True, "5", None, [5], {"a": 5}, 2**63, 10**15 + 1, 10**400)
BAD_TEXTS: tuple[Any, ...] = (
    "",
    "k" * 201,
    "k" * 10_000,
    "line\nbreak",
    "\u0085",
    "\u200b",
    "\ue000",
    None,
    5,
    {},
    ["k"],
)
BAD_IDS: tuple[Any, ...] = ("x", "", None, 5, {}, str(BAI_B) + "0", str(BAI_B).replace("-", ""), "g" + str(BAI_B)[1:])
BAD_INSTANTS: tuple[Any, ...] = (
    *("x", "", None, 5, {}, "now", "infinity", "-infinity"),
    *("2026-03-02", "2026-03-02T04:00:00", "0000-03-02T04:00:00Z", "2026-13-02T04:00:00Z", "2026-02-30T04:00:00Z"),
    *("2026-03-02T24:00:00Z", "2026-03-02T04:60:00Z", "2026-03-02T04:00:00+25:00", "10000-01-01T00:00:00Z"),
    *("4000-01-01T00:00:00Z BC", "0001-01-01T00:00:00+08:00", "9999-12-31T23:59:59-08:00"),
)
NO_LISTS: tuple[Any, ...] = (None, {}, "x", 5, True)
NO_OBJECTS: tuple[Any, ...] = (None, [], "x", 5, [[]])
NO_TRANSFERS: tuple[Any, ...] = (None, [], {}, "x", 5, [None], ["x"], [[]])
TO_AND_FRO = [transfer(amount=1), transfer(source=str(VERA_A), destination=str(BAI_B), amount=1)]
CALLS: list[tuple[Any, str]] = [
    *((document, "commands") for document in (*NO_LISTS, [post()] * 10_001)),
    *(([command], "command") for command in NO_OBJECTS),
    *(([{}], "key"), ([post(type="sermon")], "type"), ([without(post(), "type")], "type"), ([post(type=None)], "type")),
    *(([post(transfers=[transfer(amount=amount)])], "amount") for amount in BAD_AMOUNTS),
    *(([hold(amount=amount)], "amount") for amount in BAD_AMOUNTS),
    *(([capture(amount=amount)], "amount") for amount in BAD_AMOUNTS if amount is not None),
    *(([post(**{field: word})], field) for field in ("key", "kind", "reference") for word in BAD_TEXTS),
    *(([post(transfers=[transfer(**{field: one})])], field) for field in ("source", "destination") for one in BAD_IDS),
    *(([post(excess_to=one)], "excess_to") for one in BAD_IDS if one is not None),
    *(([post(occurred_at=at)], "occurred_at") for at in BAD_INSTANTS),
    *(([hold(expires_at=at)], "expires_at") for at in BAD_INSTANTS),
    *(([post(transfers=none)], "transfers") for none in NO_TRANSFERS),
    ([post(transfers=TO_AND_FRO * 5_000)], "transfers"),
    *(([without(post(), field)], field) for field in ("key", "kind", "reference", "occurred_at", "transfers")),
    *(([without(hold(), field)], field) for field in ("key", "account", "amount", "expires_at", "reference")),
    *(([without(capture(), field)], field) for field in ("hold_key", "destination", "occurred_at", "reference")),
    # a floor that was forgotten must not mean: none
    *(([without(limits(), field)], field) for field in ("account", "floor", "cap")),
    *(([without(opening(), field)], field) for field in ("account", "book", "unit", "kind", "floor", "cap")),
    *(([limits(floor=floor)], "floor") for floor in (1, 0.5, "0", -(2**63), -(10**15) - 1, True)),
    *(([limits(cap=cap)], "cap") for cap in (-1, 0.5, "0", 2**63, True)),
    *(([opening(unit=unit)], "unit") for unit in ("kilogram", None, "", 5)),
    ([opening(kind="issuance", floor=None)], "floor"),
    ([{"type": "reverse", "key": "r", "entry_key": "grant:bai", "occurred_at": AT}], "reason"),
    *(([{"type": what, "key": "a", "account": None}], "account") for what in ("close", "reopen")),
    ([post(excess=str(POOL_A))], "unknown field"),
    ([post(transfers=[transfer(note="x")])], "unknown field"),
    ([post(key="cycle:city:minute:2026-03-02")], "key"),  # it would keep that night from being run
    ([post(key="good"), post(key="")], "key"),
]  # fmt: skip


@pytest.fixture
async def role(town: Town) -> AsyncIterator[str]:
    """A role with an application's rights and no others."""
    name = f"application_{uuid4().hex}"
    async with town.begin() as tx:
        await tx.execute(text(f'CREATE ROLE "{name}"'))
        for statement in grant_sql(name):
            await tx.execute(text(statement))
    yield name
    async with town.begin() as tx:
        for statement in (f'DROP OWNED BY "{name}"', f'DROP ROLE "{name}"'):
            await tx.execute(text(statement))


async def said(tx: AsyncSession, role: str, document: str, now: str = "'2026-03-02 04:00:00+00'") -> DBAPIError:
    """What the database says to a raw call, which is taken back."""
    await tx.execute(text(f'SET LOCAL ROLE "{role}"'))
    with pytest.raises(DBAPIError) as raised:
        await tx.execute(text(f"SELECT ledger_apply(CAST(:document AS jsonb), {now})"), {"document": document})
    await tx.rollback()
    return raised.value


async def test_every_malformed_call_is_refused_by_name_and_changes_nothing(town: Town, role: str) -> None:
    before = await digest(town)
    async with AsyncSession(town.engine) as tx:
        for document, field in CALLS:
            refusal = named(await said(tx, role, json.dumps(document)))
            assert isinstance(refusal, InvalidCommand), document
            assert refusal.data["field"] == field, document
            assert refusal.data["reason"]
        for now in ("NULL", "'infinity'", "'-infinity'", "'12000-01-01'"):
            refusal = named(await said(tx, role, json.dumps([post(occurred_at="2999-01-01T00:00:00Z")]), now))
            assert isinstance(refusal, InvalidCommand)
            assert refusal.data["field"] == "now"
    assert await digest(town) == before


async def test_the_refusal_tells_which_command_of_the_call_it_was(town: Town, role: str) -> None:
    async with AsyncSession(town.engine) as tx:
        refusal = named(await said(tx, role, json.dumps([post(), hold(amount=0)])))
    assert refusal is not None
    assert (refusal.data["command"], refusal.data["key"], refusal.data["field"]) == (1, "h", "amount")


async def test_text_that_is_no_json_is_refused_before_the_ledger_hears_of_it(town: Town, role: str) -> None:
    before = await digest(town)
    documents = ('[{"type":', '["\\ud800"]', '[{"key": "\\u0000"}]', "[" * 100_000 + "]" * 100_000, "", "[NaN]")
    states = []
    async with AsyncSession(town.engine) as tx:
        for document in documents:
            cause: Any = (await said(tx, role, document)).orig
            states.append(cause.sqlstate)
    # invalid text, text, Unicode escape, depth of the stack: PostgreSQL's own, and clean
    assert states == ["22P02", "22P02", "22P05", "54001", "22P02", "22P02"]
    assert await digest(town) == before


ELSEWHERE = {  # the other functions that an application may call, with what spoils a night or an export
    "ledger_run_cycle('city', 'sermon', '2026-03-02', '{}', '2026-03-02 04:00:00+00')": "unit",
    "ledger_run_cycle('city', 'minute', 'infinity', '{}', '2026-03-02 04:00:00+00')": "on_day",
    "ledger_run_cycle('city', 'minute', '-infinity', '{}', '2026-03-02 04:00:00+00')": "on_day",
    "ledger_run_cycle('city', 'minute', '2026-03-04', '{}', '2026-03-02 04:00:00+00')": "on_day",
    "ledger_make_root('infinity')": "on_day",
    "ledger_make_root('0044-03-15 BC')": "on_day",
    "ledger_open_book('', 'city', NULL)": "book",
    "ledger_open_book(NULL, 'city', NULL)": "book",
    "ledger_open_book('line' || chr(10) || 'break', 'city', NULL)": "book",
    "ledger_open_book('D', 'branch', NULL)": "book",
    "ledger_close_period('A', '2026-03-02', '2026-03-02', '2026-03-03')": "ends_at",
    "ledger_close_period('A', '2026-03-02', '2026-03-04', '2026-03-03')": "ends_at",
}


async def test_the_other_functions_refuse_by_name_what_would_spoil_a_night_or_an_export(town: Town, role: str) -> None:
    before = await digest(town)
    async with AsyncSession(town.engine) as tx:
        for call, field in ELSEWHERE.items():
            await tx.execute(text(f'SET LOCAL ROLE "{role}"'))
            with pytest.raises(DBAPIError) as raised:
                await tx.execute(text(f"SELECT {call}"))
            await tx.rollback()
            refusal = named(raised.value)
            assert isinstance(refusal, InvalidCommand), call
            assert refusal.data["field"] == field, call
    assert await digest(town) == before


async def test_a_period_from_before_all_time_is_closed_proved_and_exported(town: Town, role: str) -> None:
    async with town.begin() as tx:
        await tx.execute(text(f'SET LOCAL ROLE "{role}"'))
        await tx.execute(text("SELECT ledger_close_period('A', '-infinity', '2026-03-01', '2026-03-02')"))
        await tx.execute(text("RESET ROLE"))
        assert await prove(tx) == []
        verify([line async for line in export_lines(tx)])


async def test_what_is_well_formed_but_knows_nobody_is_refused_by_its_own_name(town: Town, role: str) -> None:
    before = await digest(town)
    reverse = {"type": "reverse", "key": "r", "entry_key": "nothing", "occurred_at": AT, "reason": "mistake"}
    async with AsyncSession(town.engine) as tx:
        for command, kind in (
            (post(transfers=[transfer(source=NEW)]), UnknownAccount),
            (hold(account=NEW), UnknownAccount),
            (capture(hold_key="nothing"), UnknownHold),
            (reverse, UnknownEntry),
            (post(transfers=[transfer(source=str(VERA_A))]), InvalidCommand),  # to itself
        ):
            assert isinstance(named(await said(tx, role, json.dumps([command]))), kind)
    assert await digest(town) == before


async def test_instants_of_the_years_1_and_9999_in_any_zone_are_taken_and_can_be_read_and_exported(
    town: Town, role: str
) -> None:
    async with town.begin() as tx:
        await tx.execute(text(f'SET LOCAL ROLE "{role}"'))
        commands = [
            post(key="first", occurred_at="0001-01-01T00:00:00Z"),
            post(key="leap", occurred_at="2024-02-29 23:59:59.5+0800"),
            hold(key="last", expires_at="9999-12-31T23:59:59.999999+00:00"),
        ]
        await tx.execute(
            text("SELECT ledger_apply(CAST(:document AS jsonb), :now)"), {"document": json.dumps(commands), "now": NOON}
        )
        await tx.execute(text("RESET ROLE"))
    assert (await town.account(VERA_A, now=NOON + timedelta(days=1))).posted == 10
    assert (await town.account(BAI_B)).held == 5
