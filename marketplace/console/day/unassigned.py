"""The visits nobody goes to: why, and the nearest change that would let each in, in words."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import time, timedelta
from typing import Any
from uuid import UUID

from marketplace.base.clock import local_instant
from marketplace.console.day.lines import clock
from marketplace.console.day.reading import DayRows
from marketplace.console.words import Say, coded
from marketplace.planning.schemas import UnassignedOut
from marketplace.visits.models import Visit

NEW = "new"  # no plan has judged it yet
VOLUNTEER = "volunteer"  # a task, which no plan gives away


@dataclass(frozen=True, slots=True)
class LeftOver:
    """An unassigned visit with its reasons as (code, sentence)."""

    visit: Visit
    elder: str
    reasons: tuple[tuple[str, str], ...]
    change: str | None


def left_overs(rows: DayRows, say: Say) -> list[LeftOver]:
    """Every visible visit that stands unassigned, the weightiest first; the plan's reasons where it gives any."""
    told = {entry.visit_id: entry for entry in rows.detail.unassigned} if rows.detail else {}
    performers = {str(shift.id): performer.name for shift, performer in rows.shifts}
    found = [
        _left_over(rows, visit, told.get(visit.id), performers, say)
        for visit in rows.visits.values()
        if visit.state == "planned"
    ]
    return sorted(found, key=lambda one: (-one.visit.priority, one.visit.window_start, str(one.visit.id)))


def _left_over(
    rows: DayRows, visit: Visit, entry: UnassignedOut | None, performers: Mapping[str, str], say: Say
) -> LeftOver:
    unjudged = NEW if visit.cause_kind == "booking" else VOLUNTEER
    codes = [reason["code"] for reason in entry.reasons] if entry else [unjudged]
    return LeftOver(
        visit=visit,
        elder=rows.names.get(visit.elder_id, ""),
        reasons=tuple((code, _reason(rows, visit, code, say)) for code in dict.fromkeys(codes)),
        change=_change(rows, entry.nearest_change, performers, say) if entry and entry.nearest_change else None,
    )


def _reason(rows: DayRows, visit: Visit, code: str, say: Say) -> str:
    if code == "skill":
        return say("reason_skill", skills=" · ".join(_skill(rows, skill, say) for skill in sorted(visit.skills)))
    return coded(say, "reason", code)


def _skill(rows: DayRows, skill: str, say: Say) -> str:
    kind, _, name = skill.partition(":")
    if kind == "provider":
        return _provider(rows, name)
    if kind == "gender":
        return coded(say, "skill_gender", name)
    return coded(say, "service", skill)


def _provider(rows: DayRows, name: str) -> str:
    try:
        return rows.providers.get(UUID(name), name[:8])
    except ValueError:
        return name


def _change(rows: DayRows, change: Mapping[str, Any], performers: Mapping[str, str], say: Say) -> str:
    """Its window moved, another visit moved out of the way, or more shifts, in words, and who could come when; a kind
    that only a newer engine knows as it words it."""

    def who(shifts: Iterable[str]) -> str:
        return " + ".join(performers.get(shift, "?") for shift in shifts)

    match change["kind"]:
        case "window":
            minutes = change["shift_seconds"] // 60
            changed = say("change_later" if minutes > 0 else "change_earlier", minutes=abs(minutes))
        case "move":
            changed = say("change_move", visit=_visit(rows, change["moves"], say), who=who(change["to"]))
        case "shift":
            return _added(rows, change["add"], say)
        case _:
            return str(change.get("detail", ""))
    return say("change_by", change=changed, who=who(change["shifts"]), time=_clock(rows, change["start"]))


def _visit(rows: DayRows, name: str, say: Say) -> str:
    """A visit by its elder and service; those of other communities are not told."""
    visit = rows.visits.get(UUID(name))
    if visit is None:
        return say("change_other")
    return f"{rows.names.get(visit.elder_id, '')} · {coded(say, 'service', visit.service)}"


def _added(rows: DayRows, shifts: Sequence[Mapping[str, Any]], say: Say) -> str:
    """How many more caregivers, from when to when, and what they must be able to do."""
    begin, end = (_clock(rows, second) for second in shifts[0]["window"])
    told = say("change_shifts", count=len(shifts), begin=begin, end=end)
    skills = " · ".join(_skill(rows, skill, say) for skill in sorted(shifts[0].get("skills", ())))
    return say("change_able", change=told, skills=skills) if skills else told


def _clock(rows: DayRows, second: int) -> str:
    return clock(local_instant(rows.day, time()) + timedelta(seconds=second))
