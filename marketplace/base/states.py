"""State machines: a table of allowed steps, and one compare-and-swap that takes them.

A step is UPDATE … WHERE id, state and version are as read, with one `transition_log` row in the same transaction.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import inspect, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.attributes import set_committed_value

from marketplace.base.actor import Actor
from marketplace.base.audit import Transition, request_id
from marketplace.base.errors import IllegalTransition, Stale

Machine = Mapping[str, frozenset[str]]


class Stateful(Protocol):
    """A row with a state and a version that grows with every change of state."""

    id: UUID
    state: str
    version: int


def machine(**steps: str) -> Machine:
    """`machine(held="confirmed expired", confirmed="")`: for each state, where it may go."""
    table = {state: frozenset(targets.split()) for state, targets in steps.items()}
    for state, targets in table.items():
        if missing := targets - table.keys():
            raise ValueError(f"{state} leads to unknown states {sorted(missing)}")
    return table


async def move(
    tx: AsyncSession,
    row: Stateful,
    to: str,
    steps: Machine,
    *,
    actor: Actor,
    now: datetime,
    reason: str | None = None,
    on_behalf_of: UUID | None = None,
) -> None:
    """Take `row` to `to`. `IllegalTransition` when the machine has no such step, `Stale` when another was first."""
    if to not in steps[row.state]:
        raise IllegalTransition(state=row.state, wanted=to)
    await tx.flush()
    model: Any = type(row)
    swap = (
        update(model)
        .where(model.id == row.id, model.state == row.state, model.version == row.version)
        .values(state=to, version=row.version + 1)
        .execution_options(synchronize_session=False)
    )
    done: CursorResult[Any] = await tx.execute(swap)  # type: ignore[assignment]
    if done.rowcount != 1:
        raise Stale(id=str(row.id))
    tx.add(
        Transition(
            entity=inspect(model).local_table.name,
            entity_id=row.id,
            from_state=row.state,
            to_state=to,
            version=row.version + 1,
            actor_id=actor.account_id,
            on_behalf_of=on_behalf_of,
            reason=reason,
            at=now,
            request_id=request_id(),
        )
    )
    set_committed_value(row, "version", row.version + 1)
    set_committed_value(row, "state", to)
