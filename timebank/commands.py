"""What callers say to the ledger: frozen commands, checked when they are made.

Direction is in the names, so an unbalanced entry cannot be said. Every command carries a `key` made from its cause: the
same key with the same command is answered again and writes nothing, with another command it is a `KeyConflict`.
Amounts are integers > 0 in the accounts' unit (minutes, fen or credits); instants are aware.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from timebank.errors import InvalidCommand
from timebank.limits import (
    check_account,
    check_amount,
    check_bounds,
    check_instant,
    check_key,
    check_optional_account,
    check_optional_amount,
    check_text,
    check_transfers,
    check_unit,
)


@dataclass(frozen=True, slots=True)
class Transfer:
    """Move `amount` from `source` to `destination`; between two books the ledger adds clearing and mirror legs."""

    source: UUID
    destination: UUID
    amount: int

    def __post_init__(self) -> None:
        check_account("source", self.source)
        check_account("destination", self.destination)
        check_amount("amount", self.amount)
        if self.source == self.destination:
            raise InvalidCommand({"field": "destination", "reason": "same account as source"})


@dataclass(frozen=True, slots=True)
class Post:
    """One entry of up to 1,000 transfers, done in order. What a destination's cap refuses goes to `excess_to`."""

    key: str
    transfers: tuple[Transfer, ...]
    kind: str
    reference: str
    occurred_at: datetime
    excess_to: UUID | None = None

    def __post_init__(self) -> None:
        check_key(self.key)
        check_text("kind", self.kind)
        check_text("reference", self.reference)
        check_instant("occurred_at", self.occurred_at)
        check_transfers(self.transfers, Transfer)
        check_optional_account("excess_to", self.excess_to)


@dataclass(frozen=True, slots=True)
class Hold:
    """Set `amount` aside on `account` until `expires_at`, nothing posted. The key names the hold from then on."""

    key: str
    account: UUID
    amount: int
    expires_at: datetime
    reference: str

    def __post_init__(self) -> None:
        check_key(self.key)
        check_account("account", self.account)
        check_text("reference", self.reference)
        check_amount("amount", self.amount)
        check_instant("expires_at", self.expires_at)


@dataclass(frozen=True, slots=True)
class Capture:
    """Pay a hold to `destination`, whole (`amount=None`) or in part, in one entry; the rest is free again."""

    key: str
    hold_key: str
    destination: UUID
    occurred_at: datetime
    reference: str
    amount: int | None = None
    excess_to: UUID | None = None
    kind: str = "capture"

    def __post_init__(self) -> None:
        check_key(self.key)
        check_text("hold_key", self.hold_key)
        check_text("reference", self.reference)
        check_text("kind", self.kind)
        check_account("destination", self.destination)
        check_optional_account("excess_to", self.excess_to)
        check_optional_amount("amount", self.amount)
        check_instant("occurred_at", self.occurred_at)


@dataclass(frozen=True, slots=True)
class Release:
    """Give a hold back. Never fails on a known hold: on a resolved one the answer has amount 0 and the hold's state."""

    key: str
    hold_key: str

    def __post_init__(self) -> None:
        check_key(self.key)
        check_text("hold_key", self.hold_key)


@dataclass(frozen=True, slots=True)
class Reverse:
    """Mirror every leg of an entry, once. It may cross floors and caps; a shortfall stays as `owed` on the account."""

    key: str
    entry_key: str
    occurred_at: datetime
    reason: str

    def __post_init__(self) -> None:
        check_key(self.key)
        check_text("entry_key", self.entry_key)
        check_text("reason", self.reason)
        check_instant("occurred_at", self.occurred_at)


@dataclass(frozen=True, slots=True)
class OpenAccount:
    """Open an account at zero. `floor=None`: no floor; an issuance's floor is minus its authorised ceiling."""

    key: str
    account: UUID
    book: str
    unit: str
    kind: str
    owner: str | None = None
    floor: int | None = 0
    cap: int | None = None

    def __post_init__(self) -> None:
        check_key(self.key)
        check_account("account", self.account)
        check_text("book", self.book)
        check_text("kind", self.kind)
        if self.owner is not None:
            check_text("owner", self.owner)
        check_bounds(kind=self.kind, floor=self.floor, cap=self.cap)
        check_unit(self.unit)


@dataclass(frozen=True, slots=True)
class SetLimits:
    """Replace an account's floor and cap. A floor above what is available now is refused (`InsufficientBalance`)."""

    key: str
    account: UUID
    floor: int | None
    cap: int | None

    def __post_init__(self) -> None:
        check_key(self.key)
        check_account("account", self.account)
        check_bounds(kind="", floor=self.floor, cap=self.cap)


@dataclass(frozen=True, slots=True)
class CloseAccount:
    """Close an account; only at zero and without holds, else `AccountNotEmpty`."""

    key: str
    account: UUID

    def __post_init__(self) -> None:
        check_key(self.key)
        check_account("account", self.account)


@dataclass(frozen=True, slots=True)
class ReopenAccount:
    """Open a closed account again, with its old limits."""

    key: str
    account: UUID

    def __post_init__(self) -> None:
        check_key(self.key)
        check_account("account", self.account)


Command = Post | Hold | Capture | Release | Reverse | OpenAccount | SetLimits | CloseAccount | ReopenAccount


@dataclass(frozen=True, slots=True)
class Result:
    """The answer to one command.

    `amount` is what a Post, Capture or Reverse delivered to its destinations, a Hold set aside or a Release gave back;
    `excess` is what a cap sent to `excess_to`. `state` is posted, held, released, captured, expired, open or closed.
    `repeated` says that the key had been applied before and nothing was written now.
    """

    key: str
    state: str
    entry_id: int | None = None
    amount: int = 0
    excess: int = 0
    repeated: bool = False
