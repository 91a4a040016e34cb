"""Identifiers: UUID version 7 (RFC 9562 §5.7), made here because PostgreSQL 15 to 17 cannot.

They sort by the millisecond of their making, so that primary keys stay local in their B-trees.
"""

import secrets
import time
from uuid import UUID


def new_id() -> UUID:
    """A fresh UUIDv7 from the wall clock; the clock orders rows on disk, no rule of the domain reads it."""
    milliseconds = time.time_ns() // 1_000_000
    tail = secrets.randbits(74)
    value = milliseconds << 80 | 0x7 << 76 | (tail >> 62) << 64 | 0b10 << 62 | tail & ((1 << 62) - 1)
    return UUID(int=value)
