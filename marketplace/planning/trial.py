"""A trial: the day as it was read, and the problem made of it, before the engine is asked."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from marketplace.planning.day import Day
from marketplace.planning.prefix import prefix_of
from marketplace.planning.problem import kept_stops, movable, problem_of
from marketplace.visits.models import Visit


@dataclass(frozen=True, slots=True)
class Trial:
    """`visits` may be moved; `kept` are the stops that stay, by shift. Versions in `day` are what was seen."""

    day: Day
    visits: tuple[Visit, ...]
    problem: dict[str, Any]
    kept: dict[str, Any]


def prepare(day: Day, now: datetime) -> Trial:
    """The problem of the day at `now`."""
    prefix = prefix_of(day, now)
    return Trial(day, tuple(movable(day, prefix)), problem_of(day, prefix), kept_stops(day, prefix))
