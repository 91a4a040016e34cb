"""What the incidents on record make of a membership: nothing, a suspension until a day, or its end.

The state is worked out anew from the incidents that stand, so that striking one out undoes what followed from it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from marketplace.base.timebank_rules import SanctionRules
from marketplace.hours.models import Incident


@dataclass(frozen=True, slots=True)
class Counters:
    """Incidents that are not struck out."""

    no_shows: int
    malice: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """`active`, `suspended` until an instant (None: without an end), or `ended`; in words of record why."""

    state: str
    until: datetime | None
    because: str


def count(incidents: Iterable[Incident]) -> Counters:
    """The two counters."""
    kinds = [one.kind for one in incidents if one.state != "struck_out"]
    return Counters(no_shows=kinds.count("no_show"), malice=kinds.count("malice"))


def outcome_of(incidents: Iterable[Incident], rules: SanctionRules, *, now: datetime) -> Outcome:
    """A no-show at or above the threshold suspends from its recording, an officer as she says; the longest suspension
    counts. Enough of a kind end the membership."""
    standing = [one for one in incidents if one.state != "struck_out"]
    counters = count(standing)
    if counters.malice >= rules.ended_after_malice:
        return Outcome("ended", None, f"{counters.malice} malicious acts")
    if counters.no_shows >= rules.ended_after_no_shows:
        return Outcome("ended", None, f"{counters.no_shows} no-shows")
    ends: list[tuple[datetime | None, str]] = []  # of the suspensions in force: until when, and why
    if counters.no_shows >= rules.suspended_after_no_shows:
        last = max(one.recorded_at for one in standing if one.kind == "no_show")
        until = last + timedelta(days=rules.suspended_days)
        ends += [(until, f"{counters.no_shows} no-shows")] if now < until else []
    ends += [(one.suspends_until, "by an officer") for one in standing if one.suspends(now)]
    if not ends:
        return Outcome("active", None, f"{counters.no_shows} no-shows")
    return Outcome("suspended", *max(ends, key=lambda end: (end[0] is None, end[0] or now)))
