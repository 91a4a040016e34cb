"""A simulated performer: follows her own route as the API gives it, and reports from every door with ids she makes.

She arrives when it is planned, or when she can: lateness is carried on from stop to stop.
"""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from marketplace.demo.callers import Caller, Refused
from marketplace.demo.day.manners import FAR_DEGREES, ON_TIME, Evidence, evidence_of, manner_of

_EVENTS = UUID("6ad0bb5e-93a1-5c2c-8f0e-0f6d2b1f7a11")
_CHANGED = frozenset({404, 409})  # the plan went on without this stop
ACCURACY_METRES = 8.0


class Traveller:
    """One performer under way on one day."""

    def __init__(self, caller: Caller, day: date, *, seed: int) -> None:
        self._caller = caller
        self._day = day
        self._seed = seed
        self._behind = manner_of(seed, caller.phone).behind
        self._ahead: list[dict[str, Any]] = []
        self._inside: tuple[dict[str, Any], datetime, Evidence] | None = None
        self._free_at: datetime | None = None
        self._seen: set[str] = set()
        self.reports = 0

    @property
    def is_done(self) -> bool:
        """Has she nothing before her?"""
        return not self._ahead and self._inside is None

    @property
    def next_at(self) -> datetime | None:
        """When she next comes or goes, None when there is nothing before her."""
        if self._inside is not None:
            return self._leaving(*self._inside)
        return self._arrival(self._ahead[0]) if self._ahead else None

    async def read_route(self) -> None:
        """Fetch the route as it stands; what she has begun stays begun."""
        stops = (await self._caller.get("/v1/me/route", day=self._day))["stops"]
        self._ahead = [
            stop
            for stop in stops
            if stop["kind"] == "visit" and stop["state"] == "published" and stop["assignment_id"] not in self._seen
        ]

    async def go_on(self, now: datetime) -> None:
        """Do everything that lies before `now`, in its order."""
        while True:
            if self._inside is not None:
                stop, _, evidence = self._inside
                leaves_at = self._leaving(*self._inside)
                if leaves_at > now:
                    return
                await self._report("out", stop, leaves_at, evidence)
                self._inside, self._free_at = None, leaves_at
            elif self._ahead:
                arrives_at = self._arrival(self._ahead[0])
                if arrives_at > now:
                    return
                await self._arrive(self._ahead.pop(0), arrives_at)
            else:
                return

    @staticmethod
    def _leaving(stop: dict[str, Any], came_at: datetime, evidence: Evidence) -> datetime:
        lasts = datetime.fromisoformat(stop["ends_at"]) - datetime.fromisoformat(stop["starts_at"])
        return came_at + lasts * evidence.stays_share

    def _arrival(self, stop: dict[str, Any]) -> datetime:
        planned = datetime.fromisoformat(stop["starts_at"])
        if self._free_at is None:
            return planned + self._behind
        return max(planned, self._free_at + timedelta(seconds=stop["travel_seconds"]))

    async def _arrive(self, stop: dict[str, Any], at: datetime) -> None:
        evidence = evidence_of(self._seed, self._caller.phone, len(self._seen))
        self._seen.add(stop["assignment_id"])
        self._behind = ON_TIME
        try:
            await self._report("in", stop, at, evidence)
        except Refused as problem:
            if problem.status not in _CHANGED:
                raise
            await self.read_route()
            return
        self._inside = (stop, at, evidence)

    async def _report(self, kind: str, stop: dict[str, Any], at: datetime, evidence: Evidence) -> None:
        assignment = stop["assignment_id"]
        body = {
            "event_id": str(uuid5(_EVENTS, f"{self._seed}:{assignment}:{kind}")),
            "device_at": at.isoformat(),
            "lon": stop["lon"] + (FAR_DEGREES if evidence.far else 0.0),
            "lat": stop["lat"],
            "accuracy_metres": ACCURACY_METRES,
            "mocked": evidence.mocked,
        }
        await self._caller.post(f"/v1/assignments/{assignment}/check-{kind}", body)
        self.reports += 1
