"""Every problem of a file is named by line and column, and nothing that a file may hold makes the reader fall over."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.hours.importing.files import Encoding
from marketplace.hours.importing.judging import Bank, bank_of, in_order
from marketplace.hours.importing.problems import TEXTS
from marketplace.hours.importing.report import problems_csv
from tests.marketplace.hours.importing.builders import BALANCES, DISTRICTS, HISTORY, MEMBERS, TODAY, files_with

Found = list[tuple[str, int, str, str]]


def judged(files: dict[str, bytes], encoding: Encoding = "utf-8", *, most_rows: int = 100, cap: int = 90_000) -> Bank:
    return bank_of(files, encoding=encoding, districts=DISTRICTS, today=TODAY, cap_minutes=cap, most_rows=most_rows)


def found_in(bank: Bank) -> Found:
    return [(one.file.removesuffix(".csv"), one.line, one.column, one.code) for one in in_order(bank.problems)]


def test_a_sound_bank_has_no_problem() -> None:
    bank = judged(files_with())
    assert bank.problems == []
    assert bank.closing == {"E": 120, "V": 90, "W": 60, "X": 20}
    assert [row.phone for row in bank.members][1] == "13900000002"
    assert bank.rows == {"members.csv": 4, "balances.csv": 4, "history.csv": 5}


def test_without_a_history_the_balances_stand_alone() -> None:
    assert judged(files_with(history=None)).problems == []


def test_columns_go_by_their_chinese_names_in_any_order() -> None:
    chinese = "金额,会员编号,截止日期\n".replace("金额", "余额") + "".join(
        f"{minutes},{member},2025-12-31\n" for member, minutes in (("E", 120), ("V", 90), ("W", 60), ("X", 20))
    )
    assert judged(files_with(balances=chinese)).problems == []


CASES: list[tuple[str, dict[str, str | bytes | None], Found]] = [
    (
        "a district that is not",
        {"members": MEMBERS.replace(",d2,", ",d9,")},
        [("members", 5, "district", "unknown_district")],
    ),
    (
        "one id twice",
        {"members": MEMBERS + "V,孙四,13900000005,individual,d1,1980-01-01,2025-01-01\n"},
        [("members", 6, "external_id", "doubled_id")],
    ),
    (
        "one phone twice",
        {"members": MEMBERS.replace("13900000003", "+86 139 0000 0002")},
        [("members", 4, "phone", "doubled_phone")],
    ),
    ("no phone", {"members": MEMBERS.replace("13900000003", "unknown")}, [("members", 4, "phone", "not_a_phone")]),
    ("an unknown kind", {"members": MEMBERS.replace("志愿者", "robot")}, [("members", 4, "kind", "unknown_kind")]),
    ("an empty name", {"members": MEMBERS.replace("赵二", " ")}, [("members", 4, "name", "empty")]),
    ("a long name", {"members": MEMBERS.replace("赵二", "赵" * 61)}, [("members", 4, "name", "too_long")]),
    ("a bell in a name", {"members": MEMBERS.replace("赵二", "赵\x07二")}, [("members", 4, "name", "unprintable")]),
    ("no date", {"members": MEMBERS.replace("1981-01-02", "1981-02-30")}, [("members", 4, "birth_on", "not_a_date")]),
    (
        "joined before birth",
        {"members": MEMBERS.replace("2024-12-03", "1979-12-03")},
        [("members", 4, "joined_on", "joined_before_birth")],
    ),
    (
        "joined tomorrow",
        {"members": MEMBERS.replace("2024-12-03", "2026-03-03")},
        [("members", 4, "joined_on", "in_future")],
    ),
    (
        "born long ago",
        {"members": MEMBERS.replace("1981-01-02", "1781-01-02")},
        [("members", 4, "birth_on", "too_early")],
    ),
    (
        "a balance that differs",
        {"balances": BALANCES.replace("V,90", "V,91")},
        [("balances", 3, "minutes", "balance_differs")],
    ),
    (
        "a balance that is missing",
        {"balances": BALANCES.replace("W,60,2025-12-31\n", "")},
        [("members", 4, "external_id", "balance_differs")],
    ),
    (
        "a balance below zero",
        {"balances": BALANCES.replace("V,90", "V,-90")},
        [("balances", 3, "minutes", "negative_minutes")],
    ),
    (
        "a fraction",
        {"balances": BALANCES.replace("V,90", "V,90.5")},
        [("balances", 3, "minutes", "fractional_minutes")],
    ),
    (
        "digits that are none of ours",
        {"balances": BALANCES.replace("V,90", "V,９０")},
        [("balances", 3, "minutes", "not_minutes")],
    ),
    (
        "far too many minutes",
        {"balances": BALANCES.replace("V,90", "V,9223372036854775808"), "history": None},
        [("balances", 3, "minutes", "huge_minutes")],
    ),
    (
        "above the cap",
        {"balances": BALANCES.replace("V,90", "V,90001"), "history": None},
        [("balances", 3, "minutes", "above_cap")],
    ),
    ("a balance twice", {"balances": BALANCES + "V,90,2025-12-31\n"}, [("balances", 6, "member", "doubled_balance")]),
    ("a balance of nobody", {"balances": BALANCES + "Q,0,2025-12-31\n"}, [("balances", 6, "member", "unknown_member")]),
    (
        "history after the balance",
        {"balances": BALANCES.replace("X,20,2025-12-31", "X,20,2025-03-31")},
        [("history", 6, "from", "after_balance")],
    ),
    (
        "history of nobody",
        {"history": HISTORY.replace("E,W", "Q,W")},
        [("balances", 2, "minutes", "balance_differs"), ("history", 4, "from", "unknown_member")],
    ),
    ("a key twice", {"history": HISTORY.replace("H5", "H4")}, [("history", 6, "key", "doubled_key")]),
    ("a self-transfer", {"history": HISTORY.replace("V,X", "V,V")}, [("history", 5, "to", "self_transfer")]),
    ("from nobody to nobody", {"history": HISTORY.replace(",X,,10", ",,,10")}, [("history", 6, "from", "nobody")]),
    ("no minutes", {"history": HISTORY.replace("V,X,30", "V,X,0")}, [("history", 5, "minutes", "no_minutes")]),
    (
        "tomorrow's history",
        {"history": HISTORY.replace("2025-03-01", "2026-03-03")},
        [("history", 5, "date", "in_future")],
    ),
    (
        "a column missing",
        {"history": HISTORY.replace("key,", "id,")},
        [("history", 1, "id", "unknown_column"), ("history", 1, "key", "missing_column")],
    ),
    (
        "a column twice",
        {"balances": BALANCES.replace("minutes,as_of", "minutes,minutes,as_of")},
        [("balances", 1, "minutes", "doubled_column")],
    ),
    ("a cell too many", {"balances": BALANCES.replace("V,90,", "V,90,,")}, [("balances", 3, "", "cells")]),
    ("semicolons", {"balances": BALANCES.replace(",", ";")}, [("balances", 1, "", "wrong_separator")]),
    ("tabs", {"balances": BALANCES.replace(",", "\t")}, [("balances", 1, "", "wrong_separator")]),
    (
        "a quote without its other",
        {"members": MEMBERS.replace('"钱,三"', '"钱,三')},
        [("members", 5, "", "quotes_broken")],
    ),
    ("a zero byte", {"balances": BALANCES.replace("W", "W\x00")}, [("balances", 4, "", "zero_byte")]),
    ("an empty file", {"balances": " \n"}, [("balances", 0, "", "empty_file")]),
    ("a file missing", {"balances": None}, [("balances", 0, "", "file_missing")]),
    (
        "a member who brings a debt",
        {"balances": BALANCES.replace("X,20,2025-12-31\n", ""), "history": HISTORY.replace("X,,10", "X,,40")},
        [("members", 5, "external_id", "below_zero")],
    ),
]


@pytest.mark.parametrize(("changed", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_problem_is_named_by_file_line_and_column(changed: dict[str, str | bytes | None], expected: Found) -> None:
    assert found_in(judged(files_with(**changed))) == expected


def test_every_problem_of_every_row_is_listed() -> None:
    broken = MEMBERS.replace("1980-01-02", "soon").replace(",d2,", ",d9,").replace("王一", "")
    assert found_in(judged(files_with(members=broken))) == [
        ("members", 3, "birth_on", "not_a_date"),
        ("members", 3, "name", "empty"),
        ("members", 5, "district", "unknown_district"),
    ]


def test_rows_beyond_the_limit_are_not_read() -> None:
    bank = judged(files_with(), most_rows=4)
    assert found_in(bank) == [("history", 6, "", "too_many_rows")]


def test_a_line_is_counted_where_its_row_begins() -> None:
    broken = HISTORY.replace("陪李奶奶散步", '"陪\n李奶奶"').replace("V,X,30", "V,X,3.5").replace("代购", "购")
    found = found_in(judged(files_with(history=broken)))
    assert ("history", 6, "minutes", "fractional_minutes") in found


def test_a_file_in_gb18030_is_read_when_it_is_named_and_refused_with_the_byte_when_it_is_not() -> None:
    files = {name: data.decode().encode("gb18030") for name, data in files_with().items()}
    assert judged(files, "gb18030").problems == []
    (members, history) = in_order(judged(files, "utf-8").problems)
    # line 2: "E," after the header's 55 and its line end, so the name's first byte is number 59 of the file
    first = files["members.csv"].index("李".encode("gb18030"))
    assert (members.line, members.code, members.data["byte"]) == (2, "wrong_encoding", first + 1)
    assert "gb18030" in members.sentence("en")
    assert history.line == 3


def test_a_file_in_utf_8_is_not_taken_for_gb18030() -> None:
    found = judged(files_with(), "gb18030").problems
    assert {(one.file, one.code) for one in found} == {
        ("members.csv", "wrong_encoding"),
        ("history.csv", "wrong_encoding"),
    }
    assert "utf-8" in found[0].sentence("zh")


def test_a_mark_of_utf_8_at_the_beginning_is_passed_over() -> None:
    files = {name: b"\xef\xbb\xbf" + data for name, data in files_with().items()}
    assert judged(files).problems == []


def test_a_single_foreign_byte_is_named_by_line_and_number() -> None:
    data = MEMBERS.encode()
    at = data.index("赵".encode()) + 1
    (problem,) = judged(files_with(members=data[:at] + b"\xff" + data[at:])).problems
    assert (problem.line, problem.data["byte"]) == (4, at)


def test_problems_are_given_out_as_csv_in_both_languages() -> None:
    bank = judged(files_with(balances=BALANCES.replace("V,90", "V,91")))
    (row,) = csv.DictReader(io.StringIO(problems_csv(bank.problems)))
    assert (row["line"], row["zh"]) == ("3", "余额 91 与历史合计 90 不符")
    assert row["en"] == "the balance is 91, its history makes 90"


NASTY = st.sampled_from(
    ['"', ",", ";", "\r", "\n", "\x00", "\ufeff", "－", "1e9", "-0", "𠮷", "\u2028", "=1", "99999999999999999999"]
)


@given(
    data=st.one_of(st.binary(max_size=300), st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace"))),
    which=st.sampled_from(["members", "balances", "history"]),
    encoding=st.sampled_from(["utf-8", "gb18030"]),
)
def test_whatever_bytes_come_the_reader_answers_with_problems(data: bytes, which: str, encoding: Encoding) -> None:
    bank = judged(files_with(**{which: data}), encoding)
    assert bank.problems
    for problem in bank.problems:
        assert problem.code in TEXTS
        assert problem.sentence("zh")
        assert problem.sentence("en")


@given(
    which=st.sampled_from(["members", "balances", "history"]),
    at=st.integers(0, 400),
    put=st.lists(NASTY, min_size=1, max_size=3).map("".join),
    dropped=st.integers(0, 5),
)
def test_a_file_that_is_nearly_right_is_judged_too(which: str, at: int, put: str, dropped: int) -> None:
    text = {"members": MEMBERS, "balances": BALANCES, "history": HISTORY}[which]
    for problem in judged(files_with(**{which: text[:at] + put + text[at + dropped :]})).problems:
        assert problem.sentence("zh") != problem.sentence("en")
