"""Books: one per branch and one per city. A branch names its city, in whose book its clearing is mirrored."""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from timebank.calls import call
from timebank.limits import check_instant, check_text

_OPEN = text("SELECT ledger_open_book(:book, :kind, :city)")
_CLOSE = text("SELECT ledger_close_book(:book)")
_CLOSE_PERIOD = text("SELECT ledger_close_period(:book, :starts_at, :ends_at, :now)")


async def open_book(tx: AsyncSession, book: str, *, city: str | None = None) -> None:
    """Open a branch's book under `city`, or a city's own book (`city=None`). Repeating it changes nothing.

    Raises `BookConflict` when the book exists otherwise or the city's book does not.
    """
    check_text("book", book)
    if city is not None:
        check_text("city", city)
    await call(tx, _OPEN, book=book, kind="city" if city is None else "branch", city=city)


async def close_book(tx: AsyncSession, book: str) -> None:
    """Close a book whose accounts are all closed and whose clearing is settled; else `BookNotEmpty`."""
    check_text("book", book)
    await call(tx, _CLOSE, book=book)


async def close_period(tx: AsyncSession, book: str, *, starts_at: datetime, ends_at: datetime, now: datetime) -> None:
    """From now on nothing may occur in [starts_at, ends_at) of this book. Waits for writers under way.

    Call it in a transaction of its own, not after `apply`. Raises `UnknownBook`, `InvalidCommand`.
    """
    check_text("book", book)
    check_instant("starts_at", starts_at)
    check_instant("ends_at", ends_at)
    check_instant("now", now)
    await call(tx, _CLOSE_PERIOD, book=book, starts_at=starts_at, ends_at=ends_at, now=now)
