"""Cells to values: each rule names the cell that breaks it; a row with a problem is left out, the others go on."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypeVar
from uuid import UUID

from marketplace.hours.importing.columns import KINDS, BalanceRow, HistoryRow, MemberRow
from marketplace.hours.importing.files import Row, Sheet
from marketplace.hours.importing.problems import Problem
from marketplace.people.accounts import normal_phone

T = TypeVar("T")
LONGEST_ID, LONGEST_NAME, LONGEST_KIND, LONGEST_TEXT = 100, 60, 40, 500
MOST_MINUTES = 10_000_000  # 166,666 hours: beyond any life of service
EARLIEST = date(1900, 1, 1)
_DATE = re.compile(r"([0-9]{4})[-/]([0-9]{1,2})[-/]([0-9]{1,2})")
_NUMBER = re.compile(r"[+-]?[0-9]{1,30}")
_FRACTION = re.compile(r"[+-]?[0-9]*[.,][0-9]+")
_PHONE = re.compile(r"\+?[0-9]{6,15}")


@dataclass
class Cells:
    """One row's cells, and the problems found in them."""

    sheet: Sheet
    row: Row
    problems: list[Problem]
    today: date

    def wrong(self, column: str, code: str, **data: object) -> None:
        """Name a problem of a column."""
        title = self.sheet.titles.get(column, column)
        self.problems.append(Problem(self.sheet.name, self.row.line, title, code, data))

    def text(self, column: str, longest: int, *, may_be_empty: bool = False) -> str:
        """The cell's text."""
        value = self.row.cells[column]
        if not value and not may_be_empty:
            self.wrong(column, "empty")
        elif len(value) > longest:
            self.wrong(column, "too_long", longest=longest)
        elif not value.isprintable():
            self.wrong(column, "unprintable")
        return value

    def day(self, column: str) -> date:
        """A past day, or today."""
        found = _DATE.fullmatch(self.row.cells[column])
        try:
            day = date(*map(int, found.groups())) if found else None
        except ValueError:
            day = None
        if day is None:
            self.wrong(column, "not_a_date")
        elif day > self.today:
            self.wrong(column, "in_future")
        elif day < EARLIEST:
            self.wrong(column, "too_early")
        return day or EARLIEST

    def minutes(self, column: str, *, least: int) -> int:
        """A whole number of minutes."""
        value = self.row.cells[column]
        if _FRACTION.fullmatch(value):
            self.wrong(column, "fractional_minutes")
            return 0
        if not _NUMBER.fullmatch(value):
            self.wrong(column, "not_minutes" if value else "empty")
            return 0
        number = int(value)
        if number < 0:
            self.wrong(column, "negative_minutes")
        elif number < least:
            self.wrong(column, "no_minutes")
        elif number > MOST_MINUTES:
            self.wrong(column, "huge_minutes", limit=MOST_MINUTES)
        return number

    def phone(self, column: str) -> str:
        """A telephone number in its one spelling."""
        value = re.sub(r"[\s()-]", "", self.row.cells[column])
        if not _PHONE.fullmatch(value):
            self.wrong(column, "not_a_phone" if value else "empty")
            return ""
        return normal_phone(value)

    def kind(self, column: str) -> str:
        """A kind of member."""
        value = self.row.cells[column].casefold()
        found = next((kind for kind, others in KINDS.items() if value in (kind, *others)), None)
        if found is None:
            self.wrong(column, "unknown_kind", known=", ".join(KINDS))
        return found or ""

    def district(self, column: str, districts: Mapping[str, UUID]) -> UUID:
        """A district by code or name."""
        found = districts.get(self.row.cells[column].casefold())
        if found is None:
            self.wrong(column, "unknown_district")
        return found or UUID(int=0)


def rows_of(sheet: Sheet, make: Callable[[Cells], T], problems: list[Problem], *, today: date) -> list[T]:
    """What each row says; rows with a problem are left out."""
    made = []
    for row in sheet.rows:
        before = len(problems)
        one = make(Cells(sheet, row, problems, today))
        if len(problems) == before:
            made.append(one)
    return made


def member_row(districts: Mapping[str, UUID]) -> Callable[[Cells], MemberRow]:
    """Reads a row of members.csv; `districts` by code and by both names, in lower case."""

    def make(cells: Cells) -> MemberRow:
        row = MemberRow(
            line=cells.row.line,
            external_id=cells.text("external_id", LONGEST_ID),
            name=cells.text("name", LONGEST_NAME),
            phone=cells.phone("phone"),
            kind=cells.kind("kind"),
            district_id=cells.district("district", districts),
            birth_on=cells.day("birth_on"),
            joined_on=cells.day("joined_on"),
        )
        if EARLIEST < row.joined_on < row.birth_on:
            cells.wrong("joined_on", "joined_before_birth")
        return row

    return make


def balance_row(cells: Cells) -> BalanceRow:
    """Reads a row of balances.csv."""
    member = cells.text("member", LONGEST_ID)
    return BalanceRow(cells.row.line, member, cells.minutes("minutes", least=0), cells.day("as_of"))


def history_row(cells: Cells) -> HistoryRow:
    """Reads a row of history.csv."""
    row = HistoryRow(
        line=cells.row.line,
        key=cells.text("key", LONGEST_ID),
        day=cells.day("date"),
        source=cells.text("from", LONGEST_ID, may_be_empty=True),
        destination=cells.text("to", LONGEST_ID, may_be_empty=True),
        minutes=cells.minutes("minutes", least=1),
        kind=cells.text("kind", LONGEST_KIND, may_be_empty=True),
        text=cells.text("text", LONGEST_TEXT, may_be_empty=True),
    )
    if not row.source and not row.destination:
        cells.wrong("from", "nobody")
    elif row.source == row.destination:
        cells.wrong("to", "self_transfer")
    return row
