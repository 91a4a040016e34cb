"""Opening days: capacity rows made from the shifts of a provider's caregivers.

May be repeated at any time, also after shifts changed: what is promised already stays promised, so a row's seconds
never fall below what is used of it.
"""

from datetime import date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base.clock import local_instant
from marketplace.base.policy import Policy
from marketplace.bookings.capacity.demand import ANYBODY, permille, requirement
from marketplace.catalogue.service import all_services

_LOCK = text(
    "SELECT 1 FROM capacity WHERE provider_id = :provider_id AND slot_at >= :since AND slot_at < :until"
    " ORDER BY skill, slot_at, district_id FOR UPDATE"
)
_CLOSE = text(
    "UPDATE capacity SET seconds = used, abilities = CASE WHEN skill = :anybody THEN '[]'::jsonb END"
    " WHERE provider_id = :provider_id AND slot_at >= :since AND slot_at < :until"
)
_COUNT = text(
    "SELECT count(*) FROM capacity WHERE provider_id = :provider_id AND slot_at >= :since AND slot_at < :until"
    " AND skill = :anybody AND seconds > 0"
)
# A break may be taken anywhere in its window: each half-hour of it loses its share of the break. Whoever carries boxes
# keeps the policy's share of her time for them while meals go out.
_PARTS = """
  SELECT shift.district_id, slot.at AS slot_at, shift.skills,
    (extract(epoch FROM least(slot.at + interval '30 minutes', shift.ends_at) - greatest(slot.at, shift.starts_at))
      - CASE WHEN shift.break_seconds = 0 THEN 0 ELSE shift.break_seconds
          * greatest(0, extract(epoch FROM least(slot.at + interval '30 minutes', pause.until)
                                         - greatest(slot.at, shift.break_from)))
          / greatest(1, extract(epoch FROM pause.until - shift.break_from)) END)
      * CASE WHEN shift.capacity_boxes > 0 AND EXISTS (
          SELECT FROM unnest(CAST(:rides_from AS time[]), CAST(:rides_until AS time[])) AS ride(begins, ends)
           WHERE timezone('Asia/Shanghai', slot.at + interval '30 minutes')::time > ride.begins
             AND timezone('Asia/Shanghai', slot.at)::time < ride.ends)
        THEN 1000 - :rider_permille ELSE 1000 END / 1000.0 AS seconds
    FROM shift
    JOIN performer ON performer.id = shift.performer_id
    CROSS JOIN LATERAL (SELECT least(shift.break_until + shift.break_seconds * interval '1 second', shift.ends_at)
                        AS until) AS pause
    CROSS JOIN LATERAL generate_series(
      date_bin(interval '30 minutes', shift.starts_at, timestamptz '2000-01-01 00:00:00Z'),
      shift.ends_at - interval '1 microsecond', interval '30 minutes') AS slot(at)
   WHERE performer.provider_id = :provider_id AND shift.state = 'open' AND slot.at >= :since AND slot.at < :until
"""
_OPEN = text(
    f"""
INSERT INTO capacity (provider_id, district_id, skill, slot_at, seconds, used)
SELECT :provider_id, district_id, :skill, slot_at, floor(sum(seconds) * :permille / 1000)::int, 0
  FROM ({_PARTS}) AS part
 WHERE skills @> CAST(:skills AS text[])
 GROUP BY district_id, slot_at
HAVING floor(sum(seconds) * :permille / 1000) > 0
 ORDER BY slot_at, district_id
    ON CONFLICT (provider_id, district_id, skill, slot_at)
    DO UPDATE SET seconds = greatest(capacity.used, excluded.seconds)
"""  # noqa: S608 - put together from our own constants
)
_TELL_APART = text(
    f"""
UPDATE capacity SET abilities = found.abilities
  FROM (
    SELECT district_id, slot_at, jsonb_agg(jsonb_build_array(keys, thousandths) ORDER BY keys) AS abilities
      FROM (
        SELECT district_id, slot_at, keys, floor(sum(seconds) * :permille)::bigint AS thousandths
          FROM ({_PARTS}) AS part
         CROSS JOIN LATERAL (
           SELECT ARRAY(SELECT key FROM unnest(CAST(:keys AS text[])) AS need(key)
                         WHERE part.skills @> string_to_array(key, ' ') ORDER BY key) AS keys) AS able
         GROUP BY district_id, slot_at, keys) AS alike
     GROUP BY district_id, slot_at) AS found
 WHERE capacity.provider_id = :provider_id AND capacity.skill = :anybody
   AND capacity.district_id = found.district_id AND capacity.slot_at = found.slot_at
"""  # noqa: S608 - put together from our own constants
)


async def open_days(tx: AsyncSession, provider_id: UUID, first_day: date, days: int, *, policy: Policy) -> int:
    """Open a provider's days for booking, for whatever the catalogue's home visits require; returns the half-hours."""
    scope = {
        "provider_id": provider_id,
        "since": local_instant(first_day, time()),
        "until": local_instant(first_day + timedelta(days=days), time()),
    }
    await tx.execute(_LOCK, scope)
    await tx.execute(_CLOSE, {**scope, "anybody": ANYBODY})
    shares = {**scope, "permille": permille(policy.booking.capacity_share), **_rides(policy)}
    needs = await _requirements(tx)
    for key, skills in needs.items():
        await tx.execute(_OPEN, {**shares, "skill": key, "skills": skills})
    await tx.execute(_TELL_APART, {**shares, "anybody": ANYBODY, "keys": [key for key in needs if key != ANYBODY]})
    return int(await tx.scalar(_COUNT, {**scope, "anybody": ANYBODY}) or 0)


async def _requirements(tx: AsyncSession) -> dict[str, list[str]]:
    """The sets of skills that visits may ask for, by key, in the order in which rows are locked everywhere."""
    found: dict[str, list[str]] = {ANYBODY: []}
    for service in await all_services(tx):
        for gender in (["gender:f"], ["gender:m"]) if service.gender_match else ([],):
            skills = [*service.skills, *gender]
            found[requirement(skills)] = skills
    return dict(sorted(found.items()))


def _rides(policy: Policy) -> dict[str, object]:
    """When boxes are on their way, from the earliest fetching on, and the share that is kept for them."""
    ahead = timedelta(minutes=policy.meal.max_ride_minutes)
    windows = (policy.meal.lunch_window, policy.meal.dinner_window)
    return {
        "rides_from": [(datetime.combine(date(2000, 1, 1), first) - ahead).time() for first, _ in windows],
        "rides_until": [last for _, last in windows],
        "rider_permille": permille(policy.meal.rider_share),
    }
