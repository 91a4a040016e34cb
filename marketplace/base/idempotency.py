"""Idempotency keys: the answer to a request is stored in the request's own transaction and given again.

After draft-ietf-httpapi-idempotency-key-header: a key is scoped to actor and route; another payload under the
same key is refused, and so is a second request while the first is being worked on. An answer is given again for
`RETENTION` at least, then forgotten by night (`jobs`): the same key is then a new one. What must happen once for good
is keyed by its cause, in the tables of its feature, and is not forgotten here.
"""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from pydantic import BaseModel
from sqlalchemy import Column, DateTime, Index, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel

from marketplace.base.errors import InProgress, KeyReused

Answer = TypeVar("Answer", bound=BaseModel)

RETENTION = timedelta(days=90)  # promised in docs/architecture.md and decision 32; by wall time, as clients wait
# TIDs of rows that are locked do not move, so that no plan reads the table whole; another worker's rows are left to it
_FORGET = text(
    "DELETE FROM idempotency_key WHERE ctid = ANY(ARRAY(SELECT ctid FROM idempotency_key"
    " WHERE recorded_at < now() - CAST(:retention AS interval)"
    " ORDER BY recorded_at LIMIT :limit FOR UPDATE SKIP LOCKED)) RETURNING 1"
)


class StoredAnswer(SQLModel, table=True):
    """What was answered under a key, as the JSON that went out."""

    __tablename__ = "idempotency_key"
    __table_args__ = (Index("idempotency_key_recorded", "recorded_at"),)

    scope: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    payload_hash: bytes
    answer: str
    recorded_at: datetime | None = Field(
        default=None, sa_column=Column(DateTime(timezone=True), nullable=False, server_default=func.now())
    )


@dataclass(frozen=True, slots=True)
class Once:
    """Runs a request's work once per key: `return await once(tx, BookingOut, lambda: book(...))`."""

    scope: str
    key: str
    payload: bytes

    async def __call__(self, tx: AsyncSession, shape: type[Answer], work: Callable[[], Awaitable[Answer]]) -> Answer:
        """The stored answer if there is one, else that of `work`, stored. `KeyReused`, `InProgress`."""
        lock = text("SELECT pg_try_advisory_xact_lock(hashtextextended(:name, 0))")
        if not await tx.scalar(lock, {"name": f"{self.scope}\n{self.key}"}):
            raise InProgress(retry_after_seconds=1)
        payload_hash = hashlib.sha256(self.payload).digest()
        stored = await tx.scalar(
            select(StoredAnswer).where(
                StoredAnswer.scope == self.scope,  # type: ignore[arg-type]
                StoredAnswer.key == self.key,  # type: ignore[arg-type]
            )
        )
        if stored is not None:
            if stored.payload_hash != payload_hash:
                raise KeyReused
            return shape.model_validate_json(stored.answer)
        answer = await work()
        tx.add(
            StoredAnswer(
                scope=self.scope, key=self.key, payload_hash=payload_hash, answer=answer.model_dump_json(by_alias=True)
            )
        )
        return answer


async def forget_answers(tx: AsyncSession, *, limit: int) -> int:
    """Forget answers older than `RETENTION`, the oldest first, up to `limit` of them; returns how many.

    A request that is being worked on has no row yet that anybody else could see: its key and its answer come together.
    """
    return len((await tx.execute(_FORGET, {"retention": RETENTION, "limit": limit})).all())
