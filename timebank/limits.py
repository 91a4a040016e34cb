"""Limits of what a command may carry, checked when the command is made and again by the SQL functions."""

from collections.abc import Sequence
from datetime import datetime

from timebank.errors import InvalidCommand

MAX_AMOUNT = 10**15  # minutes, fen or credits in one transfer: far above any city, far below 2^63 in sums
MAX_TEXT_CHARACTERS = 200  # keys, kinds, references, reasons
MAX_TRANSFERS = 1_000  # in one entry
MAX_COMMANDS = 10_000  # in one call


def check_amount(field: str, amount: object) -> None:
    """Refuse anything but an integer from 1 to `MAX_AMOUNT` (a bool or a float is no amount)."""
    if isinstance(amount, bool) or not isinstance(amount, int) or not 1 <= amount <= MAX_AMOUNT:
        raise InvalidCommand({"field": field, "reason": f"an integer from 1 to {MAX_AMOUNT}"})


def check_optional_amount(field: str, amount: object) -> None:
    """As `check_amount`, where None is allowed."""
    if amount is not None:
        check_amount(field, amount)


def check_text(field: str, text: object) -> None:
    """Refuse anything but 1 to `MAX_TEXT_CHARACTERS` printable characters (spaces inside are fine)."""
    if not isinstance(text, str) or not 1 <= len(text) <= MAX_TEXT_CHARACTERS or not text.isprintable():
        raise InvalidCommand({"field": field, "reason": f"1 to {MAX_TEXT_CHARACTERS} printable characters"})


def check_instant(field: str, instant: datetime) -> None:
    """Refuse a naive instant: it would mean another moment on another machine."""
    if not isinstance(instant, datetime) or instant.utcoffset() is None:
        raise InvalidCommand({"field": field, "reason": "an instant with its time zone"})


def check_transfers(transfers: Sequence[object]) -> None:
    """Refuse an entry without transfers or with more than `MAX_TRANSFERS`."""
    if not isinstance(transfers, tuple) or not 1 <= len(transfers) <= MAX_TRANSFERS:
        raise InvalidCommand({"field": "transfers", "reason": f"a tuple of 1 to {MAX_TRANSFERS} transfers"})


def check_bounds(*, kind: str, floor: int | None, cap: int | None) -> None:
    """Refuse a positive floor, a negative cap, numbers out of range, and an issuance without its ceiling."""
    for field, bound in (("floor", floor), ("cap", cap)):
        if bound is not None and (isinstance(bound, bool) or not isinstance(bound, int) or abs(bound) > MAX_AMOUNT):
            raise InvalidCommand({"field": field, "reason": f"None or an integer within {MAX_AMOUNT}"})
    if floor is not None and floor > 0:
        raise InvalidCommand({"field": "floor", "reason": "an account opens at zero, so its floor is at most zero"})
    if cap is not None and cap < 0:
        raise InvalidCommand({"field": "cap", "reason": "not negative"})
    if kind == "issuance" and floor is None:
        raise InvalidCommand({"field": "floor", "reason": "an issuance needs its authorised ceiling"})
