"""What the ledger publishes."""

from dataclasses import asdict
from datetime import date
from typing import Annotated, Any

from litestar import get
from litestar.params import FromQuery, QueryParameter

from marketplace.hours.ledger.roots import roots
from marketplace.hours.ledger.schemas import RootOut, RootPage
from marketplace.web.dependencies import Tx

TAGS = ["ledger"]


@get("/v1/ledger/roots", tags=TAGS, operation_id="ledgerRoots", exclude_from_auth=True)
async def ledger_roots(
    tx: Tx,
    before: FromQuery[date | None] = None,
    limit: FromQuery[Annotated[int, QueryParameter(ge=1, le=400)]] = 31,
) -> RootPage:
    """The roots of past days, for anybody to keep: a statement or an export that does not fit them was changed."""
    found = await roots(tx, before=before, limit=limit)
    cursor = found[-1].on_day if len(found) == limit else None
    return RootPage(items=[RootOut(**asdict(one)) for one in found], next_before=cursor)


HANDLERS: list[Any] = [ledger_roots]
