"""The one way to write: commands in, answers out, inside the caller's transaction.

`apply` is a single SQL call. It never commits. The SQL function locks every account of every command in one order
before it writes, so call it once per transaction: a second call could lock in another order and meet a deadlock
(40P01, retry).
"""

import json
from collections.abc import Sequence
from dataclasses import fields as fields_of
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from timebank.calls import call, call_directly
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
    Transfer,
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
_APPLY_DIRECTLY = "SELECT ledger_apply($1::text::jsonb, $2::timestamptz)::text"
# one transfer by typed parameters: nobody writes or reads JSON for it
_TRANSFER_DIRECTLY = "SELECT ledger_transfer($1, $2, $3, $4, $5, $6, $7, $8)"
_INFINITE = (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))  # what the driver takes them for
_TRANSFER = text(
    "SELECT ledger_transfer(CAST(:key AS text), CAST(:source AS uuid), CAST(:destination AS uuid),"
    " CAST(:amount AS bigint), CAST(:kind AS text), CAST(:reference AS text),"
    " CAST(:occurred_at AS timestamptz), CAST(:now AS timestamptz))"
)


async def apply(tx: AsyncSession | asyncpg.Connection, commands: Sequence[Command], *, now: datetime) -> list[Result]:
    """Apply all commands in order, or none; one answer per command, in the same order.

    `tx` is a session with its transaction, or the driver's own connection for whoever moves thousands a second: without
    a transaction of its own, each call there is one.

    `now` judges whether holds have expired. Any refusal raises its `LedgerError` and leaves the caller's transaction
    (or savepoint, `tx.begin_nested()`) to be rolled back; a lost connection or a deadlock stays the error it is.
    """
    check_instant("now", now)
    if len(commands) > MAX_COMMANDS:
        raise InvalidCommand({"field": "commands", "reason": f"at most {MAX_COMMANDS} in one call"})
    if not commands:
        return []
    if not all(type(command) in _TYPES for command in commands):
        raise InvalidCommand({"field": "commands", "reason": "nothing but commands"})
    if len(commands) == 1 and isinstance(commands[0], Post) and _is_one_transfer(commands[0]):
        return [await _transfer(tx, commands[0], now)]
    documents = json.dumps([document(command) for command in commands])
    if isinstance(tx, AsyncSession):
        answers = await call(tx, _APPLY, commands=documents, now=now)
    else:
        answers = await call_directly(tx, _APPLY_DIRECTLY, documents, now)
    return [Result(**answer) for answer in json.loads(str(answers))]


def _is_one_transfer(post: Post) -> bool:
    return len(post.transfers) == 1 and post.excess_to is None and post.occurred_at not in _INFINITE


async def _transfer(tx: AsyncSession | asyncpg.Connection, post: Post, now: datetime) -> Result:
    arguments = {
        "key": post.key,
        "source": post.transfers[0].source,
        "destination": post.transfers[0].destination,
        "amount": post.transfers[0].amount,
        "kind": post.kind,
        "reference": post.reference,
        "occurred_at": post.occurred_at,
        "now": now,
    }
    if isinstance(tx, AsyncSession):
        entry, repeated = await call(tx, _TRANSFER, **arguments)
    else:
        entry, repeated = await call_directly(tx, _TRANSFER_DIRECTLY, *arguments.values())
    return Result(post.key, "posted", entry, post.transfers[0].amount, 0, repeated)


def document(command: Command) -> dict[str, Any]:
    """The command as the SQL function reads it, and as its payload hash sees it: instants in UTC, ids as text."""
    fields = {field.name: _plain(getattr(command, field.name)) for field in fields_of(command)}
    return {"type": _TYPES[type(command)], **fields}


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, Transfer):
        return {"source": str(value.source), "destination": str(value.destination), "amount": value.amount}
    return [_plain(one) for one in value]  # an entry's transfers
