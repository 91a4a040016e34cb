"""The simulated city: its books, accounts and first grants, founded before the first step of every history."""

from datetime import UTC, datetime

from timebank import Command, OpenAccount, Post, Transfer, account_id, open_account

DAWN = datetime(2026, 3, 2, tzinfo=UTC)
CITY = "city"
BRANCHES = ("A", "B", "C")
OTHER_CITY = "other"
BOOKS: tuple[tuple[str, str | None], ...] = (
    (CITY, None),
    *((branch, CITY) for branch in BRANCHES),
    (OTHER_CITY, None),
    ("X", OTHER_CITY),
)
ISSUANCE = account_id(CITY, "minute", "issuance")
RESERVE = account_id(CITY, "minute", "reserve")
AUTHORISED = 200_000


def member(branch: str, name: str, *, floor: int | None = 0, cap: int | None = None) -> OpenAccount:
    """The opening of a member's account in minutes."""
    return open_account(branch, "minute", "member", owner=name, floor=floor, cap=cap)


def _branch(branch: str) -> list[OpenAccount]:
    return [
        open_account(branch, "minute", "pool"),
        open_account(branch, "minute", "relief"),
        open_account(branch, "minute", "expired", cap=5_000),
        member(branch, "elder"),
        member(branch, "other"),
        member(branch, "capped", cap=400),
        member(branch, "indebted", floor=-600),
        open_account(branch, "fen", "member", owner="elder", floor=-10_000),
        open_account(branch, "fen", "payable", floor=None),
    ]


def openings() -> list[OpenAccount]:
    """Every account that is there from the beginning."""
    return [
        open_account(CITY, "minute", "issuance", floor=-AUTHORISED),
        open_account(CITY, "minute", "reserve"),
        open_account(CITY, "fen", "reserve"),
        *(one for branch in BRANCHES for one in _branch(branch)),
        open_account(OTHER_CITY, "minute", "issuance", floor=-1_000),
        open_account("X", "minute", "member", owner="elder"),
    ]


def founding() -> list[Command]:
    """The opening of all accounts, and 500 minutes for each account of the branches that takes them."""
    opened = openings()
    receivers = [one.account for one in opened if one.unit == "minute" and one.book in BRANCHES and one.cap is None]
    transfers = tuple(Transfer(ISSUANCE, account, 500) for account in receivers)
    return [*opened, Post("founding", transfers, "grant", "founding", DAWN)]
