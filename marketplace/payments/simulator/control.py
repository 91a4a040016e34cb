"""The simulator's own requests: its clock, its switches, and the sums that a check at the end of a day compares."""

import json
from dataclasses import asdict
from typing import Any

from marketplace.payments.simulator import switches
from marketplace.payments.simulator.desk import Body, Desk
from marketplace.payments.simulator.objects import balance
from marketplace.payments.simulator.objects.attempts import expire_due
from marketplace.payments.simulator.store import set_setting, setting
from marketplace.payments.simulator.wire.errors import ApiError

LONGEST_ADVANCE_SECONDS = 366 * 24 * 3600


def read_switches(desk: Desk, _raw: bytes) -> Body:
    """Tell the switches."""
    return asdict(switches.read(desk.db))


def change_switches(desk: Desk, raw: bytes) -> Body:
    """Change some switches; unknown names are refused."""
    return asdict(switches.change(desk.db, _json(raw)))


def read_clock(desk: Desk, _raw: bytes) -> Body:
    """Tell the provider's time."""
    return {"now": desk.now, "offset_seconds": setting(desk.db, "clock_offset_seconds", 0)}


def advance_clock(desk: Desk, raw: bytes) -> Body:
    """Move the provider's time forward (`advance_seconds`); authorisations whose time is over expire."""
    wanted = _json(raw)
    seconds = wanted.get("advance_seconds") if isinstance(wanted, dict) else None
    if type(seconds) is not int or not 0 <= seconds <= LONGEST_ADVANCE_SECONDS:
        words = f"advance_seconds must be a whole number from 0 to {LONGEST_ADVANCE_SECONDS}."
        raise ApiError(400, "invalid_request_error", words, param="advance_seconds")
    set_setting(desk.db, "clock_offset_seconds", setting(desk.db, "clock_offset_seconds", 0) + seconds)
    desk.now += seconds
    return {**read_clock(desk, raw), "expired": expire_due(desk)}


def summary(desk: Desk, _raw: bytes) -> Body:
    """Count and sum everything, in fen, from the objects themselves; `balance_fen` is the running balance."""
    pending, undelivered = desk.db.execute(
        "SELECT coalesce(sum(copies_left), 0), coalesce(sum(accepted = 0), 0) FROM deliveries"
    ).fetchone()
    states = dict(
        desk.db.execute(
            "SELECT json_extract(body, '$.status'), count(*) FROM objects WHERE kind = 'payment_intent' GROUP BY 1"
        ).fetchall()
    )
    kinds = ("charge", "refund", "account", "transfer", "transfer_reversal", "event")
    return {
        "authorised_fen": desk.total("payment_intent", "amount_capturable"),
        "captured_fen": desk.total("payment_intent", "amount_received"),
        "refunded_fen": _refunded_fen(desk),
        "transferred_fen": desk.total("transfer", "amount"),
        "reversed_fen": desk.total("transfer_reversal", "amount"),
        "accounts_fen": desk.total("account", "simulator_balance_fen"),
        "balance_fen": balance.available_fen(desk),
        "counts": {"payment_intent": states, **{kind: desk.count(kind) for kind in kinds}},
        "events_pending": undelivered,
        "copies_pending": pending,
    }


def _refunded_fen(desk: Desk) -> int:
    given = "SELECT coalesce(sum(json_extract(body, '$.amount')), 0) FROM objects WHERE kind = 'refund'"
    return int(desk.db.execute(f"{given} AND json_extract(body, '$.status') = 'succeeded'").fetchone()[0])


def _json(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise ApiError(400, "invalid_request_error", "The body is not JSON.", began=False) from error
