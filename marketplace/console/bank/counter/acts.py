"""What can be begun at the counter: by which route of the API, for whom the rules allow it, and with what body.

The body that is tried is the body that the page's button sends; only the reason is filled in by hand before.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Literal

from pydantic import BaseModel

from marketplace.base.clock import local_day, local_instant
from marketplace.base.timebank_rules import TimeBankRules
from marketplace.console.bank.counter.filled import Filled
from marketplace.hours.giving.schemas import CollectionIn, DonationIn, GiftIn, InheritanceIn, ScheduleIn
from marketplace.hours.members.searching import Choice
from marketplace.hours.models import Member
from marketplace.hours.models.members import ONLY_DONATE
from marketplace.hours.routes.giving import collect, donate, give, pass_on
from marketplace.hours.routes.schedules import schedule

Name = Literal["give", "collect", "schedule", "pass_on"]
PERSONS = frozenset({"individual", "minor", "student", "elder"})
PEOPLE = frozenset({"members", "person", "givers", "heirs"})  # ways that name people
MORNING, EVENING = time(9), time(20)  # standing orders go out by day; who is asked has the whole day to answer


@dataclass(frozen=True, slots=True)
class Call:
    """A route with its schema, and the body that goes there. `reason`: where in the body the reason belongs."""

    route: Any
    shape: type[BaseModel]
    address: str
    body: dict[str, Any]
    reason: str = "reason"


def ways_of(name: Name, member: Member, rules: TimeBankRules) -> tuple[str, ...]:
    """In which ways this may be begun for the member; none where the rules or her kind do not allow it."""
    giving = rules.giving
    if name == "pass_on":
        return ("heirs",) if giving.inherited_by == "heir" else ("branch",)
    gifts = giving.gifts_to != "nobody" and member.kind not in ONLY_DONATE
    if name == "collect":
        by_donating = "person" in giving.donations_to and member.kind in giving.donees
        return ("givers",) if gifts or by_donating else ()
    members = ("members",) if gifts else ()
    return (*members, *(to for to in giving.donations_to if name == "schedule" or to == "person"))


def offered(member: Member, rules: TimeBankRules) -> list[Name]:
    """What the member's file offers to begin."""
    names: tuple[Name, ...] = ("give", "collect", "schedule", "pass_on") if member.state == "active" else ("pass_on",)
    if member.state == "left" or member.kind == "provider":
        return []
    return [name for name in names if ways_of(name, member, rules)]


def choice_of(filled: Filled, member: Member, rules: TimeBankRules) -> Choice:
    """Who may be chosen: active, of the kinds that receive or give this way, neither she herself nor anybody twice."""
    kinds = frozenset(rules.giving.donees) if filled.way == "person" else PERSONS
    return Choice(active=True, kinds=kinds, but=(member.id, *filled.chosen))


def lacks(name: Name, filled: Filled) -> list[str]:
    """What must still be filled in, by the words that say so."""
    if filled.way in PEOPLE:
        return [*_lacks_people(filled), *_lacks_days(name, filled)]
    without = name != "pass_on" and filled.minutes is None
    return [*(["lacks_minutes"] if without else []), *_lacks_days(name, filled)]


def _lacks_people(filled: Filled) -> list[str]:
    found = []
    if filled.way == "person" and len(filled.shares) != 1:
        found.append("lacks_one")
    elif filled.way != "heirs" and not filled.shares:
        found.append("lacks_people")
    if None in filled.shares.values():
        found.append("lacks_parts" if filled.way == "heirs" else "lacks_minutes")
    if filled.way == "heirs" and filled.shares and not filled.proof:
        found.append("lacks_proof")
    return found


def _lacks_days(name: Name, filled: Filled) -> list[str]:
    if name == "collect":
        return [] if filled.until_on else ["lacks_end"]
    if name != "schedule":
        return []
    if filled.from_on is None:
        return ["lacks_start"]
    return ["lacks_order"] if filled.until_on is not None and filled.until_on < filled.from_on else []


def call_of(name: Name, filled: Filled, member: Member) -> Call:
    """The call that begins it, of a form that lacks nothing."""
    return _CALLS[name](filled, member)


def _given(filled: Filled, member: Member) -> tuple[Literal["gift", "donation"], dict[str, Any]]:
    behalf = {"on_behalf_of": str(member.id)}
    if filled.way == "members":
        return "gift", {"to": _shares(filled), **behalf}
    if filled.way == "person":
        ((receiver, minutes),) = filled.shares.items()
        return "donation", {"to": "person", "member_id": str(receiver), "minutes": minutes, **behalf}
    return "donation", {"to": filled.way, "minutes": filled.minutes, **behalf}


def _shares(filled: Filled, of: str = "minutes") -> list[dict[str, Any]]:
    return [{"member_id": str(one), of: share} for one, share in filled.shares.items()]


def _give(filled: Filled, member: Member) -> Call:
    kind, body = _given(filled, member)
    return Call(give, GiftIn, "gifts", body) if kind == "gift" else Call(donate, DonationIn, "donations", body)


def _collect(filled: Filled, member: Member) -> Call:
    ends_at = _at(filled.until_on, EVENING)
    body = {"member_id": str(member.id), "shares": _shares(filled), "ends_at": ends_at, "on_behalf_of": str(member.id)}
    return Call(collect, CollectionIn, "collections", body)


def _schedule(filled: Filled, member: Member) -> Call:
    kind, given = _given(filled, member)
    body = {kind: given, "starts_at": _at(filled.from_on, MORNING)}
    rule = rule_of(filled)
    return Call(schedule, ScheduleIn, "schedules", body | ({"rule": rule} if rule else {}), reason=f"{kind}.reason")


def _pass_on(filled: Filled, member: Member) -> Call:
    body: dict[str, Any] = {"member_id": str(member.id)}
    if filled.way == "heirs" and filled.shares:
        body |= {"heirs": _shares(filled, "parts"), "proof": filled.proof}
    return Call(pass_on, InheritanceIn, "inheritances", body)


_CALLS: Mapping[Name, Callable[[Filled, Member], Call]] = {
    "give": _give,
    "collect": _collect,
    "schedule": _schedule,
    "pass_on": _pass_on,
}


def _at(day: date | None, at: time) -> str | None:
    return None if day is None else local_instant(day, at).isoformat()


def rule_of(filled: Filled) -> str | None:
    """The monthly rule of RFC 5545, on the day of the month on which it begins; None for once.

    What begins on a 31st falls on the last day of every month.
    """
    if not filled.every or filled.from_on is None:
        return None
    day = -1 if filled.from_on.day == 31 else filled.from_on.day
    parts = ["FREQ=MONTHLY", f"INTERVAL={filled.every}", f"BYMONTHDAY={day}"]
    if filled.until_on is not None:
        ends_at = local_instant(filled.until_on + timedelta(days=1), time()) - timedelta(seconds=1)
        parts.append(f"UNTIL={ends_at:%Y%m%dT%H%M%SZ}")
    return ";".join(parts)


def days_of(name: Name, rules: TimeBankRules, *, now: datetime) -> tuple[date, date]:
    """The first and the last day that may be told: from tomorrow, as far as the rule set looks ahead."""
    today, giving = local_day(now), rules.giving
    ahead = giving.collection_days if name == "collect" else giving.schedule_days
    return today + timedelta(days=1), today + timedelta(days=ahead - 1)
