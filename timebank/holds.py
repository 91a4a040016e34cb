"""Holds: reading one, and sweeping away those whose time is over.

Expiry is judged whenever a hold or its account is used, so the sweep only tidies: nothing depends on when it runs.
"""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from timebank.commands import Release
from timebank.errors import InvalidCommand
from timebank.ledger import apply
from timebank.limits import MAX_COMMANDS, check_instant, check_text


@dataclass(frozen=True, slots=True)
class HeldAmount:
    """A hold as stored: held, captured, released or expired; a held one past `expires_at` counts as expired."""

    key: str
    account: UUID
    amount: int
    captured: int
    held_at: datetime
    expires_at: datetime
    resolved_at: datetime | None
    state: str
    reference: str


_FIND = text(
    "SELECT key, account, amount, captured, held_at, expires_at, resolved_at, state, reference"
    " FROM ledger_hold WHERE key = :key"
)
_OVERDUE = text(
    "SELECT key FROM ledger_hold WHERE state = 'held' AND expires_at <= :now ORDER BY expires_at, key LIMIT :limit"
)


async def find_hold(tx: AsyncSession, key: str) -> HeldAmount | None:
    """The hold with this key, or None."""
    check_text("key", key)
    row = (await tx.execute(_FIND, {"key": key})).one_or_none()
    return None if row is None else HeldAmount(**row._asdict())


async def sweep(tx: AsyncSession, *, now: datetime, limit: int = 500) -> int:
    """Release up to `limit` holds that have expired at `now`; returns how many. Two sweeps at once do no harm."""
    check_instant("now", now)
    if isinstance(limit, bool) or not isinstance(limit, int) or not 1 <= limit <= MAX_COMMANDS:
        raise InvalidCommand({"field": "limit", "reason": f"an integer from 1 to {MAX_COMMANDS}"})
    keys = (await tx.scalars(_OVERDUE, {"now": now, "limit": limit})).all()
    # the hash keeps the key short however long the hold's own is
    releases = [Release(key=f"expire:{sha256(key.encode()).hexdigest()}", hold_key=key) for key in keys]
    results = await apply(tx, releases, now=now)
    return sum(1 for result in results if result.amount > 0)
