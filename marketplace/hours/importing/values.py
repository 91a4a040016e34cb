"""Cells to values: each rule names the cell that breaks it; a row with a problem is left out, the others go on."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar
from uuid import UUID

from marketplace.hours.importing.columns import GENDERS, KINDS, BalanceRow, HistoryRow, MemberRow
from marketplace.hours.importing.files import Row, Sheet
from marketplace.hours.importing.problems import Problem
from marketplace.hours.members.ages import MAJORITY
from marketplace.hours.members.relatives import age_on
from marketplace.hours.models import LARGEST_GROUP
from marketplace.people.accounts import normal_phone

T = TypeVar("T")
LONGEST_ID, LONGEST_NAME, LONGEST_KIND, LONGEST_TEXT = 100, 60, 40, 500
LONGEST_SCHOOL, LONGEST_NUMBER = 100, 40
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
        """The cell's text; that of a column that the file does not have is empty."""
        value = self.row.cells.get(column, "")
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
        return self._one_of(column, KINDS, "unknown_kind")

    def gender(self, column: str) -> str:
        """f or m."""
        return self._one_of(column, GENDERS, "unknown_gender")

    def _one_of(self, column: str, known: Mapping[str, tuple[str, ...]], code: str) -> str:
        value = self.row.cells.get(column, "").casefold()
        found = next((one for one, others in known.items() if value in (one, *others)), None)
        if found is None:
            self.wrong(column, code, known=", ".join(known))
        return found or ""

    def people(self, column: str) -> int:
        """How many people a group counts."""
        value = self.row.cells.get(column, "")
        number = int(value) if value.isdecimal() and len(value) < 6 else 0
        if not 2 <= number <= LARGEST_GROUP:
            self.wrong(column, "group_size", most=LARGEST_GROUP)
        return number

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
        kind = cells.kind("kind")
        row = MemberRow(
            line=cells.row.line,
            external_id=cells.text("external_id", LONGEST_ID),
            name=cells.text("name", LONGEST_NAME),
            phone="" if kind == "group" else cells.phone("phone"),
            kind=kind,
            district_id=cells.district("district", districts),
            birth_on=None if kind == "group" else cells.day("birth_on"),
            joined_on=cells.day("joined_on"),
            **_of_kind(cells, kind),
        )
        if row.birth_on is not None:
            _judge_age(cells, row, row.birth_on)
        return row

    return make


def _of_kind(cells: Cells, kind: str) -> dict[str, Any]:
    """What only some kinds of members have."""
    if kind == "group":
        who = {"size": cells.people("size"), "contact": cells.text("contact", LONGEST_ID)}
        return who | {"gender": cells.gender("gender")}
    if kind == "minor":
        return {"guardian": cells.text("guardian", LONGEST_ID)}
    if kind != "student":
        return {}
    return {
        "school": cells.text("school", LONGEST_SCHOOL),
        "student_number": cells.text("student_number", LONGEST_NUMBER),
        "guardian": cells.text("guardian", LONGEST_ID, may_be_empty=True),
    }


def _judge_age(cells: Cells, row: MemberRow, birth_on: date) -> None:
    if EARLIEST < row.joined_on < birth_on:
        cells.wrong("joined_on", "joined_before_birth")
    under_age = birth_on > EARLIEST and age_on(birth_on, cells.today) < MAJORITY
    if row.kind == "minor" and not under_age:
        cells.wrong("birth_on", "of_age")
    elif row.kind == "individual" and under_age:
        cells.wrong("kind", "under_age")
    elif row.kind == "student" and under_age and not row.guardian:
        cells.wrong("guardian", "guardian_missing")


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
