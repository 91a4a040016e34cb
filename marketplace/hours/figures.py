"""What the time bank did so far, summed from the books."""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts, and minutes. Redeemed: given by members for tasks and bookings; across: to another district's book."""

    members: int
    tasks_credited: int
    earned_minutes: int
    excess_minutes: int
    redeemed_minutes: int
    redeemed_across_minutes: int
    held_minutes: int
    granted_minutes: int


_FIGURES = text(
    """
    WITH standing AS (
      SELECT e.id FROM ledger_entry e WHERE e.kind IN ('task', 'booking')
      AND NOT EXISTS (SELECT FROM ledger_entry r WHERE r.reverses = e.id)
    ), given AS (
      SELECT p.entry, -p.amount AS minutes FROM ledger_posting p
      JOIN ledger_account a ON a.id = p.account AND a.kind = 'member' AND a.unit = 'minute'
      WHERE p.entry IN (SELECT id FROM standing) AND p.amount < 0
    )
    SELECT
      (SELECT count(*) FROM member) AS members,
      (SELECT count(*) FROM task WHERE state = 'credited') AS tasks_credited,
      (SELECT COALESCE(sum(credited_minutes), 0) FROM task WHERE state = 'credited') AS earned_minutes,
      (SELECT COALESCE(sum(excess_minutes), 0) FROM task WHERE state = 'credited') AS excess_minutes,
      (SELECT COALESCE(sum(minutes), 0)::bigint FROM given) AS redeemed_minutes,
      (SELECT COALESCE(sum(p.amount), 0)::bigint FROM ledger_posting p
        WHERE p.entry IN (SELECT entry FROM given) AND p.role = 'clearing' AND p.amount > 0) AS redeemed_across_minutes,
      (SELECT COALESCE(sum(held), 0)::bigint FROM ledger_account
        WHERE unit = 'minute' AND kind <> 'link') AS held_minutes, -- on a mirror it is room, nobody's minutes
      (SELECT COALESCE(-sum(posted), 0)::bigint FROM ledger_account
        WHERE unit = 'minute' AND kind = 'issuance') AS granted_minutes
    """
)


async def figures(tx: AsyncSession) -> Figures:
    """The figures of the whole city at this moment."""
    row = (await tx.execute(_FIGURES)).one()
    return Figures(**{name: int(value) for name, value in row._asdict().items()})
