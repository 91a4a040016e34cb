"""Limits of what a command may carry, checked when the command is made and again by the SQL functions."""

from datetime import UTC, date, datetime
from uuid import UUID

from timebank.errors import InvalidCommand

MAX_AMOUNT = 10**15  # minutes, fen or credits in one transfer: far above any city, far below 2^63 in sums
MAX_TEXT_CHARACTERS = 200  # keys, kinds, references, reasons
MAX_TRANSFERS = 1_000  # in one entry
MAX_COMMANDS = 10_000  # in one call
UNITS = ("minute", "fen", "credit")
OWN_KEYS = "cycle:"  # keys of what the nightly cycle writes: taken by anybody else, that night could never be run


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


def check_key(key: object) -> None:
    """As `check_text`, and not a key of the ledger's own."""
    check_text("key", key)
    if str(key).startswith(OWN_KEYS):
        raise InvalidCommand({"field": "key", "reason": f"not beginning with {OWN_KEYS}"})


def check_account(field: str, account: object) -> None:
    """Refuse anything but an account's id."""
    if not isinstance(account, UUID):
        raise InvalidCommand({"field": field, "reason": "an account's id (UUID)"})


def check_optional_account(field: str, account: object) -> None:
    """As `check_account`, where None is allowed."""
    if account is not None:
        check_account(field, account)


def check_unit(unit: object) -> None:
    """Refuse anything but a unit of the ledger."""
    if not isinstance(unit, str) or unit not in UNITS:
        raise InvalidCommand({"field": "unit", "reason": "minute, fen or credit"})


def check_day(field: str, day: object) -> None:
    """Refuse anything but a day (a `datetime` is an instant)."""
    if not isinstance(day, date) or isinstance(day, datetime):
        raise InvalidCommand({"field": field, "reason": "a day"})


def check_instant(field: str, instant: object) -> None:
    """Refuse a naive instant, which would mean another moment on another machine, and one that UTC cannot say."""
    if not isinstance(instant, datetime) or instant.utcoffset() is None:
        raise InvalidCommand({"field": field, "reason": "an instant with its time zone"})
    try:
        instant.astimezone(UTC)
    except OverflowError:
        raise InvalidCommand({"field": field, "reason": "an instant in the years 1 to 9999 of UTC"}) from None


def check_optional_instant(field: str, instant: object) -> None:
    """As `check_instant`, where None is allowed."""
    if instant is not None:
        check_instant(field, instant)


def check_transfers(transfers: object, kind: type) -> None:
    """Refuse an entry without transfers or with more than `MAX_TRANSFERS`."""
    if not isinstance(transfers, tuple) or not 1 <= len(transfers) <= MAX_TRANSFERS:
        raise InvalidCommand({"field": "transfers", "reason": f"a tuple of 1 to {MAX_TRANSFERS} transfers"})
    if not all(isinstance(one, kind) for one in transfers):
        raise InvalidCommand({"field": "transfers", "reason": "nothing but transfers"})


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
