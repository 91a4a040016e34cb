"""Reading a CSV file of a bank: bytes to rows, with what cannot be read named by line and byte. Never an exception."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from marketplace.hours.importing.problems import Problem

Encoding = Literal["utf-8", "gb18030"]
ENCODINGS: tuple[Encoding, ...] = ("utf-8", "gb18030")
MOST_ROWS = 1_000_000
BOM = b"\xef\xbb\xbf"
OTHER_SEPARATORS = ";\t|，；"
_THREE_BYTES = re.compile(rb"[\xe3-\xe9][\x80-\xbf]{2}")  # a Chinese character in UTF-8
PLAUSIBLY_UTF8 = 3  # so many in a file that reads as UTF-8 are no accident


@dataclass(frozen=True, slots=True)
class Row:
    """A row's cells by column, and the line it begins in."""

    line: int
    cells: dict[str, str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file that was read: its rows, and how its columns are called in it."""

    name: str
    rows: list[Row]
    titles: dict[str, str]


@dataclass(frozen=True, slots=True)
class Shape:
    """What a file must hold: column names, and by which other names they may go."""

    name: str
    columns: dict[str, tuple[str, ...]]
    optional: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def column_of(self, title: str) -> str | None:
        """The column that a header's cell names."""
        plain = title.strip().casefold()
        known = self.columns | self.optional
        return next((column for column, others in known.items() if plain in (column, *others)), None)


def read(shape: Shape, data: bytes, *, encoding: Encoding, most_rows: int = MOST_ROWS) -> tuple[Sheet, list[Problem]]:
    """The rows that can be read, and every problem with the file's form."""
    problems: list[Problem] = []
    sheet = Sheet(shape.name, [], {})
    text = _decoded(shape.name, data, encoding, problems)
    if text is None:
        return sheet, problems
    lines = _records(shape.name, text, problems)
    _, header = next(lines, (1, []))
    columns = _columns(shape, header, sheet, problems)
    if columns is None:
        return sheet, problems
    for line, cells in lines:
        if len(sheet.rows) == most_rows:
            problems.append(Problem(shape.name, line, "", "too_many_rows", {"limit": most_rows}))
            break
        if len(cells) != len(columns):
            wrong: dict[str, object] = {"wanted": len(columns), "found": len(cells)}
            problems.append(Problem(shape.name, line, "", "cells", wrong))
            continue
        sheet.rows.append(Row(line, {name: cell.strip() for name, cell in zip(columns, cells, strict=True) if name}))
    return sheet, problems


def _decoded(name: str, data: bytes, encoding: Encoding, problems: list[Problem]) -> str | None:
    """The text, or None with the first byte that does not belong to the encoding."""
    bare = data.removeprefix(BOM) if encoding == "utf-8" else data
    skipped = len(data) - len(bare)
    try:
        text = bare.decode(encoding)
    except UnicodeDecodeError as error:
        problems.append(_undecodable(name, data, encoding, error.start + skipped))
        return None
    if encoding == "gb18030" and _is_utf8(data):
        problems.append(_undecodable(name, data, encoding, _first_foreign(data)))
        return None
    if "\x00" in text:
        problems.append(Problem(name, text.count("\n", 0, text.index("\x00")) + 1, "", "zero_byte"))
        return None
    if not text.strip():
        problems.append(Problem(name, 0, "", "empty_file"))
        return None
    return text


def _is_utf8(data: bytes) -> bool:
    """Is this UTF-8 beyond doubt? GB 18030 takes nearly any bytes, so that it must be asked the other way round."""
    if data.startswith(BOM):
        return True
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return len(_THREE_BYTES.findall(data)) >= PLAUSIBLY_UTF8


def _first_foreign(data: bytes) -> int:
    return next((place for place, byte in enumerate(data) if byte > 0x7F), 0)


def _undecodable(name: str, data: bytes, encoding: Encoding, at: int) -> Problem:
    """Names the byte (from 1), and the encoding that would do."""
    other: Encoding = "gb18030" if encoding == "utf-8" else "utf-8"
    hint_zh = hint_en = ""
    if _reads_as(data, other):
        hint_zh, hint_en = f"；看来是 {other}，请指明编码", f"; it looks like {other}: name that encoding"
    wrong: dict[str, object] = {"encoding": encoding, "byte": at + 1, "hint_zh": hint_zh, "hint_en": hint_en}
    return Problem(name, data.count(b"\n", 0, at) + 1, "", "wrong_encoding", wrong)


def _reads_as(data: bytes, encoding: Encoding) -> bool:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return "\x00" not in text and all(c >= " " or c in "\r\n\t" for c in text[:10_000])


def _records(name: str, text: str, problems: list[Problem]) -> Iterator[tuple[int, list[str]]]:
    """Records with the line each begins in; empty lines are passed over. What is broken ends the file."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    begins = 1
    try:
        for cells in reader:
            if cells and not (len(cells) == 1 and not cells[0].strip()):
                yield begins, cells
            begins = reader.line_num + 1
    except csv.Error:
        problems.append(Problem(name, begins, "", "quotes_broken"))


def _columns(shape: Shape, header: Sequence[str], sheet: Sheet, problems: list[Problem]) -> list[str | None] | None:
    """Which column stands where; None unless all are there."""
    if len(header) == 1 and (found := next((c for c in OTHER_SEPARATORS if c in header[0]), None)):
        problems.append(Problem(shape.name, 1, "", "wrong_separator", {"found": "TAB" if found == "\t" else found}))
        return None
    columns = [shape.column_of(title) for title in header]
    for title, column in zip(header, columns, strict=True):
        if column is None:
            problems.append(Problem(shape.name, 1, title.strip()[:60], "unknown_column", {"name": title.strip()[:60]}))
        elif column in sheet.titles:
            problems.append(Problem(shape.name, 1, title.strip(), "doubled_column", {"name": title.strip()}))
        else:
            sheet.titles[column] = title.strip()
    missing = [name for name in shape.columns if name not in sheet.titles]
    problems += [Problem(shape.name, 1, name, "missing_column", {"name": name}) for name in missing]
    return None if missing or len(set(columns) - {None}) < len([c for c in columns if c]) else columns
