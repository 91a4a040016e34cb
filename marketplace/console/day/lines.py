"""A line is one shift with its numbered stops: what the map draws as a route and the timeline as a row."""

from dataclasses import dataclass
from datetime import datetime

from marketplace.base.clock import LOCAL
from marketplace.console.day.reading import LATE_SECONDS, SERVING, DayRows
from marketplace.planning.schemas import StopOut
from marketplace.visits.models import Performer, Shift, Visit

HUES = 12  # as many as the style sheet names; neighbours in the list differ


@dataclass(frozen=True, slots=True)
class LineStop:
    """A stop; `number` counts the visits of its line, `visit` is None where the actor may not see it."""

    stop: StopOut
    number: int | None
    visit: Visit | None

    @property
    def is_late(self) -> bool:
        return self.stop.late_seconds >= LATE_SECONDS and self.stop.state in {"published", "checked_in"}

    @property
    def progress(self) -> str:
        """`hidden`, or how far it is: `todo`, `doing`, `done`."""
        if self.visit is None:
            return "hidden"
        return {"checked_in": "doing", "checked_out": "done"}.get(self.stop.state or "", "todo")


@dataclass(frozen=True, slots=True)
class Line:
    """One shift of the day."""

    shift: Shift
    performer: Performer
    hue: int
    stops: tuple[LineStop, ...]

    @property
    def visits(self) -> int:
        return sum(one.number is not None for one in self.stops)

    @property
    def late(self) -> int:
        return sum(one.is_late for one in self.stops if one.number is not None)

    @property
    def travel_metres(self) -> int:
        return sum(one.stop.travel_metres for one in self.stops)


def lines_of(rows: DayRows) -> list[Line]:
    """All shifts of the day, those without a stop among them."""
    stops = dict(rows.standing())
    return [
        Line(shift, performer, index % HUES, _numbered(rows, stops.get(shift.id, [])))
        for index, (shift, performer) in enumerate(rows.shifts)
        if shift.state == "open" or stops.get(shift.id)
    ]


def _numbered(rows: DayRows, stops: list[StopOut]) -> tuple[LineStop, ...]:
    numbered: list[LineStop] = []
    count = 0
    for stop in stops:
        serving = stop.kind in SERVING
        count += serving
        numbered.append(LineStop(stop, count if serving else None, rows.visit_of(stop)))
    return tuple(numbered)


def clock(instant: datetime) -> str:
    """The city's wall-clock time, 09:05."""
    return instant.astimezone(LOCAL).strftime("%H:%M")
