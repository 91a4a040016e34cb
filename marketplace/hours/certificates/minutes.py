"""Which minutes a certificate takes: of credited tasks of the period, oldest first, none that is certified already.

Minutes are numbered within their task from 0. Of the minutes that a task verified some were credited to the member and
some, above her caps, to a pool; a certificate that takes a part of a task spends the same share of what was credited.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession


@dataclass(frozen=True, slots=True)
class Served:
    """A credited task: what it verified, what of it the member was credited, and the ranges certified before."""

    task_id: UUID
    kind: str
    verified: int
    credited: int
    taken: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """Minutes [start, end) of a task, and what they take from the member's account if certified minutes are spent."""

    task_id: UUID
    kind: str
    start: int
    end: int
    spent: int

    @property
    def minutes(self) -> int:
        """How many."""
        return self.end - self.start


# a task whose entry was reversed and not posted anew has no verified minutes any more
_SERVED = text(
    """
    SELECT t.id AS task_id, t.kind, t.verified_minutes AS verified, t.credited_minutes AS credited,
      COALESCE((SELECT array_agg(ARRAY[c.from_minute, c.until_minute] ORDER BY c.from_minute)
                FROM certified_minutes c WHERE c.task_id = t.id AND NOT c.freed), '{}') AS taken
    FROM task t
    WHERE t.member_id = :member AND t.state = 'credited' AND t.served_on BETWEEN :since AND :until
      AND t.verified_minutes > 0 AND NOT certificate_task_reversed(t.id)
    ORDER BY t.served_on, t.id
    """
)


async def served(tx: AsyncSession, member_id: UUID, since: date, until: date) -> list[Served]:
    """The member's credited tasks of a period, both days inclusive, oldest first. Lock the member before."""
    rows = await tx.execute(_SERVED, {"member": member_id, "since": since, "until": until})
    return [Served(**{**row._asdict(), "taken": tuple((a, b) for a, b in row.taken)}) for row in rows]


def choose(tasks: Iterable[Served], up_to: int | None) -> list[Part]:
    """The parts to certify: every free minute, or the first `up_to` of them."""
    left = up_to
    parts: list[Part] = []
    for task in tasks:
        for start, end in free(task.verified, task.taken):
            wanted = end if left is None else min(end, start + left)
            if wanted > start:
                parts.append(Part(task.task_id, task.kind, start, wanted, _share(task, start, wanted)))
                left = left if left is None else left - (wanted - start)
    return parts


def free(verified: int, taken: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """What of [0, verified) the sorted ranges `taken` leave."""
    gaps, at = [], 0
    for start, end in taken:
        if start > at:
            gaps.append((at, start))
        at = max(at, end)
    return [*gaps, (at, verified)] if at < verified else gaps


def _share(task: Served, start: int, end: int) -> int:
    """What was credited for [start, end): shares of parts add up to the whole."""
    return task.credited * end // task.verified - task.credited * start // task.verified


def by_kind(parts: Iterable[Part]) -> dict[str, int]:
    """Minutes per kind of task."""
    sums: dict[str, int] = {}
    for part in parts:
        sums[part.kind] = sums.get(part.kind, 0) + part.minutes
    return dict(sorted(sums.items()))
