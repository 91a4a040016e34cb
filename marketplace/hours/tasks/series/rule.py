"""The rule of a series: the part of RFC 5545 that visits need, counted in the city's time.

At most once a day: FREQ is DAILY, WEEKLY or MONTHLY, and nothing sets another time of day than the first one's.
"""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

from dateutil.rrule import rrule, rrulestr

from marketplace.base.clock import LOCAL
from marketplace.hours.tasks.errors import RuleMalformed

FARTHEST = timedelta(days=3660)  # what lies further ahead is never looked for: a rule may have no such day
DAY = r"(MO|TU|WE|TH|FR|SA|SU)"
# what python-dateutil takes without a word and then loops over or never finds (INTERVAL=0, the 32nd) is refused here
PARTS = {
    "FREQ": r"DAILY|WEEKLY|MONTHLY",
    "INTERVAL": r"[1-9]\d?",
    "COUNT": r"[1-9]\d{0,2}",
    "UNTIL": r"\d{8}(T\d{6})?",
    "BYDAY": rf"([+-]?[1-5])?{DAY}(,([+-]?[1-5])?{DAY}){{0,6}}",
    "BYMONTHDAY": r"-?([1-9]|[12]\d|3[01])(,-?([1-9]|[12]\d|3[01])){0,30}",
    "WKST": DAY,
}
SHAPE = re.compile(r"[A-Z]+=[A-Z0-9,+-]+(;[A-Z]+=[A-Z0-9,+-]+){0,6}")


def read_rule(rule: str, first_at: datetime) -> rrule:
    """The rule from the first start on, in the city's wall time. `RuleMalformed` says what is wrong with it."""
    if not SHAPE.fullmatch(rule):
        raise RuleMalformed(pointer="/rule", reason="write it like FREQ=WEEKLY;BYDAY=TU")
    parts = dict(part.split("=") for part in rule.split(";"))
    if strange := parts.keys() - PARTS:
        raise RuleMalformed(pointer="/rule", reason=f"{', '.join(sorted(strange))} is not used here")
    for name, value in {"FREQ": "", **parts}.items():
        if not re.fullmatch(PARTS[name], value):
            raise RuleMalformed(pointer="/rule", reason=f"{name}={value} is not used here")
    try:
        found = rrulestr(rule, dtstart=_wall(first_at))
    except (ValueError, OverflowError, TypeError) as error:
        raise RuleMalformed(pointer="/rule", reason=str(error)) from error
    if not isinstance(found, rrule):
        raise RuleMalformed(pointer="/rule", reason="one rule is enough")
    return found


def starts_between(rule: rrule, after: datetime, until: datetime) -> Iterator[datetime]:
    """The starts after one instant and up to another, in order."""
    for wall in rule.xafter(_wall(after)):
        start = wall.replace(tzinfo=LOCAL).astimezone(after.tzinfo)
        if start > until:
            return
        yield start


def is_start(rule: rrule, start: datetime) -> bool:
    """Does the rule start at this instant?"""
    wall = _wall(start)
    return rule.after(wall, inc=True) == wall


def _wall(instant: datetime) -> datetime:
    return instant.astimezone(LOCAL).replace(tzinfo=None)
