"""Rows compared with one another: ids once, balances equal to their history, nobody unknown. Pure: no database."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar
from uuid import UUID

from marketplace.hours.importing.columns import (
    BALANCES,
    HISTORY,
    MEMBERS,
    SHAPES,
    SIGNING_IN,
    BalanceRow,
    HistoryRow,
    MemberRow,
)
from marketplace.hours.importing.files import MOST_ROWS, Encoding, Sheet, read
from marketplace.hours.importing.problems import Problem
from marketplace.hours.importing.values import balance_row, history_row, member_row, rows_of
from marketplace.hours.members.ages import is_minor

GUARDING = frozenset({"individual", "student", "elder"})
CONTACTS = frozenset({"individual", "student"})
MOST_IN_ALL = 2_000_000_000  # what a programme's ceiling holds
T = TypeVar("T", MemberRow, BalanceRow, HistoryRow)


@dataclass
class Bank:
    """A bank as its files tell it. `closing`: minutes of each member, by external id."""

    members: list[MemberRow] = field(default_factory=list)
    balances: list[BalanceRow] = field(default_factory=list)
    history: list[HistoryRow] = field(default_factory=list)
    has_history: bool = False
    rows: dict[str, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    @property
    def closing(self) -> dict[str, int]:
        """What every member brings along."""
        return {row.member: row.minutes for row in self.balances}


def bank_of(
    files: Mapping[str, bytes],
    *,
    encoding: Encoding,
    districts: Mapping[str, UUID],
    today: date,
    cap_minutes: int | None,
    most_rows: int = MOST_ROWS,
) -> Bank:
    """Read and judge the files. members.csv and balances.csv must be there, history.csv may."""
    bank = Bank(has_history=HISTORY.name in files)
    sheets: dict[str, Sheet] = {}
    for shape in SHAPES:
        if shape.name in files:
            sheets[shape.name], found = read(shape, files[shape.name], encoding=encoding, most_rows=most_rows)
            bank.problems += found
            bank.rows[shape.name] = len(sheets[shape.name].rows)
        elif shape is not HISTORY:
            bank.problems.append(Problem(shape.name, 0, "", "file_missing", {"name": shape.name}))
    readable = not bank.problems  # comparing half a file would name every row of the others
    _take(bank, sheets, districts, today)
    if readable:
        _compare(bank, cap_minutes, today)
    return bank


def in_order(problems: Iterable[Problem]) -> list[Problem]:
    """By file, line and column."""
    files = [shape.name for shape in SHAPES]
    return sorted(problems, key=lambda one: (files.index(one.file), one.line, one.column, one.code))


def _take(bank: Bank, sheets: Mapping[str, Sheet], districts: Mapping[str, UUID], today: date) -> None:
    empty = Sheet("", [], {})
    problems = bank.problems
    bank.members = rows_of(sheets.get(MEMBERS.name, empty), member_row(districts), problems, today=today)
    bank.balances = rows_of(sheets.get(BALANCES.name, empty), balance_row, problems, today=today)
    bank.history = rows_of(sheets.get(HISTORY.name, empty), history_row, problems, today=today)


def _compare(bank: Bank, cap_minutes: int | None, today: date) -> None:
    broken = {problem.file for problem in bank.problems}
    _once(bank, bank.members, MEMBERS.name, "external_id", "doubled_id", lambda row: row.external_id)
    # a couple of elders may share a telephone, an account may not
    alone = [row for row in bank.members if row.kind in SIGNING_IN]
    _once(bank, alone, MEMBERS.name, "phone", "doubled_phone", lambda row: row.phone)
    students = [row for row in bank.members if row.kind == "student"]
    _once(bank, students, MEMBERS.name, "student_number", "doubled_student", lambda row: row.student)
    _once(bank, bank.balances, BALANCES.name, "member", "doubled_balance", lambda row: row.member)
    _once(bank, bank.history, HISTORY.name, "key", "doubled_key", lambda row: row.key)
    if MEMBERS.name not in broken:
        _known(bank)
        _answered_for(bank, today)
    uncapped = {row.external_id for row in bank.members if row.kind == "group"}
    for row in bank.balances:
        if cap_minutes is not None and row.minutes > cap_minutes and row.member not in uncapped:
            bank.problems.append(Problem(BALANCES.name, row.line, "minutes", "above_cap", {"cap": cap_minutes}))
    if sum(bank.closing.values()) > MOST_IN_ALL:
        bank.problems.append(Problem(BALANCES.name, 0, "minutes", "huge_minutes", {"limit": MOST_IN_ALL}))
    if bank.has_history and not broken:
        _add_up(bank)


def _once(bank: Bank, rows: Iterable[T], file: str, column: str, code: str, of: Callable[[T], Hashable]) -> None:
    first: dict[Hashable, int] = {}
    for row in rows:
        line = first.setdefault(of(row), row.line)
        if line != row.line:
            bank.problems.append(Problem(file, row.line, column, code, {"line": line}))


def _known(bank: Bank) -> None:
    known = {row.external_id for row in bank.members}
    for balance in bank.balances:
        if balance.member not in known:
            bank.problems.append(Problem(BALANCES.name, balance.line, "member", "unknown_member"))
    for row in bank.history:
        for column, name in (("from", row.source), ("to", row.destination)):
            if name and name not in known:
                bank.problems.append(Problem(HISTORY.name, row.line, column, "unknown_member"))


def _answered_for(bank: Bank, today: date) -> None:
    """Guardians and contacts are adults of the file; a group's contact signs in."""
    members = {row.external_id: row for row in bank.members}
    for row in bank.members:
        for column, name, kinds in (("guardian", row.guardian, GUARDING), ("contact", row.contact, CONTACTS)):
            other = members.get(name)
            if name and (other is None or other.kind not in kinds or _under_age(other, today)):
                bank.problems.append(Problem(MEMBERS.name, row.line, column, f"{column}_unknown"))


def _under_age(row: MemberRow, today: date) -> bool:
    return row.birth_on is not None and is_minor(row.birth_on, today)


def _add_up(bank: Bank) -> None:
    """Each balance is what its history makes, and nothing happened after the day it was taken."""
    sums: dict[str, int] = defaultdict(int)
    until = {row.member: row.as_of for row in bank.balances}
    for row in bank.history:
        for column, name, minutes in (("from", row.source, -row.minutes), ("to", row.destination, row.minutes)):
            sums[name] += minutes
            if name in until and row.day > until[name]:
                wrong: dict[str, object] = {"day": until[name].isoformat()}
                bank.problems.append(Problem(HISTORY.name, row.line, column, "after_balance", wrong))
    told = bank.closing
    for balance in bank.balances:
        if sums[balance.member] != balance.minutes:
            differing: dict[str, object] = {"balance": balance.minutes, "history": sums[balance.member]}
            bank.problems.append(Problem(BALANCES.name, balance.line, "minutes", "balance_differs", differing))
    for member in bank.members:
        history = sums[member.external_id]
        if member.external_id not in told and history:
            code = "below_zero" if history < 0 else "balance_differs"
            data: dict[str, object] = {"balance": 0, "history": history}
            bank.problems.append(Problem(MEMBERS.name, member.line, "external_id", code, data))
