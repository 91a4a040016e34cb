"""Liuzhu's program: the marketplace of home care, on top of the `dispatch` and `timebank` libraries."""
