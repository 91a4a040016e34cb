"""Plans: document → values and back. The checker judges what a plan says; here only its form is read."""

from __future__ import annotations

from typing import Any, Literal, cast

from dispatch.document.reader import Faults, Reader, carried, shown, whole
from dispatch.document.shifts import read_load
from dispatch.plan import Plan, PlanStopKind, Reason, Route, Stop, Unassigned
from dispatch.problem import HORIZON_SECONDS

FORMAT = "liuzhu/plan@1"
MOST_COST = 2**62
STOP_KINDS = ("start", "visit", "pickup", "dropoff", "break", "end")


def plan_value(value: object, pointer: str, faults: Faults) -> Plan:
    """A plan from a JSON value."""
    reader = Reader(value, pointer, faults)
    _format(reader, FORMAT)
    status = cast("Literal['feasible', 'infeasible']", reader.choice("status", ("feasible", "infeasible")))
    routes = tuple(reader.items("routes", lambda entry, at: _route(entry, at, faults), required=True))
    plan = Plan(
        status=status,
        routes=routes,
        unassigned=tuple(reader.items("unassigned", lambda entry, at: _unassigned(entry, at, faults))),
        cost=_amounts(reader, "cost"),
        indicators=reader.mapping("indicators", lambda entry, at: carried(entry, at, faults)),
        seed=reader.integer("seed", least=0, most=2**63 - 1, default=0),
        seconds=reader.number("seconds", least=0.0, most=1e9) if "seconds" in reader.fields else 0.0,
        iterations=reader.integer("iterations", least=0, most=2**62, default=0),
    )
    for route, named in enumerate(plan.routes):
        if not named.stops and routes:
            faults.add(f"{pointer}/routes/{route}/stops", "empty", "a route has a start and an end")
    reader.close()
    return plan


def _format(reader: Reader, wanted: str) -> None:
    found = reader.take("format")
    if found != wanted and "format" in reader.fields:
        reader.fault("format", "format", f"expected {wanted!r}, found {shown(found)}")


def _amounts(reader: Reader, key: str) -> dict[str, int]:
    return reader.mapping(key, lambda entry, at: whole(entry, at, reader.faults, least=0, most=MOST_COST))


def _route(value: object, pointer: str, faults: Faults) -> Route:
    reader = Reader(value, pointer, faults)
    route = Route(
        shift=reader.text("shift"),
        stops=tuple(reader.items("stops", lambda entry, at: _stop(entry, at, faults), required=True)),
        totals=_amounts(reader, "totals"),
    )
    reader.close()
    return route


def _stop(value: object, pointer: str, faults: Faults) -> Stop:
    reader = Reader(value, pointer, faults)

    def seconds(key: str, default: int | None = None) -> int:
        return reader.integer(key, least=0, most=HORIZON_SECONDS, default=default)

    stop = Stop(
        kind=cast("PlanStopKind", reader.choice("kind", STOP_KINDS)),
        id=reader.text("id"),
        member=reader.integer("member", least=0, most=100, default=0),
        arrival=seconds("arrival"),
        setup_seconds=seconds("setup_seconds", 0),
        wait=seconds("wait", 0),
        start=seconds("start"),
        departure=seconds("departure"),
        travel_seconds=seconds("travel_seconds", 0),
        travel_metres=seconds("travel_metres", 0),
        load=read_load(reader, "load"),
    )
    reader.close()
    return stop


def _unassigned(value: object, pointer: str, faults: Faults) -> Unassigned:
    reader = Reader(value, pointer, faults)
    change = reader.take("nearest_change", required=False)
    if change is not None and not isinstance(change, dict):
        reader.fault("nearest_change", "type", f"expected an object, found {shown(change)}")
        change = None
    carried(change, reader.at("nearest_change"), faults)
    found = Unassigned(
        id=reader.text("id"),
        reasons=tuple(reader.items("reasons", lambda entry, at: _reason(entry, at, faults))),
        nearest_change=change,
    )
    reader.close()
    return found


def _reason(value: object, pointer: str, faults: Faults) -> Reason:
    reader = Reader(value, pointer, faults)
    reason = Reason(code=reader.text("code"), detail=reader.prose("detail"))
    reader.close()
    return reason


def dump_plan(plan: Plan) -> dict[str, Any]:
    """The document of a plan."""
    return {
        "format": FORMAT,
        "seed": plan.seed,
        "seconds": plan.seconds,
        "iterations": plan.iterations,
        "status": plan.status,
        "routes": [
            {
                "shift": route.shift,
                "stops": [_dump_stop(stop) for stop in route.stops],
                "totals": dict(route.totals),
            }
            for route in plan.routes
        ],
        "unassigned": [dump_unassigned(entry) for entry in plan.unassigned],
        "cost": dict(plan.cost),
        "indicators": dict(plan.indicators),
    }


def _dump_stop(stop: Stop) -> dict[str, Any]:
    found: dict[str, Any] = {
        "kind": stop.kind,
        "id": stop.id,
        "arrival": stop.arrival,
        "wait": stop.wait,
        "start": stop.start,
        "departure": stop.departure,
        "travel_seconds": stop.travel_seconds,
        "travel_metres": stop.travel_metres,
        "load": dict(stop.load),
    }
    if stop.member:
        found["member"] = stop.member
    if stop.setup_seconds:
        found["setup_seconds"] = stop.setup_seconds
    return found


def dump_unassigned(entry: Unassigned) -> dict[str, Any]:
    """The document of a task left out."""
    reasons = [{"code": reason.code, "detail": reason.detail} for reason in entry.reasons]
    found: dict[str, Any] = {"id": entry.id, "reasons": reasons}
    if entry.nearest_change is not None:
        found["nearest_change"] = dict(entry.nearest_change)
    return found
