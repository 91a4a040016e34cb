"""Rows of an export, what is remembered of them, and how a bad row is told.

Of a million entries no row is kept: an entry's key, the hash of its legs, its instants and, packed, the amounts of its
legs without an account; of an account every head that it had. What is packed costs some 400 bytes per entry.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections import defaultdict
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import accumulate
from sys import intern
from typing import Any, NoReturn

Row = dict[str, Any]
Place = tuple[str, str, str]  # branch, role, unit
HASH = 32  # bytes


class Bad(Exception):
    """What is wrong with the row that is being read, or with the given line."""

    def __init__(self, reason: str, line: int | None = None) -> None:
        super().__init__(reason)
        self.reason, self.line = reason, line


def bad(reason: str, line: int | None = None) -> NoReturn:
    """The row does not fit."""
    raise Bad(reason, line)


def digest_of(said: bytes) -> str:
    """SHA-256 as the export writes it."""
    return sha256(said).hexdigest()


class Account:
    """An account as its row has it, beside what its postings, holds and commands say."""

    __slots__ = ("book", "head", "heads", "held", "line", "posted", "row", "said", "said_at", "unit", "uuid", "version")

    def __init__(self, row: Row, line: int, uuid: bytes) -> None:
        self.row, self.line, self.uuid = row, line, uuid
        self.book, self.unit = intern(row["book"]), intern(row["unit"])  # the same few, compared with every leg
        self.posted = self.held = self.version = 0
        self.head = sha256(uuid).digest()
        self.heads = bytearray(self.head)  # every head it ever had, by version
        self.said: dict[str, Row] = {}  # the newest command by what it sets
        self.said_at: dict[str, int] = {}

    def head_at(self, version: int) -> str | None:
        """Its chain's head at a version."""
        if not 0 <= version <= self.version:
            return None
        return self.heads[version * HASH : (version + 1) * HASH].hex()


class Sums:
    """A branch's legs of one role and unit, in order of entries, and their sum up to any."""

    __slots__ = ("_totals", "amounts", "entries", "partners")

    def __init__(self) -> None:
        self.entries, self.amounts, self.partners = array("q"), array("q"), array("i")
        self._totals: list[int] = []

    def total(self, upto: int) -> int:
        """The sum at an entry. Asked only once all entries are there."""
        if len(self._totals) != len(self.amounts):
            self._totals = list(accumulate(self.amounts))
        place = self.place(upto)
        return self._totals[place - 1] if place else 0

    def place(self, upto: int) -> int:
        """How many legs there are up to an entry."""
        return bisect_right(self.entries, upto)


class Times:
    """The entries of a book by the time they occurred."""

    __slots__ = ("_order", "entries", "occurred", "recorded")

    def __init__(self) -> None:
        self.occurred, self.recorded, self.entries = array("q"), array("q"), array("q")
        self._order = array("q")

    def late(self, starts_at: int, ends_at: int, recorded_at: int) -> int | None:
        """The first entry that occurred from `starts_at` until `ends_at`, and was recorded after `recorded_at`."""
        if len(self._order) != len(self.occurred):
            self._order = array("q", sorted(range(len(self.occurred)), key=self.occurred.__getitem__))
        first = bisect_left(self._order, starts_at, key=self.occurred.__getitem__)
        for place in self._order[first:]:
            if self.occurred[place] >= ends_at:
                break
            if self.recorded[place] > recorded_at:
                return self.entries[place]
        return None


@dataclass(frozen=True, slots=True)
class Ask:
    """What the command of a hold said; `text` None: it was not kept."""

    line: int
    amount: int
    text: tuple[str, str, str] | None  # account, reference, expires_at


@dataclass(frozen=True, slots=True)
class Caps:
    """What a night was told that branches may owe; one not named has no cap."""

    line: int
    by_branch: dict[str, int]
    payload_hash: str


@dataclass(frozen=True, slots=True)
class Written:
    """An entry that a night wrote."""

    key: str
    kind: str
    amount: int
    payload_hash: str


@dataclass
class Read:
    """What the rows so far said."""

    books: dict[str, Row] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)
    entries: dict[str, int] = field(default_factory=dict)  # by key: its place, from 0 on
    legs: bytearray = field(default_factory=bytearray)  # the hash of each entry's legs
    sums: dict[Place, Sums] = field(default_factory=lambda: defaultdict(Sums))
    partners: dict[str | None, int] = field(default_factory=dict)  # their numbers in `Sums.partners`
    times: dict[str, Times] = field(default_factory=lambda: defaultdict(Times))  # by book
    reversed: set[str] = field(default_factory=set)
    nights: dict[int, Written] = field(default_factory=dict)  # by entry
    caps: dict[tuple[str, str, str], Caps] = field(default_factory=dict)  # by city, unit, day: of nights not yet read
    capped: set[tuple[str, str]] = field(default_factory=set)  # city, unit of which caps are kept from here on
    asks: dict[str, Ask] = field(default_factory=dict)  # by key, those whose hold has not been read yet
    cycles: dict[tuple[str, str], Row] = field(default_factory=dict)  # the last one read
    settling: set[int] = field(default_factory=set)  # entries that a cycle names
    roots: dict[str, str] = field(default_factory=dict)
