"""Routes of providers: organisations, their staff and kitchens, the public price list, search."""

from typing import Any

from marketplace.providers.routes import blacklisting, offers, organisations, search, staff, standing

ROUTES: list[Any] = [
    *organisations.HANDLERS,
    *standing.HANDLERS,
    *blacklisting.HANDLERS,
    *staff.HANDLERS,
    *offers.HANDLERS,
    *search.HANDLERS,
]
