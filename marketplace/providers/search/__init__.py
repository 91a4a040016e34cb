"""Search: from what an elder needs, where and when, to the offers that fit, in one query."""

from marketplace.providers.search.query import find_hits
from marketplace.providers.search.wish import SORTS, Cursor, Sort, Wish, read_cursor, write_cursor

__all__ = ["SORTS", "Cursor", "Sort", "Wish", "find_hits", "read_cursor", "write_cursor"]
