import csv
import io
import re
from datetime import UTC, datetime

import openpyxl
import pytest
from pypdf import PdfReader

from marketplace.base.papers.pdf import paragraph, pdf, printable, qr, table
from marketplace.base.papers.spreadsheet import xlsx
from marketplace.base.papers.tables import csv_text


def words_in(data: bytes) -> str:
    return "".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages).replace("\n", "")


def test_a_cell_that_is_too_long_is_wrapped_and_keeps_all_its_words() -> None:
    school = "示例大学" * 20
    made = pdf([table([("学校", "x"), (school, "y")], widths=(60, 20))], title="t")
    assert school in words_in(made)


def test_a_long_table_goes_over_pages_with_its_header_on_each() -> None:
    made = pdf([table([("日期", "分钟"), *((f"2026-{row}", "1") for row in range(200))], widths=(60, 20))], title="t")
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(made)).pages]
    assert len(pages) > 3
    assert all("日期" in page for page in pages)


def test_the_same_parts_give_the_same_bytes() -> None:
    def made() -> bytes:
        return pdf([paragraph("证书 & <b>"), qr("https://liuzhu.example/certificates/7Q2M")], title="t", footer="f")

    assert made() == made()
    assert "证书 & <b>" in words_in(made())  # markup is text


@pytest.mark.parametrize(
    ("text", "shown"), [("张𠮷三", "张〓三"), ("a\x07b\nc", "abc"), ("\ud800", "〓"), ("葛\U000e0100城", "葛城")]
)
def test_what_the_font_does_not_know_is_marked(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_a_document_names_what_it_could_not_print_in_its_word_and_once() -> None:
    cells = [("姓名", "事由"), ("张𠮷三", "陪伴 欧阳𡈽𫍽"), ("张𠮷三", "买菜😀")]
    words = words_in(pdf([paragraph("张𠮷三"), table(cells, widths=(60, 60))], title="t", footer="f"))
    named = words[words.index("〓 代替") :]
    assert re.findall(r"U\+[0-9A-F]{5}", named) == ["U+20BB7", "U+2123D", "U+2B37D", "U+1F600"]
    assert "张〓三 U+20BB7" in named
    assert "欧阳〓〓 U+2123D" in named
    assert "〓" not in words_in(pdf([paragraph("张三")], title="t", footer="f"))


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx", "\rx"])
def test_no_spreadsheet_runs_what_a_cell_says(text: str) -> None:
    (_, row) = csv.reader(io.StringIO(csv_text(("a", "b"), [(text, -1)]), newline=""))
    assert row == [f"'{text}", "-1"]
    sheet = openpyxl.load_workbook(io.BytesIO(xlsx("t", ("a",), [(text,)]))).active
    assert sheet is not None
    assert sheet["A2"].data_type == "s"


def test_instants_in_a_spreadsheet_are_the_citys_time() -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(xlsx("t", ("a",), [(datetime(2026, 3, 2, 16, tzinfo=UTC),)]))).active
    assert sheet is not None
    assert sheet["A2"].value == datetime(2026, 3, 3, 0)  # noqa: DTZ001 - a spreadsheet's instants have no zone
