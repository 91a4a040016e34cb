from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlmodel import col

from marketplace.base import outbox, timers
from marketplace.base.database import transaction
from marketplace.base.ids import new_id
from marketplace.base.outbox import Delivery, Message
from marketplace.base.platform import Platform

heard: list[UUID] = []


async def listener(_platform: Platform, message: Message) -> None:
    heard.append(message.id)


async def broken(_platform: Platform, _message: Message) -> None:
    raise ValueError("phone 19900001234 must not be stored")


def use(platform: Platform, **table: tuple[outbox.Consumer, ...]) -> outbox.Consumers:
    """Let the platform send just these messages to just these consumers."""
    platform.db.consumers = {name: tuple(outbox.consumer_name(c) for c in group) for name, group in table.items()}
    return table


async def test_a_message_is_delivered_once_to_its_consumer(platform: Platform) -> None:
    table = use(platform, hello=(listener,))
    async with transaction(platform.db) as tx:
        message_id = await outbox.send(tx, "hello", booking_id=new_id())
    assert await outbox.deliver_due(platform, table) == 1
    assert await outbox.deliver_due(platform, table) == 0
    assert heard.count(message_id) == 1


async def test_a_rolled_back_change_sends_nothing(platform: Platform) -> None:
    table = use(platform, hello=(listener,))
    try:
        async with transaction(platform.db) as tx:
            await outbox.send(tx, "hello")
            raise RuntimeError
    except RuntimeError:
        pass
    assert await outbox.deliver_due(platform, table) == 0


async def test_a_failing_consumer_is_retried_later_and_its_error_text_is_not_kept(platform: Platform) -> None:
    table = use(platform, hello=(listener, broken))
    async with transaction(platform.db) as tx:
        await outbox.send(tx, "hello")
    assert await outbox.deliver_due(platform, table) == 2
    async with transaction(platform.db) as tx:
        rows = {d.consumer.split(".")[-1]: d for d in await tx.scalars(select(Delivery))}
    assert rows["listener"].state == "done"
    assert rows["broken"].state == "pending"
    assert rows["broken"].last_error == "ValueError"


async def test_a_consumer_that_never_succeeds_ends_with_the_dead(platform: Platform) -> None:
    table = use(platform, hello=(broken,))
    async with transaction(platform.db) as tx:
        await outbox.send(tx, "hello")
        delivery = (await tx.scalars(select(Delivery))).one()
        delivery.attempts = 10
    await outbox.deliver_due(platform, table)
    async with transaction(platform.db) as tx:
        assert (await tx.scalars(select(Delivery))).one().state == "dead"


async def test_a_timer_fires_its_message_when_the_domains_clock_reaches_it(platform: Platform) -> None:
    table = use(platform, **{"hold.due": (listener,)})
    entity = new_id()
    async with transaction(platform.db) as tx:
        await timers.set_timer(tx, "hold.due", entity, platform.now() + timedelta(minutes=15))
    assert await timers.fire_due(platform) == 0
    platform.clock.set(platform.now() + timedelta(minutes=15))  # type: ignore[attr-defined]  # the tests' clock moves
    assert await timers.fire_due(platform) == 1
    assert await timers.fire_due(platform) == 0
    async with transaction(platform.db) as tx:
        message = await tx.scalar(select(Message).where(col(Message.name) == "hold.due"))
    assert message is not None
    assert message.ids == {"id": str(entity)}
    assert await outbox.deliver_due(platform, table) == 1


async def test_a_dropped_timer_does_not_fire(platform: Platform) -> None:
    use(platform, **{"hold.due": ()})
    entity = new_id()
    async with transaction(platform.db) as tx:
        await timers.set_timer(tx, "hold.due", entity, platform.now())
        await timers.drop_timer(tx, "hold.due", entity)
    assert await timers.fire_due(platform) == 0
