"""How much of its delivery's lease a consumer works for that does much in small transactions: the rest is for the next
message, so that none is claimed by another worker, or cancelled, while it is at it.
"""

import time
from collections.abc import Callable

from marketplace.base.platform import Platform

SHARE_OF_LEASE = 0.3  # well within what a consumer may take, one more portion of the longest included


def share_of_lease(platform: Platform) -> Callable[[], bool]:
    """Begins now; the function that comes back says whether the share is used up."""
    ends_at = time.monotonic() + platform.settings.lease_seconds * SHARE_OF_LEASE
    return lambda: time.monotonic() >= ends_at
