"""A day's bookings: who wishes for what is decided by the seed, booked over the HTTP API by the people themselves."""

from marketplace.demo.bookings.making import Made, make_all
from marketplace.demo.bookings.wishes import DECLINED, Wish, wishes

__all__ = ["DECLINED", "Made", "Wish", "make_all", "wishes"]
