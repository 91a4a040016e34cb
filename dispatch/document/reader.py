"""Strict reading of JSON: every value is asked for by name and type, and whatever is wrong is noted with
its JSON pointer. Reading goes on after a fault, so that one answer names them all.
"""

from __future__ import annotations

import json
import math
import reprlib
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from dispatch.errors import Fault

T = TypeVar("T")
MOST_FAULTS = 100  # a hopeless document is not listed to its end
MOST_LETTERS = 200  # of an id or another string that is not prose
MOST_NESTED = 20  # of what is carried along unread

_BRIEF = reprlib.Repr()
_BRIEF.maxlevel, _BRIEF.maxstring, _BRIEF.maxlong, _BRIEF.maxother = 3, 60, 60, 60


class Unreadable(ValueError):
    """The text is no JSON document at all."""


def parse_json(text: str | bytes) -> object:
    """The value of a JSON text. NaN, Infinity, repeated keys, huge numbers and deep nesting: Unreadable."""
    try:
        return json.loads(text, parse_constant=_refuse, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise Unreadable(str(error) or type(error).__name__) from error


def _refuse(name: str) -> object:
    raise Unreadable(f"{name} is not a JSON number")


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in pairs:
        if key in found:
            raise Unreadable(f"the key {shown(key)} stands twice in one object")
        found[key] = value
    return found


def escape(token: str) -> str:
    """One reference token of a JSON pointer (RFC 6901 §3)."""
    return token.replace("~", "~0").replace("/", "~1")


class Faults:
    """The faults found so far."""

    def __init__(self) -> None:
        self.found: list[Fault] = []

    def add(self, pointer: str, code: str, detail: str) -> None:
        """Note a fault, up to the limit."""
        if len(self.found) < MOST_FAULTS:
            self.found.append(Fault(pointer, code, detail))


def shown(value: object) -> str:
    """A value as a fault quotes it: short, however long or deeply nested it is."""
    text = _BRIEF.repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


class Reader:
    """Reads one JSON object. `close` notes every field that nobody asked for."""

    def __init__(self, value: object, pointer: str, faults: Faults) -> None:
        self.pointer = pointer
        self.faults = faults
        self.asked: set[str] = set()
        self.fields: dict[str, Any] = {}
        self.is_object = isinstance(value, dict)
        if isinstance(value, dict):
            self.fields = value
        else:
            faults.add(pointer, "type", f"expected an object, found {shown(value)}")

    def at(self, key: str | int) -> str:
        """The pointer of a field."""
        return f"{self.pointer}/{escape(str(key))}"

    def fault(self, key: str, code: str, detail: str) -> None:
        """Note a fault of a field."""
        self.faults.add(self.at(key), code, detail)

    def take(self, key: str, *, required: bool = True) -> Any:
        """The raw value, or None when it is absent or null."""
        self.asked.add(key)
        value = self.fields.get(key)
        if required and self.is_object and key not in self.fields:
            self.fault(key, "missing", "this field is required")
        return value

    def close(self) -> None:
        """Note unknown fields."""
        for key in self.fields:
            if key not in self.asked:
                self.fault(key, "unknown_field", "no such field in this format")

    def text(self, key: str, default: str | None = None) -> str:
        """A string as `string` reads it."""
        value = self.take(key, required=default is None)
        if value is None and default is not None:
            return default
        return string(value, self.at(key), self.faults) if key in self.fields else default or ""

    def optional_text(self, key: str) -> str | None:
        """A string, or None when absent or null."""
        return None if self.take(key, required=False) is None else self.text(key)

    def integer(self, key: str, *, least: int, most: int, default: int | None = None) -> int:
        """A whole number within bounds."""
        value = self.take(key, required=default is None)
        if key not in self.fields:
            return least if default is None else default
        return whole(value, self.at(key), self.faults, least=least, most=most)

    def optional_integer(self, key: str, *, least: int, most: int) -> int | None:
        """A whole number within bounds, or None when absent or null."""
        if self.take(key, required=False) is None:
            return None
        return self.integer(key, least=least, most=most)

    def number(self, key: str, *, least: float, most: float) -> float:
        """A finite number within bounds."""
        value = self.take(key)
        if key not in self.fields:
            return least
        return finite(value, self.at(key), self.faults, least=least, most=most)

    def flag(self, key: str) -> bool:
        """True or false; absent is false."""
        value = self.take(key, required=False)
        if key in self.fields and not isinstance(value, bool):
            self.fault(key, "type", f"expected true or false, found {shown(value)}")
        return value is True

    def choice(self, key: str, allowed: Iterable[str]) -> str:
        """One of the allowed strings."""
        names = list(allowed)
        value = self.take(key)
        if isinstance(value, str) and value in names:
            return value
        if key in self.fields:
            self.fault(key, "choice", f"expected one of {', '.join(names)}, found {shown(value)}")
        return names[0]

    def window(self, key: str, *, most: int, default: tuple[int, int] | None = None) -> tuple[int, int]:
        """A pair [a, b] with 0 ≤ a ≤ b."""
        value = self.take(key, required=default is None)
        if key not in self.fields:
            return default or (0, 0)
        return pair(value, self.at(key), self.faults, most=most)

    def items(
        self, key: str, read: Callable[[object, str], T], *, required: bool = False, most: int | None = None
    ) -> list[T]:
        """Every element of a list, read by `read(value, pointer)`; absent is the empty list. Of more than `most` none
        is read."""
        value = self.take(key, required=required)
        if key not in self.fields:
            return []
        if not isinstance(value, list):
            self.fault(key, "type", f"expected a list, found {shown(value)}")
            return []
        if most is not None and len(value) > most:
            self.fault(key, "size", f"{len(value)} entries, at most {most} can be planned")
            return []
        return [read(element, f"{self.at(key)}/{index}") for index, element in enumerate(value)]

    def texts(self, key: str) -> list[str]:
        """A list of different strings; absent is empty."""
        found = self.items(key, lambda value, pointer: string(value, pointer, self.faults))
        if len(set(found)) < len(found):
            self.fault(key, "duplicate", "the same entry stands twice")
        return found

    def mapping(self, key: str, read: Callable[[object, str], T]) -> dict[str, T]:
        """An object of like values; absent is empty."""
        value = self.take(key, required=False)
        if key not in self.fields:
            return {}
        if not isinstance(value, dict):
            self.fault(key, "type", f"expected an object, found {shown(value)}")
            return {}
        for name in value:
            string(name, f"{self.at(key)}/{escape(name)}", self.faults)
        return {name: read(entry, f"{self.at(key)}/{escape(name)}") for name, entry in value.items()}

    def prose(self, key: str) -> str:
        """A string of any length, the empty one too."""
        value = self.take(key)
        if isinstance(value, str):
            _refuse_half(value, self.at(key), self.faults)
            return value
        if key in self.fields:
            self.fault(key, "type", f"expected a sentence, found {shown(value)}")
        return ""


def string(value: object, pointer: str, faults: Faults) -> str:
    """A non-empty string of at most 200 characters, or a fault and the empty string."""
    if not isinstance(value, str) or not 0 < len(value) <= MOST_LETTERS:
        wanted = f"a non-empty string of at most {MOST_LETTERS} characters"
        faults.add(pointer, "type", f"expected {wanted}, found {shown(value)}")
        return ""
    _refuse_half(value, pointer, faults)
    return value


def _refuse_half(text: str, pointer: str, faults: Faults) -> None:
    """Half of a surrogate pair stands for no character: a document that holds one could not be written again."""
    if not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text):
        faults.add(pointer, "encoding", f"half a surrogate pair in {shown(text)}")


def carried(value: object, pointer: str, faults: Faults, depth: int = 0) -> Any:
    """A JSON value that nothing reads and that is handed on as it is, if it can be written again; else a fault and
    None."""
    if depth > MOST_NESTED:
        faults.add(pointer, "size", f"nested deeper than {MOST_NESTED}")
        return None
    if isinstance(value, dict):
        for name, entry in value.items():
            _refuse_half(name, pointer, faults)
            carried(entry, f"{pointer}/{escape(name)}", faults, depth + 1)
    elif isinstance(value, list):
        for index, entry in enumerate(value):
            carried(entry, f"{pointer}/{index}", faults, depth + 1)
    elif isinstance(value, str):
        _refuse_half(value, pointer, faults)
    elif isinstance(value, float) and not math.isfinite(value):
        faults.add(pointer, "range", "a number without end")
    return value


def whole(value: object, pointer: str, faults: Faults, *, least: int, most: int) -> int:
    """A whole number within bounds, or a fault and the lower bound."""
    if not isinstance(value, int) or isinstance(value, bool):
        faults.add(pointer, "type", f"expected a whole number, found {shown(value)}")
        return least
    if not least <= value <= most:
        faults.add(pointer, "range", f"expected {least} to {most}, found {_brief(value)}")
        return least
    return value


def finite(value: object, pointer: str, faults: Faults, *, least: float, most: float) -> float:
    """A finite number within bounds, or a fault and the lower bound."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        faults.add(pointer, "type", f"expected a number, found {shown(value)}")
        return least
    if not least <= value <= most or (isinstance(value, float) and not math.isfinite(value)):
        faults.add(pointer, "range", f"expected {least} to {most}, found {_brief(value)}")
        return least
    return value


def pair(value: object, pointer: str, faults: Faults, *, most: int) -> tuple[int, int]:
    """A pair [a, b] with 0 ≤ a ≤ b, or a fault and (0, 0)."""
    if not isinstance(value, list) or len(value) != 2:
        faults.add(pointer, "type", f"expected a pair [from, until], found {shown(value)}")
        return (0, 0)
    begin = whole(value[0], f"{pointer}/0", faults, least=0, most=most)
    finish = whole(value[1], f"{pointer}/1", faults, least=0, most=most)
    if finish < begin:
        faults.add(pointer, "order", f"ends at {finish}, before it starts at {begin}")
        return (0, 0)
    return (begin, finish)


def _brief(value: float) -> str:
    return f"{value:.6g}" if abs(value) < 10**300 else "a number without end"
