"""Routes of checkout: slots and quotes, bookings and what becomes of them; money for programmes."""

from typing import Any

from marketplace.checkout.routes import bookings, funding, offers

ROUTES: list[Any] = [*offers.ROUTES, *bookings.ROUTES, *funding.ROUTES]
