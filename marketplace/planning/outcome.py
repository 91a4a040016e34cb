"""What a plan document asks of the day's rows: who attends which visit when."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from marketplace.planning.day import Day
from marketplace.visits.models import Assignment


@dataclass(frozen=True, slots=True)
class Attendance:
    """One member's part in a visit as the engine planned it."""

    member: int
    shift_id: UUID
    performer_id: UUID
    planned_from: datetime
    planned_until: datetime
    pickup_at: datetime | None
    travel_seconds: int
    travel_metres: int

    def is_as(self, one: Assignment) -> bool:
        """Is the published assignment just this?"""
        return (
            self.member == one.member
            and self.shift_id == one.shift_id
            and self.planned_from == one.planned_from
            and self.planned_until == one.planned_until
            and self.pickup_at == one.pickup_at
        )

    def overlaps(self, one: Assignment) -> bool:
        """Would the performer be in two places?"""
        return (
            self.performer_id == one.performer_id
            and self.planned_from < one.planned_until
            and one.planned_from < self.planned_until
        )


def attendances(day: Day, plan: dict[str, Any]) -> dict[UUID, list[Attendance]]:
    """Every visit the plan serves, with its crew in the order of members."""
    performers = {str(shift.id): shift.performer_id for shift in day.shifts}
    fetched = {stop["id"]: stop["start"] for _, stop in _stops(plan) if stop["kind"] == "pickup"}
    found: dict[UUID, list[Attendance]] = {}
    for shift, stop in _stops(plan):
        if stop["kind"] not in {"visit", "dropoff"}:
            continue
        pickup = fetched.get(stop["id"]) if stop["kind"] == "dropoff" else None
        found.setdefault(UUID(stop["id"]), []).append(
            Attendance(
                member=stop.get("member", 0),
                shift_id=UUID(shift),
                performer_id=performers[shift],
                planned_from=day.instant(stop["start"]),
                planned_until=day.instant(stop["departure"]),
                pickup_at=None if pickup is None else day.instant(pickup),
                travel_seconds=stop["travel_seconds"],
                travel_metres=stop["travel_metres"],
            )
        )
    return {visit_id: sorted(crew, key=lambda one: one.member) for visit_id, crew in found.items()}


def _stops(plan: dict[str, Any]) -> Iterable[tuple[str, dict[str, Any]]]:
    return ((route["shift"], stop) for route in plan["routes"] for stop in route["stops"])


def without_clashes(
    wanted: Mapping[UUID, list[Attendance]], standing: Iterable[Assignment], left_out: set[UUID]
) -> set[UUID]:
    """All visits to leave out: those given, and whatever would clash with what they keep standing, and so on."""
    live = list(standing)
    out = set(left_out)
    while True:
        stays = [one for one in live if one.visit_id in out or one.visit_id not in wanted]
        more = {
            visit_id
            for visit_id, crew in wanted.items()
            if visit_id not in out and any(member.overlaps(one) for member in crew for one in stays)
        }
        if not more:
            return out
        out |= more
