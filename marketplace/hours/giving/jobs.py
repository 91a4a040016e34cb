"""Jobs of giving: consumers of outbox messages. Each acts on things as they stand, so repetition is harmless."""

from uuid import UUID

from sqlalchemy import text

from marketplace.base.actor import Actor
from marketplace.base.database import transaction
from marketplace.base.outbox import Message
from marketplace.base.platform import Platform
from marketplace.hours.books import CITY
from marketplace.hours.giving import deciding, schedules, telling
from marketplace.hours.giving.allocating import allocate
from marketplace.hours.giving.issuing import issue
from marketplace.hours.members.letters import send_all

_BRANCHES = text("SELECT id FROM ledger_book WHERE city = :city AND state = 'open' ORDER BY id")


async def order_due(platform: Platform, message: Message) -> None:
    """A waiting order's time has come: it is carried out, or runs out."""
    async with transaction(platform.db) as tx:
        await deciding.due(tx, UUID(message.ids["id"]), policy=platform.policy, now=platform.now())


async def schedule_due(platform: Platform, message: Message) -> None:
    """An occurrence of a standing order has come."""
    async with transaction(platform.db) as tx:
        await schedules.due(tx, UUID(message.ids["id"]), policy=platform.policy, now=platform.now())


async def key_elders_due(platform: Platform, message: Message) -> None:  # noqa: ARG001 - a consumer takes both
    """A night has come: programmes issue what the month promises key elders, pools grant what is then missing."""
    if not any(group.month_minutes for group in platform.policy.timebank.key_elders):
        return
    now, policy = platform.now(), platform.policy
    async with transaction(platform.db) as tx:
        branches = [UUID(book) for book in await tx.scalars(_BRANCHES, {"city": CITY})]
    # A transaction each, as the ledger is called once in it. What a kill between the two leaves is what a branch with
    # an empty pool looks like: the issues are whole, the next run finds them and grants what is still due.
    for branch in branches:
        async with transaction(platform.db) as tx:
            await issue(tx, branch, dry_run=False, policy=policy, now=now)
        async with transaction(platform.db) as tx:
            await allocate(tx, branch, each=None, dry_run=False, policy=policy, actor=Actor.system(), now=now)


async def tell_of_order(platform: Platform, message: Message) -> None:
    """Tell those whose hours an order moves what became of it."""
    async with transaction(platform.db) as tx:
        order_id, state = UUID(message.ids["order_id"]), message.ids["state"]
        by = message.ids["by"]
        letters = await telling.letters_about(tx, platform.vault, order_id, state, by=by, now=platform.now())
    await send_all(platform, letters)


async def tell_of_issue(platform: Platform, message: Message) -> None:
    """Tell a key elder what a programme issued to her."""
    async with transaction(platform.db) as tx:
        member_id, minutes = UUID(message.ids["member_id"]), int(message.ids["minutes"])
        letters = await telling.letters_of_issue(tx, platform.vault, member_id, minutes)
    await send_all(platform, letters)
