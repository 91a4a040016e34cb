from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import select
from sqlmodel import col

from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.base.timers import Timer, advance_timer, fire_due


async def test_a_timer_is_advanced_but_not_put_off_and_a_fired_one_is_armed_again(platform: Platform) -> None:
    link, now = uuid4(), platform.now()

    async def advance(minutes: int) -> tuple[datetime, bool]:
        async with transaction(platform.db) as tx:
            await advance_timer(tx, "link.due", link, now + timedelta(minutes=minutes))
        async with transaction(platform.db) as tx:
            timer = (await tx.scalars(select(Timer).where(col(Timer.entity_id) == link))).one()
            return timer.due_at, timer.fired_at is None

    assert await advance(10) == (now + timedelta(minutes=10), True)
    assert await advance(20) == (now + timedelta(minutes=10), True)
    assert await advance(0) == (now, True)
    assert await fire_due(platform) == 1
    assert await advance(30) == (now + timedelta(minutes=30), True)
