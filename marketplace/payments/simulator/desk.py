"""One request's desk: the objects it may read and write inside its transaction, its time, and its fresh ids."""

import hashlib
import json
import sqlite3
import string
from typing import Any

from marketplace.payments.simulator.store import set_setting, setting
from marketplace.payments.simulator.wire.errors import missing

Body = dict[str, Any]
LETTERS = string.digits + string.ascii_letters


class Desk:
    """`now` is the provider's time in Unix seconds (wall time plus the test clock), `wall` the true one."""

    def __init__(
        self,
        db: sqlite3.Connection,
        *,
        wall: float,
        base_url: str = "",
        request_id: str | None = None,
        key: str | None = None,
    ) -> None:
        self.db = db
        self.wall = wall
        self.now = int(wall) + int(setting(db, "clock_offset_seconds", 0))
        self.base_url = base_url
        self.request_id = request_id
        self.key = key

    def new_id(self, prefix: str) -> str:
        """Make an id. The same seed gives the same ids in the same order, also across restarts."""
        count = setting(self.db, f"ids_made_{prefix}", 0) + 1
        set_setting(self.db, f"ids_made_{prefix}", count)
        digest = hashlib.sha256(f"{setting(self.db, 'seed', 0)}:{prefix}:{count}".encode()).digest()
        number = int.from_bytes(digest[:20])
        return f"{prefix}_{''.join(LETTERS[number // 62**place % 62] for place in range(24))}"

    def add(self, body: Body, *, due_at: int | None = None) -> Body:
        """Keep a new object; its `object` field is its kind."""
        self.db.execute(
            "INSERT INTO objects (id, kind, created, due_at, body) VALUES (?, ?, ?, ?, ?)",
            (body["id"], body["object"], body["created"], due_at, json.dumps(body)),
        )
        return body

    def save(self, body: Body, *, due_at: int | None = None) -> Body:
        """Write a changed object; `due_at` is when time itself will change it (None: never)."""
        self.db.execute("UPDATE objects SET body = ?, due_at = ? WHERE id = ?", (json.dumps(body), due_at, body["id"]))
        return body

    def find(self, object_id: str, kind: str | None = None) -> Body | None:
        """Read an object, or None."""
        row = self.db.execute("SELECT kind, body FROM objects WHERE id = ?", (object_id,)).fetchone()
        if row is None or (kind is not None and row[0] != kind):
            return None
        body: Body = json.loads(row[1])
        return body

    def get(self, kind: str, object_id: str, *, param: str = "id") -> Body:
        """Read an object; ApiError resource_missing names the parameter."""
        body = self.find(object_id, kind)
        if body is None:
            raise missing(kind, object_id, param=param)
        return body

    def total(self, kind: str, field: str) -> int:
        """Sum one number over all objects of a kind."""
        row = self.db.execute(
            "SELECT coalesce(sum(json_extract(body, '$.' || ?)), 0) FROM objects WHERE kind = ?", (field, kind)
        ).fetchone()
        return int(row[0])

    def count(self, kind: str) -> int:
        """Count the objects of a kind."""
        return int(self.db.execute("SELECT count(*) FROM objects WHERE kind = ?", (kind,)).fetchone()[0])
