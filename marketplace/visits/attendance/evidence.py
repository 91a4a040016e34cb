"""What a report proves: pure rules over place, time and device, after practice of electronic visit verification.

A report outside the rules is never refused: the performer stands at a door. It makes an exception for a person.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from math import asin, cos, radians, sin, sqrt

from marketplace.base.policy import VisitRules
from marketplace.visits.models import CheckEvent, Visit

EARTH_RADIUS_METRES = 6_371_008.8  # IUGG mean radius R1
OK = "ok"
ARRIVALS = frozenset({"in", "knock"})


def metres_between(lon: float, lat: float, other_lon: float, other_lat: float) -> float:
    """Great-circle distance of two WGS84 places by the haversine formula."""
    north, other_north = radians(lat), radians(other_lat)
    half_chord = (
        sin((other_north - north) / 2) ** 2 + cos(north) * cos(other_north) * sin(radians(other_lon - lon) / 2) ** 2
    )
    return 2 * EARTH_RADIUS_METRES * asin(sqrt(min(1.0, half_chord)))


def verdict(
    rules: VisitRules, visit: Visit, *, kind: str, device_at: datetime, distance_metres: float, mocked: bool
) -> str:
    """`ok`, or the codes of what is wrong with one report, in a fixed order with blanks between.

    far: not at the elder's; mocked: the device invents its place; early, late: arrived outside the window.
    """
    earliest = visit.window_start - timedelta(minutes=rules.early_minutes)
    latest = visit.window_end + timedelta(minutes=rules.late_minutes)
    wrong = {
        "far": distance_metres > rules.check_in_metres,
        "mocked": mocked,
        "early": kind in ARRIVALS and device_at < earliest,
        "late": kind in ARRIVALS and device_at > latest,
    }
    return " ".join(code for code, is_so in wrong.items() if is_so) or OK


def findings(rules: VisitRules, visit: Visit, crew: Iterable[tuple[CheckEvent | None, CheckEvent | None]]) -> list[str]:
    """What a finished visit's evidence lacks, as sorted codes; empty means complete.

    `crew` holds each attending member's check-in and check-out. short: less than the rules' share of the service
    time; crew_incomplete: fewer came than were due; no_check_in, no_check_out: a report is missing.
    """
    pairs = list(crew)
    found: set[str] = set() if len(pairs) >= visit.crew_size else {"crew_incomplete"}
    for came, went in pairs:
        found |= {code for event in (came, went) if event for code in event.verdict.split() if code != OK}
        if came is None:
            found.add("no_check_in")
        if went is None:
            found.add("no_check_out")
        if came and went and went.device_at - came.device_at < _shortest(rules, visit):
            found.add("short")
    return sorted(found)


def _shortest(rules: VisitRules, visit: Visit) -> timedelta:
    return timedelta(seconds=rules.shortest_share * visit.service_seconds)
