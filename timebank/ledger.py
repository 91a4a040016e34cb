"""The one way to write: commands in, answers out, inside the caller's transaction.

`apply` is a single SQL call. It never commits. The SQL function locks every account of every command in one order
before it writes, so call it once per transaction: a second call could lock in another order and meet a deadlock
(40P01, retry).
"""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from timebank.calls import call
from timebank.commands import (
    Capture,
    CloseAccount,
    Command,
    Hold,
    OpenAccount,
    Post,
    Release,
    ReopenAccount,
    Result,
    Reverse,
    SetLimits,
)
from timebank.errors import InvalidCommand
from timebank.limits import MAX_COMMANDS, check_instant

_TYPES: dict[type[Command], str] = {
    Post: "post",
    Hold: "hold",
    Capture: "capture",
    Release: "release",
    Reverse: "reverse",
    OpenAccount: "open",
    SetLimits: "limits",
    CloseAccount: "close",
    ReopenAccount: "reopen",
}
_APPLY = text("SELECT ledger_apply(CAST(:commands AS jsonb), CAST(:now AS timestamptz))::text")


async def apply(tx: AsyncSession, commands: Sequence[Command], *, now: datetime) -> list[Result]:
    """Apply all commands in order, or none; one answer per command, in the same order.

    `now` judges whether holds have expired. Any refusal raises its `LedgerError` and leaves the caller's transaction
    (or savepoint, `tx.begin_nested()`) to be rolled back; a lost connection or a deadlock stays a `DBAPIError`.
    """
    check_instant("now", now)
    if len(commands) > MAX_COMMANDS:
        raise InvalidCommand({"field": "commands", "reason": f"at most {MAX_COMMANDS} in one call"})
    if not commands:
        return []
    if not all(type(command) in _TYPES for command in commands):
        raise InvalidCommand({"field": "commands", "reason": "nothing but commands"})
    arguments = {"commands": json.dumps([document(command) for command in commands]), "now": now}
    answers = await call(tx, _APPLY, **arguments)
    return [Result(**answer) for answer in json.loads(str(answers))]


def document(command: Command) -> dict[str, Any]:
    """The command as the SQL function reads it, and as its payload hash sees it: instants in UTC, ids as text."""
    fields: dict[str, Any] = {name: _plain(value) for name, value in asdict(command).items()}
    return {"type": _TYPES[type(command)], **fields}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    return value
