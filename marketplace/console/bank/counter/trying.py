"""A trial: the API's own route is run as if the button had been pressed, and all that it did is taken back.

So what the officer reads before is what would be answered, refusals included; only others may be quicker.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base.actor import Actor
from marketplace.base.errors import DomainError, Malformed
from marketplace.base.idempotency import Answer, Once
from marketplace.base.platform import Platform
from marketplace.console.bank.counter.acts import Call
from marketplace.hours.giving.schemas import OrderOut, ScheduleOut
from marketplace.web.dependencies import Act

UNSAID = "··"  # the reason is asked for last; no text of a trial is kept


@dataclass(frozen=True, slots=True)
class Trial:
    """What would be answered: an order or a standing order, or the refusal."""

    answer: Any = None
    refusal: DomainError | None = None

    @property
    def order(self) -> OrderOut | None:
        """The order that would be made."""
        return self.answer if isinstance(self.answer, OrderOut) else None

    @property
    def schedule(self) -> ScheduleOut | None:
        """The standing order that would be made."""
        return self.answer if isinstance(self.answer, ScheduleOut) else None


class _Unkept(Once):
    """Keeps no answer: nothing is done for good."""

    async def __call__(self, tx: AsyncSession, shape: type[Answer], work: Callable[[], Awaitable[Answer]]) -> Answer:  # noqa: ARG002 - as `Once`
        return await work()


async def tried(tx: AsyncSession, call: Call, *, platform: Platform, actor: Actor, now: datetime) -> Trial:
    """What the call would be answered. Objects read before may be expired by it: read them anew."""
    act = Act(tx, actor, now, platform, _Unkept("", "", b""))
    savepoint = await tx.begin_nested()
    try:
        return Trial(answer=await call.route.fn(data=_data(call), act=act))
    except DomainError as refusal:
        return Trial(refusal=refusal)
    finally:
        await savepoint.rollback()


def _data(call: Call) -> BaseModel:
    try:
        return call.shape.model_validate(with_reason(call, UNSAID))
    except ValidationError as error:
        raise Malformed(reason=error.errors()[0]["msg"]) from error


def with_reason(call: Call, reason: str) -> dict[str, Any]:
    """The body with a reason in its place."""
    outer, _, inner = call.reason.rpartition(".")
    if not outer:
        return {**call.body, inner: reason}
    return {**call.body, outer: {**call.body[outer], inner: reason}}
