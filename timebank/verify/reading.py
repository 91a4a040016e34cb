"""Reading an export row by row, in its order, up to the first that does not fit."""

import json
import struct
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from timebank.verify import accounts, closing, commands, entries, nights
from timebank.verify.end import end
from timebank.verify.handed_out import HandedOut, Heads, compare
from timebank.verify.rows import Bad, Read, Row, bad
from timebank.verify.shapes import SHAPES

KINDS: dict[str, Callable[[Read, Row, int], None]] = {
    "book": accounts.book,
    "account": accounts.account,
    "entry": entries.entry,
    "command": commands.command,
    "hold": commands.hold,
    "period": closing.period,
    "snapshot": closing.snapshot,
    "cycle": nights.cycle,
    "root": closing.root,
}
ORDER = {kind: number for number, kind in enumerate(("ledger", *KINDS, "end"))}
_decode = json.JSONDecoder().raw_decode  # `json.loads` without its looks at what stands around
MALFORMED = (KeyError, TypeError, ValueError, AttributeError, OverflowError, IndexError, RecursionError, struct.error)


class BadRow(Exception):
    """The first row that does not fit: its line number in the export, and what is wrong with it."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line}: {reason}")
        self.line = line
        self.reason = reason


PLACES: dict[str, Callable[[Row], tuple[Any, ...]]] = {  # where a row stands among those of its type
    "book": lambda row: (row["id"],),
    "account": lambda row: (row["id"],),
    "entry": lambda row: (row["id"],),
    "command": lambda row: (row["key"],),
    "hold": lambda row: (row["key"],),
    "period": lambda row: (row["book"], row["starts_at"]),
    "snapshot": lambda row: (f"{row['branch']} {row['role']} {row['unit']}", row["upto_entry"]),
    "cycle": lambda row: (f"{row['city']} {row['unit']} {row['on_day']}",),
    "root": lambda row: (row["on_day"],),
}


class Verifier:
    """Takes the rows in the export's order and raises `BadRow` at the first that does not fit."""

    def __init__(self) -> None:
        self.line = 0
        self.read = Read()
        self.last: tuple[int, tuple[Any, ...]] = (-1, ())

    def take(self, text: str) -> None:
        """One line."""
        self.line += 1
        row = self._parsed(text)
        if not isinstance(row, dict):
            raise BadRow(self.line, "not a JSON object")
        kind = row.get("type")
        try:
            self._take(row)
        except Bad as found:
            raise BadRow(found.line or self.line, found.reason) from None
        except MALFORMED as error:
            raise BadRow(self.line, f"malformed {kind}: {error!r}") from None

    def _parsed(self, text: str) -> object:
        try:
            row, end = _decode(text)
            return row if end >= len(text) - 1 and text[end:] in {"", "\n"} else json.loads(text)
        except (ValueError, RecursionError):
            raise BadRow(self.line, "not JSON") from None

    def _take(self, row: Row) -> None:
        kind = row.get("type")
        if self.line == 1 and kind != "ledger":
            bad("the export does not begin with its header")
        if not isinstance(kind, str) or kind not in ORDER:
            bad(f"unknown type {kind!r}")
        SHAPES[kind].read(row, kind)
        place = (ORDER[kind], PLACES[kind](row) if kind in PLACES else ())
        if place <= self.last:
            bad(f"this {kind} is out of order, or here twice")
        self.last = place
        if kind == "ledger":
            if row["format"] != 2:
                bad("not an export of format 2")
        elif kind == "end":
            if row["lines"] != self.line - 1:
                bad(f"{row['lines']} lines were exported, {self.line - 1} are here")
        else:
            KINDS[kind](self.read, row, self.line)

    def finish(self, given: HandedOut) -> None:
        """What can be judged only at the end."""
        if self.line == 0:
            raise BadRow(1, "the export is empty")
        if self.last[0] != len(ORDER) - 1:
            raise BadRow(self.line, "the export was cut off: its last line is missing")
        try:
            end(self.read)
            compare(self.read, given)
        except Bad as found:
            raise BadRow(found.line or self.line, found.reason) from None
        except MALFORMED as error:
            raise BadRow(self.line, f"a malformed row: {error!r}") from None


def verify(
    lines: Iterable[str],
    published: Mapping[str, str] | None = None,
    *,
    undated: Collection[str] = (),
    statements: Collection[Heads] = (),
) -> Verifier:
    """Read a whole export; what was read, or `BadRow` for the first row that does not fit. What was given away before:
    `published` roots in hex by day, `undated` such of which the day is not told, what `statements` say."""
    verifier = Verifier()
    for line in lines:
        verifier.take(line)
    verifier.finish(HandedOut(published or {}, undated, statements))
    return verifier
