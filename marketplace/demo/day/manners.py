"""How each performer goes about the day, decided by the seed: who is late, whose reports will need an officer's eye."""

from dataclasses import dataclass
from datetime import timedelta
from random import Random

LATE_SHARE, VERY_LATE_SHARE = 0.10, 0.03
FAR_SHARE, MOCKED_SHARE, SHORT_SHARE = 0.02, 0.01, 0.015
FAR_DEGREES = 0.02  # more than a kilometre
ON_TIME = timedelta(0)


@dataclass(frozen=True, slots=True)
class Manner:
    """How late the performer comes to her first stop; the rest of her day follows from it."""

    behind: timedelta


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a stop's reports look like."""

    far: bool
    mocked: bool
    stays_share: float  # of the planned time


def manner_of(seed: int, phone: str) -> Manner:
    """A performer's manner on the day of this seed."""
    random = Random(f"manner {seed} {phone}")
    drawn = random.random()
    if drawn < VERY_LATE_SHARE:
        return Manner(timedelta(minutes=45))
    if drawn < LATE_SHARE:
        return Manner(timedelta(minutes=random.randint(12, 25)))
    return Manner(ON_TIME)


def evidence_of(seed: int, phone: str, stop: int) -> Evidence:
    """What her reports of the n-th stop look like."""
    drawn = Random(f"evidence {seed} {phone} {stop}").random()
    mocked_until = FAR_SHARE + MOCKED_SHARE
    return Evidence(
        far=drawn < FAR_SHARE,
        mocked=FAR_SHARE <= drawn < mocked_until,
        stays_share=0.4 if mocked_until <= drawn < mocked_until + SHORT_SHARE else 1.0,
    )
