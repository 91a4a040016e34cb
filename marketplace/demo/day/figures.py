"""The day in figures, summed from the database when all is at rest: what was served, driven, paid, earned."""

from collections import Counter
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.demo.day.story import Told
from marketplace.hours.figures import figures as figures_of_hours

_BOOKINGS = text("SELECT state, count(*) AS n FROM booking WHERE day = :day GROUP BY state ORDER BY state")
_VISITS = text(
    "SELECT CASE WHEN visit.state IN ('approved', 'settled') THEN 'served' WHEN visit.state = 'missed' THEN 'unserved'"
    " ELSE visit.state END AS outcome, count(*) AS n FROM visit JOIN booking ON booking.id = visit.cause_id"
    " WHERE visit.cause_kind = 'booking' AND booking.day = :day GROUP BY 1"
)
_DRIVEN = text(
    "SELECT coalesce(sum(assignment.travel_metres), 0) FROM assignment JOIN visit ON visit.id = assignment.visit_id"
    " JOIN booking ON booking.id = visit.cause_id WHERE assignment.state = 'checked_out' AND booking.day = :day"
)
# the newest plan that left a missed visit out says why; one that no plan left out was planned, and nobody came
_REASONS = text(
    """
    SELECT DISTINCT ON (visit.id) visit.id, reason->>'code' AS code
      FROM visit JOIN booking ON booking.id = visit.cause_id
      LEFT JOIN plan ON plan.district_id = visit.district_id AND plan.day = booking.day
      LEFT JOIN LATERAL jsonb_array_elements(plan.plan->'unassigned') entry ON entry->>'id' = visit.id::text
      LEFT JOIN LATERAL jsonb_array_elements(entry->'reasons') reason ON true
     WHERE visit.cause_kind = 'booking' AND visit.state = 'missed' AND booking.day = :day
     ORDER BY visit.id, (reason IS NULL), plan.version DESC
    """
)
_MONEY = text(
    "SELECT coalesce(sum(captured_fen), 0) AS captured, coalesce(sum(refunded_fen), 0) AS refunded FROM payment"
)
_PAID_OUT = text("SELECT coalesce(sum(amount_fen), 0) FROM payout WHERE state = 'paid'")
_POSTED = text(
    "SELECT kind, sum(posted)::bigint AS posted FROM ledger_account WHERE book = 'city' AND unit = 'fen' GROUP BY kind"
)
_PLANS = text("SELECT count(*) FROM plan WHERE day = :day AND state <> 'rejected'")
_ENTRIES = text("SELECT count(*) FROM ledger_entry")


@dataclass(frozen=True, slots=True)
class Figures:
    """A day's sums. Money in fen, hours in minutes, distance in metres."""

    bookings: dict[str, Any]
    visits: dict[str, Any]
    travelled_metres: int
    money_fen: dict[str, int]
    hours_minutes: dict[str, int]
    plans: int
    ledger_entries: int

    def document(self) -> dict[str, Any]:
        """The figures as JSON has them."""
        return asdict(self)


async def figures(tx: AsyncSession, told: Told, day: date) -> Figures:
    """Sum a day up."""
    on = {"day": day}
    states = {row.state: row.n for row in await tx.execute(_BOOKINGS, on)}
    refused = Counter(one.refused for one in told.made if one.refused)
    return Figures(
        bookings={
            "wished": len(told.made),
            "made": sum(states.values()),
            "refused": dict(sorted(refused.items())),
            "cancelled_by_payers": told.cancelled,
            "refunded_by_officers": told.refunds,
            "states": states,
        },
        visits=await _visits(tx, told, day),
        travelled_metres=int(await tx.scalar(_DRIVEN, on) or 0),
        money_fen=await _money(tx),
        hours_minutes=asdict(await figures_of_hours(tx)),
        plans=int(await tx.scalar(_PLANS, on) or 0),
        ledger_entries=int(await tx.scalar(_ENTRIES) or 0),
    )


async def _visits(tx: AsyncSession, told: Told, day: date) -> dict[str, Any]:
    outcomes = {row.outcome: row.n for row in await tx.execute(_VISITS, {"day": day})}
    reasons = Counter(row.code or "nobody_came" for row in await tx.execute(_REASONS, {"day": day}))
    return {
        "planned": sum(outcomes.values()),
        "served": outcomes.pop("served", 0),
        "unserved": outcomes.pop("unserved", 0),
        "unserved_reasons": dict(sorted(reasons.items())),
        "cancelled": outcomes.pop("cancelled", 0),
        "unfinished": sum(outcomes.values()),
        "exceptions_approved": told.exceptions,
        "confirmed_by_payers": told.confirmed,
        "reports": told.reports,
        "absent_shift": told.absent_shift,
    }


async def _money(tx: AsyncSession) -> dict[str, int]:
    taken = (await tx.execute(_MONEY)).one()
    posted = {row.kind: int(row.posted) for row in await tx.execute(_POSTED)}
    return {
        "captured": int(taken.captured),
        "refunded": int(taken.refunded),
        "transferred": int(await tx.scalar(_PAID_OUT) or 0),
        "platform_fee": posted.get("platform_fee", 0),
        "payable": posted.get("provider_payable", 0),
    }
