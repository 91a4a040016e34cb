"""Bookings: the agreement, the capacity that keeps its promise, the search for slots."""
