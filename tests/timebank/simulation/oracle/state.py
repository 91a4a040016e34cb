"""The oracle's dictionaries, and a journal that takes back what a refused call had done."""

from collections.abc import Hashable, MutableMapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from tests.timebank.simulation.oracle.answers import Expected, ExpectedLine
from timebank import Command

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
_ABSENT = object()


@dataclass(frozen=True, slots=True)
class Account:
    """An account; every change makes a new one."""

    book: str
    unit: str
    kind: str
    owner: str | None
    floor: int | None
    cap: int | None
    posted: int = 0
    held: int = 0
    version: int = 0
    closed: bool = False

    @property
    def owed(self) -> int:
        """What it lies below its floor."""
        return 0 if self.floor is None else max(0, self.floor - (self.posted - self.held))


@dataclass(frozen=True, slots=True)
class Reserved:
    """A hold."""

    account: UUID
    amount: int
    expires_at: datetime
    state: str = "held"
    captured: int = 0


@dataclass(frozen=True, slots=True)
class Booked:
    """An entry: its accounts' legs in order, its clearing legs (branch, partner, amount), the books it touches."""

    unit: str
    legs: tuple[tuple[UUID, int], ...]
    clearing: tuple[tuple[str, str, int], ...]
    books: frozenset[str]
    occurred_at: datetime
    amount: int
    excess: int
    reverses: str | None = None
    by_cycle: bool = False


@dataclass
class State:
    """Everything the oracle knows. Written through `put` and `add` only, so that `undo` can take it back."""

    books: dict[str, str | None] = field(default_factory=dict)  # book: its city
    closed_books: dict[str, bool] = field(default_factory=dict)
    accounts: dict[UUID, Account] = field(default_factory=dict)
    holds: dict[str, Reserved] = field(default_factory=dict)
    waiting: dict[UUID, tuple[str, ...]] = field(default_factory=dict)  # an account's holds that are not resolved
    entries: dict[str, Booked] = field(default_factory=dict)
    reversed: dict[str, str] = field(default_factory=dict)
    answers: dict[str, tuple[Command, Expected]] = field(default_factory=dict)
    lines: dict[UUID, list[tuple[datetime, int]]] = field(default_factory=dict)  # what occurred on an account
    clearing: dict[tuple[str, str], int] = field(default_factory=dict)  # by branch and unit
    settled: dict[tuple[str, str], int] = field(default_factory=dict)
    traded: dict[tuple[str, str, str], tuple[int, int]] = field(default_factory=dict)  # branch, partner, unit
    periods: list[tuple[str, datetime, datetime]] = field(default_factory=list)
    cycles: dict[tuple[str, str, Any], tuple[ExpectedLine, ...]] = field(default_factory=dict)
    _journal: list[tuple[Any, Any, Any]] = field(default_factory=list)

    def put(self, mapping: MutableMapping[K, V], key: K, value: V) -> None:
        """Write one value."""
        self._journal.append((mapping, key, mapping.get(key, _ABSENT)))
        mapping[key] = value

    def add(self, items: list[V], item: V) -> None:
        """Append one item."""
        self._journal.append((items, None, None))
        items.append(item)

    def keep(self) -> None:
        """What was written stays."""
        self._journal.clear()

    def undo(self) -> None:
        """Take back what was written since the last `keep`."""
        while self._journal:
            place, key, before = self._journal.pop()
            if isinstance(place, list):
                place.pop()
            elif before is _ABSENT:
                del place[key]
            else:
                place[key] = before
