"""Switches: what goes wrong on purpose. Kept in the file, so that a restart does not heal the world.

POST /_simulator/switches takes a JSON object and changes only what it names; `"fail": null` ends the failures.
"""

import sqlite3
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from marketplace.payments.simulator.store import set_setting, setting
from marketplace.payments.simulator.wire.errors import ApiError

MOST = {"duplicates": 20, "delay_ms": 600_000, "drop_first_attempts": 1000, "latency_ms": 60_000}
LEAST = {"duplicates": 1}
REFUNDS = ("succeed", "pending", "fail_later")  # see `objects.refunds`


class FailureMode(StrEnum):
    """How an API request fails, and whether its effect happens."""

    ERROR_500 = "error_500"  # no effect; stored under the key and replayed, as the provider does
    ERROR_500_AFTER_EFFECT = "error_500_after_effect"  # the effect stands; the 500 is stored and replayed
    UNAVAILABLE_503 = "unavailable_503"  # no effect, nothing stored
    RATE_LIMIT_429 = "rate_limit_429"  # no effect, nothing stored
    CUT_BEFORE_EFFECT = "cut_before_effect"  # the connection breaks before anything ran
    CUT_AFTER_EFFECT = "cut_after_effect"  # the answer is lost: effect and answer are stored, nobody hears


@dataclass(frozen=True, slots=True)
class Failure:
    """The next `count` requests whose method and path match fail in this mode."""

    mode: FailureMode
    count: int
    path: str = "/v1/"  # a prefix
    method: str | None = None


@dataclass(frozen=True, slots=True)
class Switches:
    """Webhooks: how often, how late, in what order, after how many lost attempts. Requests: how slow, what fails.

    Refunds: what becomes of those made from now on.
    """

    duplicates: int = 1
    delay_ms: int = 0
    shuffle: bool = False
    drop_first_attempts: int = 0
    paused: bool = False  # hold all webhooks back
    latency_ms: int = 0
    refunds: str = "succeed"
    fail: Failure | None = field(default=None)


def read(db: sqlite3.Connection) -> Switches:
    """Read the present switches."""
    return _switches(setting(db, "switches", {}))


def change(db: sqlite3.Connection, wanted: Any) -> Switches:
    """Change what `wanted` names; ApiError 400 for an unknown name or a value out of bounds."""
    if not isinstance(wanted, dict):
        raise _wrong("a JSON object is expected")
    switches = _switches({**asdict(read(db)), **wanted})
    set_setting(db, "switches", asdict(switches))
    return switches


def take_failure(db: sqlite3.Connection, method: str, path: str) -> FailureMode | None:
    """Tell how this request fails, if it does, and count it."""
    switches = read(db)
    failure = switches.fail
    if failure is None or not path.startswith(failure.path) or failure.method not in {None, method}:
        return None
    left = asdict(failure) | {"count": failure.count - 1}
    change(db, {"fail": left if left["count"] else None})
    return failure.mode


def _switches(values: dict[str, Any]) -> Switches:
    try:
        failure = None if values.get("fail") is None else _failure(values["fail"])
        switches = Switches(**{**values, "fail": failure})
    except (TypeError, ValueError) as error:
        raise _wrong(str(error)) from error
    for name, most in MOST.items():
        value = getattr(switches, name)
        if type(value) is not int or not LEAST.get(name, 0) <= value <= most:
            raise _wrong(f"{name} must be a whole number from {LEAST.get(name, 0)} to {most}")
    if type(switches.shuffle) is not bool or type(switches.paused) is not bool:
        raise _wrong("shuffle and paused are true or false")
    if switches.refunds not in REFUNDS:
        raise _wrong(f"refunds must be one of {', '.join(REFUNDS)}")
    return switches


def _failure(values: dict[str, Any]) -> Failure:
    failure = Failure(**{**values, "mode": FailureMode(values.get("mode", ""))})
    if type(failure.count) is not int or failure.count < 1:
        raise ValueError("fail.count must be a whole number from 1")
    if not isinstance(failure.path, str) or failure.method not in {None, "GET", "POST"}:
        raise ValueError("fail.path is a text, fail.method GET, POST or null")
    return failure


def _wrong(why: str) -> ApiError:
    return ApiError(400, "invalid_request_error", f"Switches: {why}.", began=False)
