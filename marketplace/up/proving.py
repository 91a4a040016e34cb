"""The proof: money, hours and attendances recomputed from their rows; what does not hold comes back by name."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import text

from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.hours import audit as hours
from marketplace.payments import audit as money

_ATTENDANCE = {
    "a performer was in two places": (
        "WITH stay AS (SELECT assignment.performer_id, assignment.id, came.device_at AS came_at,"
        " went.device_at AS went_at FROM assignment"
        " JOIN check_event came ON came.assignment_id = assignment.id AND came.kind = 'in'"
        " JOIN check_event went ON went.assignment_id = assignment.id AND went.kind = 'out')"
        " SELECT one.id || ' and ' || other.id FROM stay one JOIN stay other ON other.performer_id = one.performer_id"
        " AND other.id > one.id AND one.came_at < other.went_at AND other.came_at < one.went_at"
    ),
    "a performer is planned twice at once": (
        "SELECT one.id || ' and ' || other.id FROM assignment one JOIN assignment other"
        " ON other.performer_id = one.performer_id AND other.id > one.id"
        " AND one.state IN ('planned', 'published', 'checked_in')"
        " AND other.state IN ('planned', 'published', 'checked_in')"
        " AND tstzrange(one.planned_from, one.planned_until) && tstzrange(other.planned_from, other.planned_until)"
    ),
    "a served visit has no evidence": (
        "SELECT visit.id FROM visit WHERE visit.state IN ('approved', 'settled') AND NOT EXISTS (SELECT FROM assignment"
        " JOIN check_event ON check_event.assignment_id = assignment.id AND check_event.kind = 'in'"
        " WHERE assignment.visit_id = visit.id)"
    ),
    "a completed booking has no settled visit": (
        "SELECT booking.id FROM booking WHERE booking.state IN ('completed', 'closed') AND NOT EXISTS"
        " (SELECT FROM visit WHERE visit.cause_kind = 'booking' AND visit.cause_id = booking.id"
        " AND visit.state = 'settled')"
    ),
    "a settled visit's booking is not completed": (
        "SELECT visit.id FROM visit JOIN booking ON booking.id = visit.cause_id WHERE visit.cause_kind = 'booking'"
        " AND visit.state = 'settled' AND booking.state NOT IN ('completed', 'closed')"
    ),
    "promised capacity differs from what bookings hold": (
        "SELECT capacity.provider_id || ' ' || capacity.skill || ' ' || capacity.slot_at FROM capacity LEFT JOIN"
        " (SELECT booking.provider_id, booking.district_id, hold.skill, hold.slot_at, sum(hold.seconds) AS seconds"
        " FROM capacity_hold hold JOIN booking ON booking.id = hold.booking_id GROUP BY 1, 2, 3, 4) held"
        " USING (provider_id, district_id, skill, slot_at) WHERE capacity.used <> coalesce(held.seconds, 0)"
    ),
}
_REST = {
    "a message was given up": "SELECT consumer || ' ' || id FROM delivery WHERE state = 'dead'",
    "a message still waits": "SELECT consumer || ' ' || id FROM delivery WHERE state = 'pending'",
}
_UNFINISHED = {
    "a booking of a day that is over has not ended": (
        "SELECT id || ' is ' || state FROM booking WHERE window_end < :now"
        " AND state NOT IN ('completed', 'closed', 'expired', 'declined', 'cancelled', 'failed')"
    ),
    "a visit of a day that is over has not ended": (
        "SELECT id || ' is ' || state FROM visit WHERE window_end < :now"
        " AND state NOT IN ('settled', 'missed', 'cancelled')"
    ),
}


async def prove_books(platform: Platform) -> list[str]:
    """What does not hold in money, hours and attendances; empty is the proof. Ask when nothing is under way."""
    async with transaction(platform.db) as tx:
        wrong = [f"money: {one}" for one in await money.prove(tx)]
        wrong += [f"hours: {one}" for one in await hours.prove(tx)]
    return wrong + await _ask(platform, _ATTENDANCE)


async def prove_rest(platform: Platform) -> list[str]:
    """What is unfinished after a day that is over: messages, bookings, visits."""
    return await _ask(platform, _REST) + await _ask(platform, _UNFINISHED, now=platform.now())


async def prove_gateway(platform: Platform, summary: Mapping[str, Any]) -> list[str]:
    """What differs between our books and the payment provider's own sums."""
    async with transaction(platform.db) as tx:
        return [f"gateway: {one}" for one in await money.prove_against(tx, summary)]


async def _ask(platform: Platform, checks: Mapping[str, str], **given: Any) -> list[str]:
    wrong: list[str] = []
    async with transaction(platform.db) as tx:
        for sentence, query in checks.items():
            wrong += [f"{sentence}: {subject}" for subject in await tx.scalars(text(query), given)]
    return wrong
