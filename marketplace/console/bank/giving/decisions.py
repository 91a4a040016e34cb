"""Several waiting orders decided together: what would become of each, before the button that decides them.

What would become of them is asked of the service that decides, as a dry run.
"""

from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import Response, get
from litestar.params import FromQuery, QueryParameter

from marketplace.base.errors import Malformed
from marketplace.console.bank.branch_page import open_branch
from marketplace.console.bank.frame import Asked
from marketplace.console.bank.giving.reading import accounts_in, kinds_in, members_in, shown_order
from marketplace.console.bank.naming import names_for
from marketplace.hours.giving.batches import Decision, decide_all
from marketplace.hours.giving.listing import orders_named
from marketplace.hours.giving.schemas import MOST_DECIDED
from marketplace.web.dependencies import Home, Now, Tx

Verdict = Literal["approve", "reject"]


class NothingTicked(Malformed):
    """Nothing was chosen to be decided."""

    code = "nothing_ticked"
    zh = "请先勾选要审批的事项。"
    en = "Tick first what shall be decided."


@get("/console/giving/decisions", include_in_schema=False)
async def show_decisions(
    request: Asked,
    tx: Tx,
    now: Now,
    platform: Home,
    verdict: FromQuery[Verdict],
    order: FromQuery[Annotated[list[UUID] | None, QueryParameter(max_items=MOST_DECIDED)]] = None,
    district: FromQuery[str | None] = None,
) -> Response[str]:
    """What would become of each of the ticked orders, and the button that decides those that may be decided."""
    page = await open_branch(request, tx, platform, "giving", district, now=now)
    actor, reader = page.actor, page.reader
    if not order:
        raise NothingTicked
    rules = platform.policy.timebank
    decision = Decision(verdict=verdict, reason=None, dry_run=True)
    rows = await decide_all(tx, order, decision, rules=rules, actor=actor, now=now)
    placed = {one.order.id: one for one in await orders_named(tx, order, actor=actor, now=now)}
    names = await names_for(tx, members_in(placed.values()), accounts_in(placed.values()), reader)
    shown = {order_id: shown_order(one, names, reader, rules.giving) for order_id, one in placed.items()}
    agreed = [row for row in rows if row.refusal is None]
    return page.framed(
        "decisions.html",
        verdict=verdict,
        rows=[(row, shown.get(row.order_id)) for row in rows],
        ids=[str(row.order_id) for row in agreed],
        minutes=sum(row.minutes for row in agreed),
        names=names,
        kinds=kinds_in(reader),
    )


HANDLERS: list[Any] = [show_decisions]
