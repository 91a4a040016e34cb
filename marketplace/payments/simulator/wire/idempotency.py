"""Idempotency keys as the provider keeps them: the first answer, of whatever status, is the answer for a day.

Answer and effect are one transaction. A key in use by a running request is known only in memory: a killed process
has no running requests.
"""

import hashlib
import json
from dataclasses import dataclass

from marketplace.payments.simulator.desk import Body, Desk
from marketplace.payments.simulator.wire.errors import ApiError

KEPT_SECONDS = 24 * 3600
LONGEST_KEY = 255


@dataclass(frozen=True, slots=True)
class Stored:
    """An answer given before, and the request that it was given to."""

    status: int
    body: Body
    request_id: str


def fingerprint(method: str, path: str, params: Body) -> str:
    """Tell two requests apart by address and parameters."""
    text = json.dumps([method, path, params], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def check_length(key: str) -> None:
    """Refuse a key that is too long."""
    if len(key) > LONGEST_KEY:
        words = f"Idempotency keys have at most {LONGEST_KEY} characters."
        raise ApiError(400, "idempotency_error", words, began=False)


def in_use(key: str) -> ApiError:
    """The first request with the key has not been answered yet."""
    words = f"There is currently another in-progress request using this Idempotent Key ({key})."
    return ApiError(409, "idempotency_error", words, code="idempotency_key_in_use", began=False)


def find(desk: Desk, key: str, print_: str) -> Stored | None:
    """Find the answer of a key; ApiError 400 when it belongs to other parameters."""
    desk.db.execute("DELETE FROM keys WHERE created <= ?", (desk.now - KEPT_SECONDS,))
    row = desk.db.execute("SELECT fingerprint, status, body, request FROM keys WHERE key = ?", (key,)).fetchone()
    if row is None:
        return None
    if row[0] != print_:
        words = (
            "Keys for idempotent requests can only be used with the same parameters "
            f"they were first used with. Try using a key other than '{key}'."
        )
        raise ApiError(400, "idempotency_error", words, began=False)
    return Stored(row[1], json.loads(row[2]), row[3])


def keep(desk: Desk, key: str, print_: str, answer: Stored) -> None:
    """Store the answer, in the transaction of its effect."""
    desk.db.execute(
        "INSERT INTO keys (key, fingerprint, created, status, body, request) VALUES (?, ?, ?, ?, ?, ?)",
        (key, print_, desk.now, answer.status, json.dumps(answer.body), answer.request_id),
    )
