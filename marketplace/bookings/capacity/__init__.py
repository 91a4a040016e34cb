"""Capacity: a slot held is a promise.

Rows say how many seconds of service a provider can give in a district and half-hour; holding takes from them under
row locks, and a CHECK has the last word. Meals count boxes per kitchen and sitting.
"""

from marketplace.bookings.capacity.days import open_days
from marketplace.bookings.capacity.demand import ANYBODY, HALF_HOUR, demand, requirement
from marketplace.bookings.capacity.holding import free, has_room, hold, meals_left
from marketplace.bookings.capacity.room import room

__all__ = [
    "ANYBODY",
    "HALF_HOUR",
    "demand",
    "free",
    "has_room",
    "hold",
    "meals_left",
    "open_days",
    "requirement",
    "room",
]
