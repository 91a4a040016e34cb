"""What a simulated history is made of: steps of plain values, so that any selection of them can be played again.

A step carries everything it needs, its `now` included. Printed, a step is the Python that makes it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from timebank import Command


class Moment(StrEnum):
    """Where in its transaction a client dies. Whatever it knew, its retry with the same keys must converge."""

    DURING_CALL = "during_call"  # its socket is cut while the ledger works: nothing is written
    BEFORE_COMMIT = "before_commit"  # the server ends its session between call and commit: nothing is written
    DURING_COMMIT = "during_commit"  # its socket is cut with the commit on its way: written or not, nobody told it
    AFTER_COMMIT = "after_commit"  # it dies before it can note the answer: written
    SERVER_DIES = "server_dies"  # kill -9 of PostgreSQL at any moment of it: written or not

    def __repr__(self) -> str:
        return f"Moment.{self.name}"


@dataclass(frozen=True, slots=True)
class Call:
    """One `apply` of these commands, committed."""

    commands: tuple[Command, ...]
    now: datetime


@dataclass(frozen=True, slots=True)
class Crash:
    """One `apply` whose client (or server) dies at `moment`, and its retry."""

    commands: tuple[Command, ...]
    now: datetime
    moment: Moment


@dataclass(frozen=True, slots=True)
class Night:
    """A day's cycle of a city."""

    city: str
    unit: str
    on_day: date
    caps: Mapping[str, int]
    now: datetime


@dataclass(frozen=True, slots=True)
class Closing:
    """A period of a book is closed."""

    book: str
    starts_at: datetime
    ends_at: datetime
    now: datetime


@dataclass(frozen=True, slots=True)
class Sweeping:
    """Expired holds are swept away."""

    now: datetime
    limit: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The sums of clearing are stored."""


@dataclass(frozen=True, slots=True)
class Root:
    """A day's Merkle root is made."""

    on_day: date


@dataclass(frozen=True, slots=True)
class BookOpens:
    """A branch's book is opened."""

    book: str
    city: str | None


@dataclass(frozen=True, slots=True)
class BookCloses:
    """A book is closed."""

    book: str


Step = Call | Crash | Night | Closing | Sweeping | Snapshot | Root | BookOpens | BookCloses
