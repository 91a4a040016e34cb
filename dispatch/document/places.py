"""Places and travel models: document → values and back."""

from __future__ import annotations

from typing import Any

from dispatch.document.reader import Faults, Reader, finite, shown, whole
from dispatch.places import Dense, Euclidean, GreatCircle, Place, TravelModel
from dispatch.problem import HORIZON_SECONDS
from dispatch.sentences import count_of

MOST_METRES = 10**8


def read_place(value: object, pointer: str, faults: Faults) -> Place:
    """One place: an id and exactly one of lonlat (WGS84) and xy."""
    reader = Reader(value, pointer, faults)
    place = Place(
        id=reader.text("id"),
        lonlat=_point(reader, "lonlat", (180.0, 90.0)),
        xy=_point(reader, "xy", (1e7, 1e7)),
        setup_seconds=reader.integer("setup_seconds", least=0, most=HORIZON_SECONDS, default=0),
    )
    if place.lonlat is not None and place.xy is not None:
        reader.fault("xy", "choice", "a place has lonlat or xy, not both")
    reader.close()
    return place


def _point(reader: Reader, key: str, bounds: tuple[float, float]) -> tuple[float, float] | None:
    value = reader.take(key, required=False)
    if value is None:
        return None
    if not isinstance(value, list) or len(value) != 2:
        reader.fault(key, "type", f"expected a pair of numbers, found {shown(value)}")
        return None
    first, second = (
        finite(number, f"{reader.at(key)}/{index}", reader.faults, least=-bound, most=bound)
        for index, (number, bound) in enumerate(zip(value, bounds, strict=True))
    )
    return (first, second)


def read_travel(value: object, pointer: str, faults: Faults, places: list[Place]) -> TravelModel:
    """One mode's model; a dense one is square in the number of places, with a zero diagonal allowed."""
    reader = Reader(value, pointer, faults)
    if "model" not in reader.fields and "seconds" in reader.fields:
        dense = Dense(_square(reader, "seconds", len(places)), _square(reader, "metres", len(places)))
        reader.close()
        return dense
    kind = reader.choice("model", ("great_circle", "euclidean"))
    model: TravelModel = Euclidean()
    if kind == "great_circle":
        detour = reader.number("detour", least=1.0, most=10.0)
        kmh = reader.number("kmh", least=0.5, most=200.0)
        model = GreatCircle(detour=detour, kmh=kmh)
    _located(reader, kind, places)
    reader.close()
    return model


def _located(reader: Reader, kind: str, places: list[Place]) -> None:
    wanted = "lonlat" if kind == "great_circle" else "xy"
    for place in places:
        if getattr(place, wanted) is None:
            reader.fault("model", "unlocated", f"{kind} needs {wanted}, which place {place.id!r} lacks")
            return


def _square(reader: Reader, key: str, size: int) -> tuple[tuple[int, ...], ...]:
    most = HORIZON_SECONDS if key == "seconds" else MOST_METRES

    def row(value: object, pointer: str) -> tuple[int, ...]:
        if not isinstance(value, list) or len(value) != size:
            length = len(value) if isinstance(value, list) else shown(value)
            reader.faults.add(pointer, "shape", f"expected {count_of(size, 'column')}, one per place, found {length}")
            return ()
        return tuple(
            whole(cell, f"{pointer}/{column}", reader.faults, least=0, most=most) for column, cell in enumerate(value)
        )

    rows = tuple(reader.items(key, row, required=True))
    if key in reader.fields and len(rows) != size:
        reader.fault(key, "shape", f"expected {count_of(size, 'row')}, one per place, found {len(rows)}")
    return rows


def dump_place(place: Place) -> dict[str, Any]:
    """The document of a place."""
    found: dict[str, Any] = {"id": place.id}
    if place.lonlat is not None:
        found["lonlat"] = list(place.lonlat)
    if place.xy is not None:
        found["xy"] = list(place.xy)
    if place.setup_seconds:
        found["setup_seconds"] = place.setup_seconds
    return found


def dump_travel(model: TravelModel) -> dict[str, Any]:
    """The document of a travel model."""
    if isinstance(model, GreatCircle):
        return {"model": "great_circle", "detour": model.detour, "kmh": model.kmh}
    if isinstance(model, Euclidean):
        return {"model": "euclidean"}
    return {"seconds": [list(row) for row in model.seconds], "metres": [list(row) for row in model.metres]}
