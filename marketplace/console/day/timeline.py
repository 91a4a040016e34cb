"""The timeline: one row per shift, its bars in percent of the day's width, told apart by shape and not by colour."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from marketplace.base.clock import local_instant
from marketplace.console.day.lines import Line, LineStop, clock
from marketplace.console.day.reading import DayRows
from marketplace.console.words import Say, coded

FIRST_HOUR, LAST_HOUR = 7, 20  # shown at least; longer when a shift asks for it
WIDE_ENOUGH = 1.1  # percent of the width that a number needs
SLIMMEST = 0.3


@dataclass(frozen=True, slots=True)
class Bar:
    """One piece of a row. `kind` is travel, wait, load, service or break; `progress` says how far a service is."""

    kind: str
    left: float
    width: float
    title: str
    label: str = ""
    visit_id: str | None = None
    progress: str = ""
    late: bool = False

    @property
    def middle(self) -> float:
        return round(self.left + self.width / 2, 3)


@dataclass(frozen=True, slots=True)
class Row:
    """One shift: its line, its period and its bars."""

    line: Line
    left: float
    width: float
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Timeline:
    """All rows on one scale; `now` is None outside of it. `hours` are (percent, label)."""

    rows: tuple[Row, ...]
    hours: tuple[tuple[float, str], ...]
    now: float | None


class Scale:
    """From instants of one day to percent of its width."""

    def __init__(self, rows: DayRows, lines: list[Line]) -> None:
        whole = timedelta(hours=1)
        self.begin = min([local_instant(rows.day, time(FIRST_HOUR)), *(line.shift.starts_at for line in lines)])
        self.end = max([local_instant(rows.day, time(LAST_HOUR)), *(line.shift.ends_at for line in lines)])
        midnight = local_instant(rows.day, time())
        self.begin = midnight + (self.begin - midnight) // whole * whole
        self.end = midnight - (midnight - self.end) // whole * whole  # rounded up

    def at(self, instant: datetime) -> float:
        """Percent from the left, within the picture."""
        return round(100 * min(1.0, max(0.0, (instant - self.begin) / (self.end - self.begin))), 3)

    def hours(self) -> tuple[tuple[float, str], ...]:
        count = (self.end - self.begin) // timedelta(hours=1)
        instants = [self.begin + timedelta(hours=n) for n in range(count + 1)]
        return tuple((self.at(instant), clock(instant)) for instant in instants)


def timeline(rows: DayRows, lines: list[Line], say: Say) -> Timeline:
    """The whole picture."""
    scale = Scale(rows, lines)
    drawn = [
        Row(
            line,
            scale.at(line.shift.starts_at),
            round(scale.at(line.shift.ends_at) - scale.at(line.shift.starts_at), 3),
            tuple(bar for stop in _stays(line) for bar in _bars(rows, stop, scale, say)),
        )
        for line in lines
    ]
    inside = scale.begin <= rows.now <= scale.end
    return Timeline(tuple(drawn), scale.hours(), scale.at(rows.now) if inside else None)


def _stays(line: Line) -> Iterator[list[LineStop]]:
    """Stops one by one, except that the boxes of one stay at a kitchen come together."""
    stay: list[LineStop] = []
    for one in line.stops:
        if stay and not (one.stop.kind == stay[-1].stop.kind == "pickup" and one.stop.travel_seconds == 0):
            yield stay
            stay = []
        stay.append(one)
    if stay:
        yield stay


def _bars(rows: DayRows, stay: list[LineStop], scale: Scale, say: Say) -> Iterator[Bar]:
    first, last = stay[0].stop, stay[-1].stop
    if first.travel_seconds:
        since = first.arrives_at - timedelta(seconds=first.travel_seconds)
        title = say("bar_travel", minutes=round(first.travel_seconds / 60))
        yield _bar(scale, "travel", since, first.arrives_at, title)
    if first.kind in {"start", "end"}:
        return
    if first.kind == "pickup":
        times = {"begin": clock(first.arrives_at), "end": clock(last.departs_at)}
        boxes = sum(one.stop.boxes for one in stay)
        yield _bar(scale, "load", first.arrives_at, last.departs_at, say("bar_load", boxes=boxes, **times))
        return
    waiting = first.starts_at - first.arrives_at
    if waiting >= timedelta(minutes=1):
        title = say("bar_wait", minutes=waiting // timedelta(minutes=1))
        yield _bar(scale, "wait", first.arrives_at, first.starts_at, title)
    times = {"begin": clock(first.starts_at), "end": clock(first.departs_at)}
    if first.kind == "break":
        yield _bar(scale, "break", first.starts_at, first.departs_at, say("bar_break", **times))
    else:
        yield _service(rows, stay[0], scale, say, times)


def _service(rows: DayRows, one: LineStop, scale: Scale, say: Say, times: dict[str, str]) -> Bar:
    stop, visit = one.stop, one.visit
    if visit is None:
        return _bar(scale, "service", stop.starts_at, stop.departs_at, say("bar_hidden", **times), progress="hidden")
    who = rows.names.get(visit.elder_id, "")
    title = say("bar_service", number=one.number, service=coded(say, "service", visit.service), who=who, **times)
    if one.is_late:
        title += " · " + say("bar_late", minutes=round(stop.late_seconds / 60))
    return _bar(
        scale,
        "service",
        stop.starts_at,
        stop.departs_at,
        title,
        label=str(one.number),
        visit_id=str(visit.id),
        progress=one.progress,
        late=one.is_late,
    )


def _bar(scale: Scale, kind: str, since: datetime, until: datetime, title: str, **more: object) -> Bar:
    left = scale.at(since)
    width = round(max(scale.at(until) - left, SLIMMEST), 3)
    if width < WIDE_ENOUGH:
        more["label"] = ""
    return Bar(kind=kind, left=left, width=width, title=title, **more)  # type: ignore[arg-type]  # named in Bar
