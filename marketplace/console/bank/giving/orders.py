"""What waits for an officer among the hours that people give, decided in its place; and what was done."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from litestar import Response, get
from litestar.params import FromQuery
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.console.bank.branch_page import open_branch
from marketplace.console.bank.frame import Asked
from marketplace.console.bank.giving.payments import waiting_payments
from marketplace.console.bank.giving.reading import accounts_in, kinds_in, members_in, scheduled, shown_order
from marketplace.console.bank.naming import Reader, names_for
from marketplace.console.bank.pairs import Pairs, pairs
from marketplace.hours.giving.listing import orders_for, schedules_in, sums_by_kind
from marketplace.hours.giving.models import KINDS
from marketplace.people.models import Region
from marketplace.web.dependencies import Home, Now, Tx

MONTH = timedelta(days=30)
MOST = 100  # nobody reads further; the newest come first
PER_PAGE = 30
WAITING = ("pending", "collecting")
ENDED = ("done", "reversed", "rejected", "expired", "cancelled", "skipped")


@get("/console/giving", include_in_schema=False)
async def show_giving(
    request: Asked,
    tx: Tx,
    now: Now,
    platform: Home,
    district: FromQuery[str | None] = None,
    kind: FromQuery[str | None] = None,
    of_state: FromQuery[str | None] = None,
    after: FromQuery[UUID | None] = None,
    tick: FromQuery[str | None] = None,
) -> Response[str]:
    """A branch's orders: those that wait with their buttons, payments to other banks that wait as well, standing
    orders, then those that are over."""
    page = await open_branch(request, tx, platform, "giving", district, now=now)
    actor, reader, here = page.actor, page.reader, page.here
    rules = platform.policy.timebank.giving
    asked: dict[str, Any] = {"actor": actor, "now": now, "member_id": None, "district_id": here.id}
    waiting = [one for state in WAITING for one in await orders_for(tx, state=state, after=None, limit=MOST, **asked)]
    chosen: dict[str, Any] = {"kind": kind if kind in KINDS else None, "state": of_state if of_state in ENDED else None}
    listed = await orders_for(tx, after=after, limit=PER_PAGE + 1, **asked, **chosen)
    done = [one for one in listed[:PER_PAGE] if one.order.state not in WAITING]
    standing = await schedules_in(tx, here.id, actor=actor, limit=MOST)
    payments = await waiting_payments(tx, here.id, actor)
    members = members_in([*waiting, *done], standing) | {one.request.member_id for one in payments}
    accounts = accounts_in([*waiting, *done]) | {one.request.asked_by for one in payments}
    names = await names_for(tx, members, accounts, reader)
    return page.framed(
        "giving.html",
        picture=await _picture(tx, here, reader),
        waiting=[shown_order(one, names, reader, rules) for one in waiting],
        done=[shown_order(one, names, reader, rules) for one in done],
        payments=payments,
        tick=tick == "all",
        next_after=listed[PER_PAGE - 1].order.id if len(listed) > PER_PAGE else None,
        standing=[(row, scheduled(row)) for row in standing],
        names=names,
        kinds=kinds_in(reader),
        states=ENDED,
        chosen=chosen,
    )


async def _picture(tx: AsyncSession, here: Region, reader: Reader) -> Pairs:
    """By kind, what waits to the left and what moved in thirty days to the right."""
    sums = await sums_by_kind(tx, here.id, since=reader.now - MONTH)
    return pairs(
        [
            (words, sums[kind].waiting_minutes, sums[kind].moved_minutes)
            for kind, words in kinds_in(reader).items()
            if kind in sums
        ]
    )


HANDLERS: list[Any] = [show_giving]
