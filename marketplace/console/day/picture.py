"""What the map draws: lines with their stops, kitchens, unassigned visits, as plain numbers for the browser.

A stop whose elder the actor may not see has no place here.
"""

from typing import Any

from marketplace.console.day.lines import Line, LineStop
from marketplace.console.day.reading import DayRows

Place = list[float]


def picture(rows: DayRows, lines: list[Line]) -> dict[str, Any]:
    """Places are [lat, lon], as the map library wants them."""
    drawn = {one.visit.id for line in lines for one in line.stops if one.visit is not None}
    return {
        "lines": [_line(line) for line in lines if line.visits],
        "kitchens": [{"name": one.name, "at": [one.lat, one.lon]} for one in rows.kitchens],
        "unassigned": [
            {"visit": str(visit.id), "at": [visit.lat, visit.lon]}
            for visit in rows.visits.values()
            if visit.state == "planned"
        ],
        # assigned by hand, a volunteer's task above all: on no shift's line
        "single": [
            {"visit": str(visit.id), "at": [visit.lat, visit.lon], "progress": visit.state}
            for visit in rows.visits.values()
            if visit.state != "planned" and visit.id not in drawn
        ],
    }


def _line(line: Line) -> dict[str, Any]:
    home: Place = [line.shift.lat, line.shift.lon]
    path = [at for one in line.stops if (at := _place(one)) is not None]
    return {
        "shift": str(line.shift.id),
        "name": line.performer.name,
        "hue": line.hue,
        "home": home,
        "path": path,
        "stops": [
            {
                "visit": str(one.visit.id),
                "number": one.number,
                "at": _place(one),
                "progress": one.progress,
                "late": one.is_late,
            }
            for one in line.stops
            if one.visit is not None and one.number is not None
        ],
    }


def _place(one: LineStop) -> Place | None:
    """Where the stop is, if the actor may know it: kitchens' counters and visible elders' doors."""
    stop = one.stop
    if one.visit is None or stop.lon is None or stop.lat is None:
        return None
    return [stop.lat, stop.lon]
