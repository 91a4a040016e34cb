"""PDF pages with Chinese and English text, without a font file of ours.

Latin and Chinese are set in STSong-Light, one of the standard CID fonts that a PDF names and readers bring themselves.
It knows the Basic Multilingual Plane; what lies beyond is drawn as 〓, the printers' mark for a missing sort, and named
by its code point at the end of the document, in the words in which it stands (decision 34).
"""

import io
import re
from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import escape

from reportlab.graphics.barcode.qr import QrCodeWidget
from reportlab.graphics.shapes import Drawing
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

FONT = "STSong-Light"
INK = HexColor("#1f2937")
LINE = HexColor("#cbd5e1")
HEAD = HexColor("#f1f5f9")
MARGIN = 18 * mm
MISSING = "〓"
NOTE = "〓 代替无法印出的字，其统一码为： 〓 stands for a character that cannot be printed; by their code points:"
AROUND = 8  # characters of a word shown on either side
_WORD = re.compile(r"\S+")
_UNSEEN = re.compile(
    r"[\x00-\x1f\ufe00-\ufe0f\U000e0100-\U000e01ef]"
)  # controls; which variant of a character is meant
CELL = 9  # points
PADDING = 6  # points to either side of a cell

_GRID: list[Any] = [
    ("FONT", (0, 0), (-1, -1), FONT, CELL),
    ("TEXTCOLOR", (0, 0), (-1, -1), INK),
    ("LINEBELOW", (0, 0), (-1, -1), 0.4, LINE),
    ("BACKGROUND", (0, 0), (-1, 0), HEAD),
    ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
    ("LEFTPADDING", (0, 0), (-1, -1), PADDING),
    ("RIGHTPADDING", (0, 0), (-1, -1), PADDING),
    ("TOPPADDING", (0, 0), (-1, -1), 3),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
]


def pdf(parts: Sequence[Flowable], *, title: str, footer: str = "") -> bytes:
    """An A4 document of these parts, page numbers and `footer` below. The same parts give the same bytes.

    The last lines name each character that could not be printed.
    """
    _know_font()
    out = io.BytesIO()
    told = [one for part in parts for one in getattr(part, "unprinted", ())] + unprinted(title) + unprinted(footer)
    notes = [gap(3), *(paragraph(line, size=8) for line in (NOTE, *dict.fromkeys(told)))] if told else []
    document = SimpleDocTemplate(
        out,
        pagesize=A4,
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=MARGIN,
        bottomMargin=MARGIN,
        title=printable(title),
        invariant=1,
    )

    def foot(canvas: Any, _document: Any) -> None:
        canvas.setFont(FONT, 8)
        canvas.setFillColor(INK)
        canvas.drawString(MARGIN, 10 * mm, printable(footer))
        canvas.drawRightString(A4[0] - MARGIN, 10 * mm, str(canvas.getPageNumber()))

    document.build([*parts, *notes], onFirstPage=foot, onLaterPages=foot)
    return out.getvalue()


def heading(text: str, *, size: int = 18) -> Flowable:
    """A line of larger text with room below it."""
    return paragraph(text, size=size, after=size / 2)


def paragraph(text: str, *, size: float = 10, after: float = 4) -> Flowable:
    """Plain text, wrapped as Chinese is: anywhere."""
    _know_font()
    style = ParagraphStyle(
        "text", fontName=FONT, fontSize=size, leading=size * 1.45, textColor=INK, wordWrap="CJK", spaceAfter=after
    )
    return _noted(Paragraph(escape(printable(text)), style), [text])


def table(rows: Sequence[Sequence[str]], *, widths: Sequence[float]) -> Flowable:
    """Rows under a header row, which is repeated on every page. `widths` in millimetres; what is longer is wrapped."""
    _know_font()
    columns = [width * mm for width in widths]
    cells = [[_cell(cell, width) for cell, width in zip(row, columns, strict=True)] for row in rows]
    made = Table(cells, colWidths=columns, repeatRows=1, style=TableStyle(_GRID), hAlign="LEFT")
    return _noted(made, [cell for row in rows for cell in row])


def _noted(part: Any, texts: Sequence[str]) -> Flowable:
    """The part, which remembers what of its texts is not printed."""
    part.unprinted = [one for text in texts for one in unprinted(text)]
    made: Flowable = part
    return made


def _cell(text: str, width: float) -> str | Flowable:
    """Plain where it fits, which is many times quicker to lay out than a paragraph."""
    shown = printable(text)
    if pdfmetrics.stringWidth(shown, FONT, CELL) <= width - 2 * PADDING:
        return shown
    return paragraph(text, size=CELL, after=0)


def gap(millimetres: float) -> Flowable:
    """Empty room."""
    return Spacer(1, millimetres * mm)


def qr(text: str, *, millimetres: float = 28) -> Flowable:
    """A QR code of a text."""
    code = QrCodeWidget(text, barLevel="M")
    x0, y0, x1, y1 = code.getBounds()
    side = millimetres * mm
    drawing = Drawing(side, side, transform=[side / (x1 - x0), 0, 0, side / (y1 - y0), 0, 0])
    drawing.add(code)
    return drawing


def printable(text: str) -> str:
    """What the font can show: no control characters nor choices of variants, and 〓 for what lies beyond its plane."""
    return "".join(MISSING if _is_unknown(c) else c for c in _UNSEEN.sub("", text))


def unprinted(text: str) -> list[str]:
    """Each character that is drawn as 〓, in its word and by code point: `张〓三 U+20BB7`."""
    return [
        f"{printable(word[max(0, at - AROUND) : at + AROUND + 1])} U+{ord(char):04X}"
        for word in _WORD.findall(_UNSEEN.sub("", text))
        for at, char in enumerate(word)
        if _is_unknown(char)
    ]


def _is_unknown(char: str) -> bool:
    return ord(char) > 0xFFFF or 0xD800 <= ord(char) < 0xE000


def _know_font() -> None:
    if FONT not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(UnicodeCIDFont(FONT))
