"""Named refusals of the ledger.

Every refusal carries a stable `code` and its facts in `data`. The SQL functions raise them with an SQLSTATE of class LZ
and the facts as JSON in DETAIL; `named()` turns that back into the class. A refusal always rejects the whole call.
"""

import json
from typing import Any, ClassVar

from sqlalchemy.exc import DBAPIError

BY_SQLSTATE: dict[str, type["LedgerError"]] = {}


class LedgerError(Exception):
    """A refusal of the ledger: nothing of the call was written. `data` names the account, key or limit concerned."""

    code: ClassVar[str] = "ledger_error"
    sqlstate: ClassVar[str] = ""

    def __init_subclass__(cls) -> None:
        BY_SQLSTATE[cls.sqlstate] = cls

    def __init__(self, data: dict[str, Any] | None = None) -> None:
        self.data: dict[str, Any] = data or {}
        super().__init__(f"{self.code}: {self.data}")


class InsufficientBalance(LedgerError):
    """Posted minus held would fall below the floor. data: key, account, available, floor, amount."""

    code, sqlstate = "insufficient_balance", "LZ001"


class KeyConflict(LedgerError):
    """The key was used before with another payload. data: key."""

    code, sqlstate = "key_conflict", "LZ002"


class HoldExpired(LedgerError):
    """The hold's expiry lies at or before `now`. data: key, hold_key, expires_at."""

    code, sqlstate = "hold_expired", "LZ003"


class HoldResolved(LedgerError):
    """The hold was captured or released before. data: key, hold_key, state."""

    code, sqlstate = "hold_resolved", "LZ004"


class UnknownAccount(LedgerError):
    """No such account. data: key, account."""

    code, sqlstate = "unknown_account", "LZ005"


class AccountClosed(LedgerError):
    """The account is closed and takes nothing until it is reopened. data: key, account."""

    code, sqlstate = "account_closed", "LZ006"


class UnitMismatch(LedgerError):
    """Source and destination have different units. data: key, source, destination."""

    code, sqlstate = "unit_mismatch", "LZ007"


class PeriodClosed(LedgerError):
    """`occurred_at` lies in a closed period of a book that the entry touches. data: key, book, occurred_at."""

    code, sqlstate = "period_closed", "LZ008"


class AlreadyReversed(LedgerError):
    """The entry has its one reversal. data: key, entry_key, reversed_by."""

    code, sqlstate = "already_reversed", "LZ009"


class CapReached(LedgerError):
    """The credit would pass the account's cap and no usable `excess_to` was given.

    data: key, account, cap, posted, amount.
    """

    code, sqlstate = "cap_reached", "LZ010"


class UnknownHold(LedgerError):
    """No hold has this key. data: key, hold_key."""

    code, sqlstate = "unknown_hold", "LZ011"


class UnknownEntry(LedgerError):
    """No entry has this key. data: key, entry_key."""

    code, sqlstate = "unknown_entry", "LZ012"


class AccountExists(LedgerError):
    """The account id is taken by an account opened with another key. data: key, account."""

    code, sqlstate = "account_exists", "LZ013"


class AccountNotEmpty(LedgerError):
    """An account closes only at zero and without holds. data: key, account, posted, held, owed."""

    code, sqlstate = "account_not_empty", "LZ014"


class UnknownBook(LedgerError):
    """No such book. data: book."""

    code, sqlstate = "unknown_book", "LZ015"


class BooksNotConnected(LedgerError):
    """The two books do not belong to the same city. data: key, source_book, destination_book."""

    code, sqlstate = "books_not_connected", "LZ016"


class CaptureTooLarge(LedgerError):
    """More was to be captured than was held. data: key, hold_key, held, amount."""

    code, sqlstate = "capture_too_large", "LZ017"


class InvalidCommand(LedgerError):
    """The command is malformed: amount, key, time or size out of its limits. data: field, reason."""

    code, sqlstate = "invalid_command", "LZ018"


class NotReversible(LedgerError):
    """A reversal is not itself reversed: post anew instead. data: key, entry_key."""

    code, sqlstate = "not_reversible", "LZ019"


class UnbalancedEntry(LedgerError):
    """Raw SQL tried legs that do not sum to zero or disagree with digest or accounts. data: entry, reason."""

    code, sqlstate = "unbalanced_entry", "LZ020"


class EntrySealed(LedgerError):
    """Raw SQL tried to add legs to an entry that has its legs. data: entry."""

    code, sqlstate = "entry_sealed", "LZ021"


class AppendOnly(LedgerError):
    """Raw SQL tried to change or remove what is only ever added. data: table, operation."""

    code, sqlstate = "append_only", "LZ022"


class BookConflict(LedgerError):
    """The book exists with another kind or city, or its city is no open city book. data: book."""

    code, sqlstate = "book_conflict", "LZ023"


class BookNotEmpty(LedgerError):
    """A book closes only with all accounts closed and nothing to clear. data: book, open_accounts, clearing."""

    code, sqlstate = "book_not_empty", "LZ024"


class BookClosed(LedgerError):
    """The book is closed. data: book."""

    code, sqlstate = "book_closed", "LZ025"


class BalanceOutOfRange(LedgerError):
    """A balance would leave the range of 64-bit integers. data: none."""

    code, sqlstate = "balance_out_of_range", "22003"


def named(error: Exception) -> LedgerError | None:
    """The refusal behind a database error, or None when it is not the ledger's (lost connection, deadlock ...)."""
    told = error.orig if isinstance(error, DBAPIError) else error
    cause = getattr(told, "__cause__", None) or told
    kind = BY_SQLSTATE.get(str(getattr(cause, "sqlstate", "")))
    if kind is None:
        return None
    detail = getattr(cause, "detail", None)
    try:
        data = json.loads(detail) if detail else {}
    except ValueError:
        data = {"detail": detail}
    return kind(data)
