"""A spreadsheet of rows, written row by row to a temporary file: its size is not limited by memory."""

import io
from collections.abc import Iterable, Sequence
from datetime import datetime

import xlsxwriter

from marketplace.base.clock import LOCAL

Value = str | int | datetime | None
WIDEST = 60


def xlsx(title: str, header: Sequence[str], rows: Iterable[Sequence[Value]], *, above: Sequence[str] = ()) -> bytes:
    """One sheet: the lines `above`, a bold header that stays in view, the rows.

    Texts are texts, never formulas; instants are the city's time.
    """
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    sheet = book.add_worksheet(title[:31])
    bold = book.add_format({"bold": True, "bottom": 1})
    instant = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    for number, line in enumerate(above):
        sheet.write_string(number, 0, line)
    top = len(above)
    for column, name in enumerate(header):
        sheet.set_column(column, column, min(WIDEST, max(12, 2 * len(name) + 2)))
        sheet.write_string(top, column, name, bold)
    sheet.freeze_panes(top + 1, 0)
    for number, row in enumerate(rows, start=top + 1):
        for column, value in enumerate(row):
            if isinstance(value, datetime):
                sheet.write_datetime(number, column, value.astimezone(LOCAL).replace(tzinfo=None), instant)
            elif isinstance(value, int):
                sheet.write_number(number, column, value)
            elif value is not None:
                sheet.write_string(number, column, value)
    book.close()
    return out.getvalue()
