"""A branch's figures, summed from tasks that stand and from the ledger, all at one moment.

given       verified minutes of tasks by members of the branch
received    verified minutes of tasks for elders of its district
elsewhere   minutes that members of other branches paid to members of this one
net         what the other branches and the city owe it (below 0: it owes them)
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base.timebank_rules import TimeBankRules
from marketplace.hours.books import CITY, MINUTE
from marketplace.hours.members.stars import MINUTES_PER_HOUR, SERVED


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchFigures:
    """One branch at `as_of`. `stars[n]` members have n stars; providers are no members here, and have none."""

    district_id: UUID
    code: str
    name_zh: str
    name_en: str
    members: int
    given_minutes: int
    received_minutes: int
    elsewhere_minutes: int
    net_minutes: int
    pool_minutes: int
    stars: tuple[int, ...]
    as_of: datetime


_FIGURES = text(
    f"""
    WITH served AS MATERIALIZED ({SERVED}), earned AS (
      SELECT m.id, m.district_id, COALESCE(sum(s.verified_minutes), 0) AS minutes
      FROM member m LEFT JOIN served s ON s.member_id = m.id
      WHERE m.kind <> 'provider' AND m.state <> 'left' GROUP BY m.id
    ), starred AS (
      SELECT district_id, width_bucket(minutes, CAST(:steps AS numeric[])) AS stars, count(*) AS persons
      FROM earned GROUP BY 1, 2
    ), across AS (
      SELECT c.branch, -sum(c.amount) AS minutes
      FROM ledger_posting c JOIN ledger_entry e ON e.id = c.entry AND e.kind IN ('task', 'booking')
      WHERE c.role = 'clearing' AND c.unit = :unit AND c.amount < 0 AND c.partner <> :city
        AND NOT EXISTS (SELECT FROM ledger_entry r WHERE r.reverses = e.id)
        AND EXISTS (SELECT FROM ledger_posting p JOIN ledger_account a ON a.id = p.account AND a.kind = 'member'
                    WHERE p.entry = e.id AND p.amount < 0)
      GROUP BY c.branch
    )
    SELECT d.id AS district_id, d.code, d.name_zh, d.name_en,
      (SELECT count(*) FROM earned WHERE earned.district_id = d.id) AS members,
      (SELECT COALESCE(sum(s.verified_minutes), 0)::bigint FROM served s JOIN member m ON m.id = s.member_id
        WHERE m.district_id = d.id) AS given_minutes,
      (SELECT COALESCE(sum(verified_minutes), 0)::bigint FROM served WHERE served.district_id = d.id)
        AS received_minutes,
      COALESCE((SELECT minutes FROM across WHERE across.branch = d.id::text), 0)::bigint AS elsewhere_minutes,
      COALESCE((SELECT -(clearing + settled) FROM ledger_net_position n WHERE n.branch = d.id::text
        AND n.unit = :unit), 0)::bigint AS net_minutes,
      COALESCE((SELECT sum(posted) FROM ledger_account a WHERE a.book = d.id::text AND a.unit = :unit
        AND a.kind = 'pool'), 0)::bigint AS pool_minutes,
      (SELECT jsonb_object_agg(stars, persons) FROM starred WHERE starred.district_id = d.id)::text AS stars
    FROM region d WHERE d.level = 'district' ORDER BY d.path
    """  # noqa: S608 - the part that is put in is the definition of stars
)


async def branch_figures(tx: AsyncSession, rules: TimeBankRules, *, now: datetime) -> list[BranchFigures]:
    """Every district's figures, in the order of the region tree."""
    asked = {"steps": [hours * MINUTES_PER_HOUR for hours in rules.stars_hours], "unit": MINUTE, "city": CITY}
    return [
        BranchFigures(**{**row._asdict(), "stars": _stars(row.stars, rules.stars_hours)}, as_of=now)
        for row in await tx.execute(_FIGURES, asked)
    ]


def _stars(counted: str | None, stars_hours: Sequence[int]) -> tuple[int, ...]:
    found: Mapping[str, int] = {} if counted is None else json.loads(counted)
    return tuple(found.get(str(number), 0) for number in range(len(stars_hours) + 1))
