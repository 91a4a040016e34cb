"""Shifts: document → values and back."""

from __future__ import annotations

from typing import Any

from dispatch.document.reader import Faults, Reader, finite, whole
from dispatch.objective import SHIFT_TERMS
from dispatch.problem import HORIZON_SECONDS
from dispatch.shifts import Aboard, Break, Shift

MOST_LOAD = 10**6
MOST_BREAKS = 5  # of a shift: every order of them before and after a route is looked at


def read_shift(value: object, pointer: str, faults: Faults) -> Shift:
    """One shift; references are judged later, when all ids are known."""
    reader = Reader(value, pointer, faults)
    limit = {"least": 0, "most": HORIZON_SECONDS}
    shift = Shift(
        id=reader.text("id"),
        caregiver=reader.text("caregiver"),
        mode=reader.text("mode"),
        start=reader.text("start"),
        end=reader.optional_text("end"),
        window=reader.window("window", most=HORIZON_SECONDS),
        skills=frozenset(reader.texts("skills")),
        capacity=read_load(reader, "capacity"),
        breaks=tuple(reader.items("breaks", lambda entry, at: _break(entry, at, faults), most=MOST_BREAKS)),
        max_work_seconds=reader.optional_integer("max_work_seconds", **limit),
        overtime_after_seconds=reader.optional_integer("overtime_after_seconds", **limit),
        max_overtime_seconds=reader.optional_integer("max_overtime_seconds", **limit),
        aboard=tuple(reader.items("aboard", lambda entry, at: _aboard(entry, at, faults))),
        cost=reader.mapping("cost", lambda entry, at: finite(entry, at, faults, least=0.0, most=1000.0)),
    )
    for term in shift.cost:
        if term not in SHIFT_TERMS:
            reader.fault("cost", "choice", f"{term!r} is no term of a shift: {', '.join(SHIFT_TERMS)}")
    if shift.max_overtime_seconds is not None and shift.overtime_after_seconds is None:
        reader.fault("max_overtime_seconds", "missing", "needs overtime_after_seconds")
    for index, rest in enumerate(shift.breaks):
        if rest.window[1] < shift.window[0] or rest.window[0] > shift.window[1]:
            faults.add(f"{pointer}/breaks/{index}/window", "order", "lies outside the shift")
    reader.close()
    return shift


def read_load(reader: Reader, key: str) -> dict[str, int]:
    """Amounts by dimension, each a whole number from 0 to a million."""
    return reader.mapping(key, lambda entry, at: whole(entry, at, reader.faults, least=0, most=MOST_LOAD))


def _break(value: object, pointer: str, faults: Faults) -> Break:
    reader = Reader(value, pointer, faults)
    rest = Break(
        id=reader.text("id"),
        window=reader.window("window", most=HORIZON_SECONDS),
        seconds=reader.integer("seconds", least=1, most=HORIZON_SECONDS),
    )
    reader.close()
    return rest


def _aboard(value: object, pointer: str, faults: Faults) -> Aboard:
    reader = Reader(value, pointer, faults)
    picked_up = reader.integer("picked_up_seconds", least=0, most=HORIZON_SECONDS)
    aboard = Aboard(delivery=reader.text("delivery"), picked_up_seconds=picked_up)
    reader.close()
    return aboard


def dump_shift(shift: Shift) -> dict[str, Any]:
    """The document of a shift, without the fields that stand at their default."""
    found: dict[str, Any] = {
        "id": shift.id,
        "caregiver": shift.caregiver,
        "mode": shift.mode,
        "start": shift.start,
        "end": shift.end,
        "window": list(shift.window),
        "skills": sorted(shift.skills),
    }
    if shift.capacity:
        found["capacity"] = dict(shift.capacity)
    if shift.breaks:
        found["breaks"] = [
            {"id": rest.id, "window": list(rest.window), "seconds": rest.seconds} for rest in shift.breaks
        ]
    for name in ("max_work_seconds", "overtime_after_seconds", "max_overtime_seconds"):
        if getattr(shift, name) is not None:
            found[name] = getattr(shift, name)
    if shift.aboard:
        found["aboard"] = [
            {"delivery": aboard.delivery, "picked_up_seconds": aboard.picked_up_seconds} for aboard in shift.aboard
        ]
    if shift.cost:
        found["cost"] = dict(shift.cost)
    return found
