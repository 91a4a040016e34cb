import csv
import io
import json
from collections.abc import Callable
from datetime import timedelta

import httpx
import openpyxl
import pytest
from pypdf import PdfReader

from marketplace.base.actor import Actor
from marketplace.base.database import transaction
from marketplace.base.outbox import Message
from marketplace.base.platform import Platform
from marketplace.hours.jobs import cycle_due
from tests.conftest import MovableClock
from tests.marketplace.hours.builders import Person, a_bank, a_member_elder, a_person, a_task, give, serve
from timebank.verify_statement import BadStatement, check

Headers = Callable[[Actor], dict[str, str]]
YEARS = "from=2024-06-01&to=2026-03-31"


async def a_history(platform: Platform) -> Person:
    """47 minutes earned by companionship on 3 March 2026, then five grants of 1 to 5 minutes, a day apart."""
    async with transaction(platform.db) as tx:
        bank = await a_bank(platform, tx)
        elder, _ = await a_member_elder(platform, tx, bank, minutes=60)
        person = await a_person(platform, tx, bank)
        task = await a_task(platform, tx, elder)
    await serve(platform, task, person, 47)
    for minutes in range(1, 6):
        platform.clock.set(platform.now() + timedelta(days=1))  # type: ignore[attr-defined]
        async with transaction(platform.db) as tx:
            await give(platform, tx, bank, person.account, minutes)
    return person


def address_of(person: Person, query: str = YEARS) -> str:
    return f"/v1/members/{person.member.id}/statement?{query}"


async def test_a_history_of_years_is_read_by_pages_that_add_up(
    platform: Platform, client: httpx.AsyncClient, as_: Headers
) -> None:
    person = await a_history(platform)
    minutes, after, pages = [], "", 0
    while True:
        page = (await client.get(address_of(person) + f"&limit=2{after}", headers=as_(person.actor))).json()
        assert (page["opening_minutes"], page["closing_minutes"]) == (0, 62)
        minutes += [entry["minutes"] for entry in page["entries"]]
        pages += 1
        if page["next_after"] is None:
            break
        after = f"&after={page['next_after']}"
    assert (minutes, pages) == ([47, 1, 2, 3, 4, 5], 3)


async def test_a_history_is_a_spreadsheet_and_a_pdf_in_both_languages(
    platform: Platform, client: httpx.AsyncClient, as_: Headers
) -> None:
    person = await a_history(platform)
    worded = {
        "zh-CN": ("说明", "时间银行对账单", "志愿服务（陪伴）获得 47 分钟"),
        "en": ("What for", "Time bank statement", "47 minutes earned by companionship"),
    }
    for language, (column, title, words) in worded.items():
        headers = as_(person.actor) | {"Accept-Language": language}
        answer = await client.get(address_of(person, f"{YEARS}&format=xlsx"), headers=headers)
        assert answer.headers["content-disposition"] == 'attachment; filename="hours-2024-06-01-2026-03-31.xlsx"'
        rows = rows_of(answer.content)
        header = next(place for place, row in enumerate(rows) if column in row)
        assert rows[header + 1][2:] == [47, 47, words]
        assert [row[2] for row in rows[header + 1 :]] == [47, 1, 2, 3, 4, 5]
        assert str(rows[header + 1][0]) == "2026-03-03 10:47:00"  # the city's time
        answer = await client.get(address_of(person), headers=headers | {"Accept": "application/pdf"})
        said = "".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.content)).pages)
        for part in (title, words, "+47", "62", str(person.member.id)):
            assert part in said, part


def rows_of(spreadsheet: bytes) -> list[list[object]]:
    sheet = openpyxl.load_workbook(io.BytesIO(spreadsheet)).active
    assert sheet is not None
    return [[cell for cell in row if cell is not None] for row in sheet.iter_rows(values_only=True)]


async def test_a_history_is_csv_whole_and_a_form_there_is_not_is_refused_by_name(
    platform: Platform, client: httpx.AsyncClient, as_: Headers
) -> None:
    person = await a_history(platform)
    answer = await client.get(address_of(person, f"{YEARS}&format=csv"), headers=as_(person.actor))
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["balance_after_minutes"] for row in rows] == ["47", "48", "50", "53", "57", "62"]
    answer = await client.get(address_of(person, "format=docx"), headers=as_(person.actor))
    assert (answer.status_code, answer.json()["code"]) == (400, "unknown_format")


async def test_the_night_publishes_a_root_under_which_a_statement_proves_itself(
    platform: Platform, clock: MovableClock, client: httpx.AsyncClient, as_: Headers
) -> None:
    person = await a_history(platform)
    assert (await client.get("/v1/ledger/roots")).json() == {"items": [], "next_before": None}
    clock.set(clock.now() + timedelta(days=1))
    for _ in range(2):  # delivered twice, made once
        await cycle_due(platform, Message(name="cycle.due", ids={}))
    (root,) = (await client.get("/v1/ledger/roots")).json()["items"]
    assert root["on_day"] == "2026-03-08"
    page = (await client.get(address_of(person), headers=as_(person.actor))).json()
    assert page["root"] == root
    answer = await client.get(address_of(person, f"{YEARS}&format=proof"), headers=as_(person.actor))
    document = json.loads(answer.text)
    checked = check(document, [root["root"]])
    assert (checked.lines, checked.proven) == (6, 6)
    document["lines"][0]["amount"] = 48
    with pytest.raises(BadStatement):
        check(document, [root["root"]])
