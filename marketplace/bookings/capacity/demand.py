"""How much of which half-hours a visit takes. Pure arithmetic in integer seconds.

A caregiver's half-hour is worth 1,800 seconds × the policy's share: the rest is travel and slack. A visit takes its
caregivers' half-hours from its start on, until it is served: so an hour of service with share 0.7 keeps a caregiver
for 1,260 + 1,260 + 1,080 seconds, three half-hours. A crew of two takes twice of each.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

ANYBODY = "*"  # the key that counts everybody on shift once, whatever she can do
SLOT_SECONDS = 1800
HALF_HOUR = timedelta(seconds=SLOT_SECONDS)


def requirement(skills: Iterable[str]) -> str:
    """The capacity key of a set of required skills; the provider is a column of its own and left out."""
    wanted = sorted({skill for skill in skills if not skill.startswith("provider:")})
    return " ".join(wanted) or ANYBODY


def slot_of(instant: datetime) -> datetime:
    """The half-hour that holds an instant."""
    seconds = int(instant.timestamp())
    return datetime.fromtimestamp(seconds - seconds % SLOT_SECONDS, UTC)


def permille(share: float) -> int:
    """The policy's share as an integer, so that no float meets a capacity."""
    return round(share * 1000)


def demand(start: datetime, *, service_seconds: int, crew_size: int, share_permille: int) -> dict[datetime, int]:
    """Seconds taken from each half-hour by a service that starts at `start`; they sum to service × crew."""
    taken: dict[datetime, int] = {}
    left, cursor = service_seconds, start
    while left > 0:
        slot = slot_of(cursor)
        rest = int((slot + HALF_HOUR - cursor).total_seconds())
        seconds = min(left, rest * share_permille // 1000)
        if seconds > 0:  # a start in a slot's last second takes nothing from it
            taken[slot] = seconds * crew_size
        left -= seconds
        cursor = slot + HALF_HOUR
    return taken


def starts(window_start: datetime, window_end: datetime) -> list[datetime]:
    """The starts that are tried in a window: its own, then every half-hour inside it."""
    found = [window_start]
    at = slot_of(window_start) + HALF_HOUR
    while at <= window_end:
        found.append(at)
        at += HALF_HOUR
    return found
