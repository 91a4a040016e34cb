"""Visits, deliveries, relations and pins: document → values and back."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, cast

from dispatch.document.reader import Faults, Reader, pair, whole
from dispatch.document.shifts import read_load
from dispatch.problem import HORIZON_SECONDS
from dispatch.tasks import (
    Delivery,
    Halt,
    Hold,
    Member,
    Pin,
    Relation,
    RelationKind,
    StopKind,
    StopRef,
    Task,
    Visit,
)

MOST_WEIGHT = 10**6


def read_visit(value: object, pointer: str, faults: Faults) -> Visit:
    """One visit with at least one window and one crew member."""
    reader = Reader(value, pointer, faults)
    visit = Visit(
        **_shared(reader),
        place=reader.text("place"),
        end=reader.optional_text("end"),
        windows=_windows(reader),
        crew=tuple(reader.items("crew", lambda entry, at: _member(entry, at, faults), required=True)),
        stagger=reader.window("stagger", most=HORIZON_SECONDS, default=(0, 0)),
    )
    if "crew" in reader.fields and not visit.crew:
        reader.fault("crew", "empty", "a visit needs at least one caregiver")
    reader.close()
    return visit


def read_delivery(value: object, pointer: str, faults: Faults) -> Delivery:
    """One delivery from a pickup to a drop-off."""
    reader = Reader(value, pointer, faults)
    delivery = Delivery(
        **_shared(reader),
        pickup=_halt(reader.take("pickup"), reader.at("pickup"), faults),
        dropoff=_halt(reader.take("dropoff"), reader.at("dropoff"), faults),
        load=read_load(reader, "load"),
        max_ride_seconds=reader.optional_integer("max_ride_seconds", least=0, most=HORIZON_SECONDS),
        direct=reader.flag("direct"),
        skills=frozenset(reader.texts("skills")),
    )
    reader.close()
    return delivery


def _shared(reader: Reader) -> dict[str, Any]:
    bonus = reader.mapping("preferred", lambda entry, at: whole(entry, at, reader.faults, least=0, most=MOST_WEIGHT))
    return {
        "id": reader.text("id"),
        "elder": reader.optional_text("elder"),
        "priority": reader.integer("priority", least=1, most=100, default=50),
        "mandatory": reader.flag("mandatory"),
        "late_second": reader.optional_integer("late_second", least=0, most=MOST_WEIGHT),
        "preferred": bonus,
        "excluded": frozenset(reader.texts("excluded")),
    }


def _windows(reader: Reader) -> tuple[tuple[int, int], ...]:
    found = reader.items(
        "windows",
        lambda entry, at: pair(entry, at, reader.faults, most=HORIZON_SECONDS),
        required=True,
    )
    if "windows" in reader.fields and not found:
        reader.fault("windows", "empty", "at least one window is needed")
    for earlier, later in pairwise(found):
        if later[0] <= earlier[1]:
            reader.fault("windows", "order", "windows stand in order and do not touch")
            break
    return tuple(found)


def _member(value: object, pointer: str, faults: Faults) -> Member:
    reader = Reader(value, pointer, faults)
    service_seconds = reader.integer("service_seconds", least=0, most=HORIZON_SECONDS)
    member = Member(service_seconds=service_seconds, skills=frozenset(reader.texts("skills")))
    reader.close()
    return member


def _halt(value: object, pointer: str, faults: Faults) -> Halt:
    reader = Reader(value, pointer, faults)
    halt = Halt(
        place=reader.text("place"),
        windows=_windows(reader),
        service_seconds=reader.integer("service_seconds", least=0, most=HORIZON_SECONDS, default=0),
    )
    reader.close()
    return halt


def read_relation(value: object, pointer: str, faults: Faults) -> Relation:
    """One relation of at least two tasks; `gap` belongs to sequences."""
    reader = Reader(value, pointer, faults)
    kind = reader.choice("kind", ("same_caregiver", "different_caregiver", "sequence"))
    of = tuple(reader.texts("of"))
    if len(of) < 2:
        reader.fault("of", "empty", "a relation binds at least two tasks")
    if kind != "sequence" and "gap" in reader.fields:
        reader.fault("gap", "unknown_field", "only a sequence has a gap")
    gap = reader.window("gap", most=HORIZON_SECONDS, default=(0, HORIZON_SECONDS))
    reader.close()
    return Relation(kind=cast("RelationKind", kind), of=of, gap=gap)


def read_pin(value: object, pointer: str, faults: Faults) -> Pin:
    """One pin; holding a time needs `start_seconds`."""
    reader = Reader(value, pointer, faults)
    hold = cast("Hold", reader.choice("hold", ("caregiver", "time", "both", "prefix")))
    stop = Reader(reader.take("stop"), reader.at("stop"), faults)
    kind = cast("StopKind", stop.choice("kind", ("visit", "pickup", "dropoff")))
    member = stop.integer("member", least=0, most=100, default=0)
    ref = StopRef(kind=kind, id=stop.text("id"), member=member)
    stop.close()
    start = reader.optional_integer("start_seconds", least=0, most=HORIZON_SECONDS)
    if hold in ("time", "both") and start is None:
        reader.fault("start_seconds", "missing", f"a pin that holds {hold} names the time")
    if hold == "caregiver" and start is not None:
        reader.fault("start_seconds", "unknown_field", "a pin on the caregiver holds no time")
    pin = Pin(shift=reader.text("shift"), stop=ref, hold=hold, start_seconds=start)
    reader.close()
    return pin


def dump_task(task: Task) -> dict[str, Any]:
    """The document of a visit or delivery, without the fields that stand at their default."""
    own = _dump_visit(task) if isinstance(task, Visit) else _dump_delivery(task)
    found: dict[str, Any] = {"id": task.id, **own, "priority": task.priority}
    if task.elder is not None:
        found["elder"] = task.elder
    if task.mandatory:
        found["mandatory"] = True
    if task.late_second is not None:
        found["late_second"] = task.late_second
    if task.preferred:
        found["preferred"] = dict(task.preferred)
    if task.excluded:
        found["excluded"] = sorted(task.excluded)
    return found


def _dump_visit(visit: Visit) -> dict[str, Any]:
    found: dict[str, Any] = {
        "place": visit.place,
        "windows": [list(window) for window in visit.windows],
        "crew": [{"skills": sorted(m.skills), "service_seconds": m.service_seconds} for m in visit.crew],
    }
    if visit.end is not None:
        found["end"] = visit.end
    if visit.stagger != (0, 0):
        found["stagger"] = list(visit.stagger)
    return found


def _dump_delivery(delivery: Delivery) -> dict[str, Any]:
    found: dict[str, Any] = {
        "pickup": _dump_halt(delivery.pickup),
        "dropoff": _dump_halt(delivery.dropoff),
        "load": dict(delivery.load),
        "skills": sorted(delivery.skills),
    }
    if delivery.max_ride_seconds is not None:
        found["max_ride_seconds"] = delivery.max_ride_seconds
    if delivery.direct:
        found["direct"] = True
    return found


def _dump_halt(halt: Halt) -> dict[str, Any]:
    windows = [list(window) for window in halt.windows]
    return {"place": halt.place, "windows": windows, "service_seconds": halt.service_seconds}


def dump_relation(relation: Relation) -> dict[str, Any]:
    """The document of a relation."""
    found: dict[str, Any] = {"kind": relation.kind, "of": list(relation.of)}
    if relation.kind == "sequence":
        found["gap"] = list(relation.gap)
    return found


def dump_pin(pin: Pin) -> dict[str, Any]:
    """The document of a pin."""
    stop: dict[str, Any] = {"kind": pin.stop.kind, "id": pin.stop.id}
    if pin.stop.member:
        stop["member"] = pin.stop.member
    found: dict[str, Any] = {"shift": pin.shift, "stop": stop, "hold": pin.hold}
    if pin.start_seconds is not None:
        found["start_seconds"] = pin.start_seconds
    return found
