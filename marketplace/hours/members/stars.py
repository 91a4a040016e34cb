"""Stars: how many a volunteer has by the hours she was credited in all, whether or not she spent them since."""

from bisect import bisect_right
from collections.abc import Sequence


def stars(credited_minutes: int, stars_hours: Sequence[int]) -> int:
    """The stars of so many credited minutes; `stars_hours` ascend, the first of them makes one star."""
    return bisect_right([hours * 60 for hours in stars_hours], credited_minutes)
