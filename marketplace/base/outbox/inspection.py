"""Looking at deliveries and giving dead ones another chance: the operator's view of the outbox."""

from uuid import UUID

from sqlalchemy import func, select, update
from sqlmodel import col

from marketplace.base.database import transaction
from marketplace.base.outbox.models import Delivery, Message
from marketplace.base.platform import Platform


async def list_deliveries(platform: Platform, *, state: str, limit: int) -> list[tuple[str, str, str, str, str]]:
    """Delivery id, message, consumer, attempts and last error, newest first."""
    query = (
        select(Delivery, col(Message.name))
        .join(Message, col(Message.id) == col(Delivery.message_id))
        .where(col(Delivery.state) == state)
        .order_by(col(Delivery.id).desc())
        .limit(limit)
    )
    async with transaction(platform.db) as tx:
        return [
            (str(row.id), name, row.consumer, str(row.attempts), row.last_error or "")
            for row, name in (await tx.execute(query)).all()
        ]


async def replay(platform: Platform, delivery_id: str | None) -> int:
    """Make dead deliveries due again, one or all; returns how many."""
    change = (
        update(Delivery)
        .where(col(Delivery.state) == "dead")
        .values(state="pending", attempts=0, next_at=func.now())
        .returning(col(Delivery.id))
        .execution_options(synchronize_session=False)
    )
    if delivery_id is not None:
        change = change.where(col(Delivery.id) == UUID(delivery_id))
    async with transaction(platform.db) as tx:
        return len((await tx.execute(change)).all())
