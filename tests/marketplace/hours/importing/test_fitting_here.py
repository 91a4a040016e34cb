"""What does not fit what is here already is named by row, and nothing is changed."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

import timebank
from marketplace.base.actor import Role
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.hours.books import CITY, book_of
from marketplace.hours.importing.errors import BankHasProblems
from marketplace.hours.importing.report import Files
from tests.builders import an_account
from tests.marketplace.hours.importing.builders import a_city, files_with, imported, problems


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
