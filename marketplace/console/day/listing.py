"""Every visit of the day in words: the list that holds what the map holds, and the panel of one visit."""

from dataclasses import dataclass
from uuid import UUID

from marketplace.bookings.models import Booking
from marketplace.console.day.lines import Line, clock
from marketplace.console.day.reading import SERVING, DayRows
from marketplace.console.words import Say, coded
from marketplace.visits.models import Visit


@dataclass(frozen=True, slots=True)
class Listed:
    """One visit as a row. `place` is its number in its line, like `3`; `hue` the line's colour."""

    visit: Visit
    elder: str
    who: str
    planned: str
    place: str
    hue: int | None
    late_minutes: int

    @property
    def progress(self) -> str:
        """The state as a class of the style sheet."""
        return "late" if self.late_minutes and self.visit.state == "published" else self.visit.state


def listed(rows: DayRows, lines: list[Line], say: Say) -> list[Listed]:
    """All visible visits in order of their planned or earliest start."""
    numbers = _numbers(lines)
    late = rows.late_seconds()
    found = []
    for visit in rows.visits.values():
        attending = rows.attendances.get(visit.id, [])
        places = numbers.get(visit.id, [])
        found.append(
            Listed(
                visit=visit,
                elder=rows.names.get(visit.elder_id, say("none")),
                who=" + ".join(performer.name for _, performer in attending) or say("none"),
                planned=_planned(rows, visit.id, say),
                place=" + ".join(str(number) for _, number in places),
                hue=places[0][0] if places else None,
                late_minutes=round(late.get(visit.id, 0) / 60),
            )
        )
    return sorted(found, key=lambda one: (_start(rows, one.visit), str(one.visit.id)))


def _numbers(lines: list[Line]) -> dict[UUID, list[tuple[int, int]]]:
    """By visit: (hue, number) in each line that serves it."""
    found: dict[UUID, list[tuple[int, int]]] = {}
    for line in lines:
        for one in line.stops:
            if one.visit is not None and one.number is not None and one.stop.kind in SERVING:
                found.setdefault(one.visit.id, []).append((line.hue, one.number))
    return found


def _start(rows: DayRows, visit: Visit) -> str:
    attending = rows.attendances.get(visit.id)
    return (attending[0][0].planned_from if attending else visit.window_start).isoformat()


def _planned(rows: DayRows, visit_id: UUID, say: Say) -> str:
    attending = rows.attendances.get(visit_id)
    if not attending:
        return say("none")
    return f"{clock(attending[0][0].planned_from)}–{clock(attending[0][0].planned_until)}"


def window(visit: Visit | Booking) -> str:
    """The window in which service may start, 09:00–10:00."""
    return f"{clock(visit.window_start)}–{clock(visit.window_end)}"


def panel(one: Listed, say: Say, reasons: tuple[str, ...] = (), change: str | None = None) -> dict[str, object]:
    """One visit's side panel: a title and (label, value) lines, only those that say something."""
    visit = one.visit
    state = coded(say, "state", visit.state)
    lines = [
        (say("service"), _service(visit, say)),
        (say("state"), f"{state} · {say('late_by', minutes=one.late_minutes)}" if one.late_minutes else state),
        (say("window"), window(visit)),
        (say("planned"), one.planned),
        (say("who"), one.who),
        (say("crew"), str(visit.crew_size) if visit.crew_size > 1 else ""),
        (say("boxes"), str(visit.boxes) if visit.boxes else ""),
        (say("findings"), ", ".join(coded(say, "finding", code) for code in visit.findings)),
        (say("why"), "; ".join(reasons)),
        (say("change"), change or ""),
    ]
    return {"title": one.elder, "lines": [(label, value) for label, value in lines if value]}


def _service(visit: Visit, say: Say) -> str:
    name = coded(say, "service", visit.service)
    return name if visit.cause_kind == "booking" else f"{name} · {say('task')}"
