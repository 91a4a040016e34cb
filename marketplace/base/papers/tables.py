"""Rows as CSV (RFC 4180, UTF-8). A text that a spreadsheet would take for a formula is given a leading apostrophe."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

FORMULA = ("=", "+", "-", "@", "\t", "\r")

Cell = str | int | None


def csv_text(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """A header row and the rows, ended by CRLF."""
    return "".join(csv_lines(header, rows))


def csv_lines(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    """The same, line by line."""
    out = io.StringIO()
    writer = csv.writer(out)
    for row in (header, *()):
        writer.writerow(row)
    for cells in rows:
        yield _taken(out)
        writer.writerow([plain(cell) for cell in cells])
    yield _taken(out)


def plain(cell: Cell) -> Cell:
    """The cell, with nothing in it that a spreadsheet would run."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell


def _taken(out: io.StringIO) -> str:
    text = out.getvalue()
    out.seek(0)
    out.truncate()
    return text
