"""Rows of an export, what was read of it so far, and how a bad row is told."""

from collections import defaultdict
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, NoReturn

Row = dict[str, Any]
Place = tuple[str, str, str]  # branch, role, unit


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


@dataclass
class Read:
    """What the rows so far said. Lists of (entry, sum so far) are in order of entries."""

    books: dict[str, Row] = field(default_factory=dict)
    accounts: dict[str, tuple[int, Row]] = field(default_factory=dict)  # with their lines
    heads: dict[str, list[str]] = field(default_factory=dict)  # every head an account ever had, by version
    posted: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    held: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    mirror: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    sums: dict[Place, list[tuple[int, int]]] = field(default_factory=lambda: defaultdict(list))
    trades: list[tuple[int, Row]] = field(default_factory=list)  # clearing legs with a partner, by entry
    entries: dict[str, Row] = field(default_factory=dict)
    by_id: dict[int, Row] = field(default_factory=dict)
    reversed: set[str] = field(default_factory=set)
    occurred: dict[str, list[tuple[int, int, int]]] = field(default_factory=lambda: defaultdict(list))  # by book
    in_order: dict[str, list[tuple[int, int, int]]] = field(default_factory=dict)  # the same, sorted once all are there
    commands: dict[str, tuple[int, Row]] = field(default_factory=dict)  # with their lines
    said: dict[str, dict[str, Row]] = field(default_factory=dict)  # by account: the newest command by what it sets
    said_at: dict[tuple[str, str], int] = field(default_factory=dict)  # when, by account and what it sets
    holds: set[str] = field(default_factory=set)
    cycles: dict[tuple[str, str], Row] = field(default_factory=dict)  # the last one read
    settling: set[int] = field(default_factory=set)  # entries that a cycle names
    roots: dict[str, str] = field(default_factory=dict)


def total(sums: list[tuple[int, int]], upto: int) -> int:
    """The sum at an entry."""
    low, high = 0, len(sums)
    while low < high:
        middle = (low + high) // 2
        if sums[middle][0] <= upto:
            low = middle + 1
        else:
            high = middle
    return sums[low - 1][1] if low else 0
