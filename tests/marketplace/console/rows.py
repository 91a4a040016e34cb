"""A day's rows as the page reads them, with one shift, without a database."""

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from marketplace.console.day.reading import DayRows
from marketplace.people.models import Region
from marketplace.planning.schemas import PlanDetail, RouteOut, StopOut, UnassignedOut
from marketplace.visits.models import Performer, Shift, Visit
from tests.marketplace.visits.builders import MONDAY, at

DISTRICT = Region(level="district", code="d1", name_zh="一区", name_en="D1", path="/c/d1/", lon=8.7, lat=49.4)


def a_visit(**given: Any) -> Visit:
    values: dict[str, Any] = {"cause_kind": "booking", "cause_id": uuid4(), "elder_id": uuid4(), "service": "cleaning"}
    values |= {"district_id": DISTRICT.id, "lon": 8.7, "lat": 49.4, "window_start": at(9), "window_end": at(10)}
    return Visit(**{**values, "service_seconds": 3600, "skills": [], "state": "published", **given})


def a_shift(**given: Any) -> tuple[Shift, Performer]:
    """From eight to five, on foot."""
    performer = Performer(
        kind="caregiver", account_id=uuid4(), district_id=DISTRICT.id, name="护", gender="f", mode="walk", skills=[]
    )
    values: dict[str, Any] = {"starts_at": at(8), "ends_at": at(17), "day": MONDAY, "mode": "walk", **given}
    return Shift(performer_id=performer.id, district_id=DISTRICT.id, lon=8.7, lat=49.4, skills=[], **values), performer


def rows_of(
    shift: tuple[Shift, Performer],
    visits: Sequence[Visit],
    *,
    stops: Sequence[StopOut] = (),
    unassigned: Sequence[UnassignedOut] = (),
) -> DayRows:
    """The shift's route has these stops; every elder is called Chen."""
    (one, performer) = shift
    route = RouteOut(
        shift_id=one.id, performer_id=performer.id, performer="护", mode="walk", stops=list(stops), totals={}
    )
    return DayRows(
        district=DISTRICT,
        day=MONDAY,
        now=at(10, 15),
        plan=None,
        detail=PlanDetail(status="feasible", routes=[route], unassigned=list(unassigned), cost={}, indicators={}),
        request=None,
        visits={visit.id: visit for visit in visits},
        names={visit.elder_id: "陈" for visit in visits},
        shifts=(shift,),
        attendances={},
        kitchens=(),
        providers={},
        matters=(),
    )
