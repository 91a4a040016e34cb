"""Routes of checkout: slots and quotes, bookings and what becomes of them."""

from typing import Any

from marketplace.checkout.routes import bookings, offers

ROUTES: list[Any] = [*offers.ROUTES, *bookings.ROUTES]
