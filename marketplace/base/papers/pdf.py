"""PDF pages with Chinese and English text, without a font file of ours.

Latin and Chinese are set in STSong-Light, one of the standard CID fonts that a PDF names and readers bring themselves.
It knows the Basic Multilingual Plane; what lies beyond is drawn as 〓, the printers' mark for a missing sort.
"""

import io
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
    """An A4 document of these parts, page numbers and `footer` below. The same parts give the same bytes."""
    _know_font()
    out = io.BytesIO()
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

    document.build(list(parts), onFirstPage=foot, onLaterPages=foot)
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
    return Paragraph(escape(printable(text)), style)


def table(rows: Sequence[Sequence[str]], *, widths: Sequence[float]) -> Flowable:
    """Rows under a header row, which is repeated on every page. `widths` in millimetres; what is longer is wrapped."""
    _know_font()
    columns = [width * mm for width in widths]
    cells = [[_cell(cell, width) for cell, width in zip(row, columns, strict=True)] for row in rows]
    return Table(cells, colWidths=columns, repeatRows=1, style=TableStyle(_GRID), hAlign="LEFT")


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
    """What the font can show: no control characters, and 〓 for what lies beyond its plane."""
    return "".join(MISSING if ord(c) > 0xFFFF or 0xD800 <= ord(c) < 0xE000 else c for c in text if c >= " ")


def _know_font() -> None:
    if FONT not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(UnicodeCIDFont(FONT))
