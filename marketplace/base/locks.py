"""Named locks: who waits for a name goes on alone until its transaction ends, in every process of this database.

A name and its seed make the key that PostgreSQL knows; an older process beside this one must make the same, so neither
may change once it was used. Two locks are taken elsewhere on purpose: a request's key is tried and never waited for
(`idempotency`), and migrations use a number, on a connection without a session (`migrations`).
"""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

HOURS = 7216  # the seed of names that belong to the hours' members and gifts
_WAIT = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, :seed))")


async def wait_for(tx: AsyncSession, name: str, *, seed: int = 0) -> None:
    """Wait until no other transaction holds the name; whoever wants it next waits for this transaction to end."""
    await tx.execute(_WAIT, {"name": name, "seed": seed})
