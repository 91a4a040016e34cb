"""A performer's own day: stops in order, with what is needed at each door.

Names, addresses and telephones are opened only for elders whom the performer may see at this moment, and every
opening leaves an audit row.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base import audit
from marketplace.base.actor import Actor
from marketplace.base.crypto import Vault, masked_phone
from marketplace.people.access import visible_to
from marketplace.people.models import Elder
from marketplace.planning.schemas import MyRoute, RouteStop
from marketplace.visits.listing import day_bounds
from marketplace.visits.models import Assignment, Performer, Visit

LIVE = ("published", "checked_in", "checked_out")
COUNTER = timedelta(seconds=180)


@dataclass(frozen=True, slots=True)
class Line:
    """The performer's assignments with their visits, and the elders that may be shown."""

    day: date
    rows: tuple[tuple[Assignment, Visit], ...]
    elders: Mapping[UUID, Elder]

    @property
    def version(self) -> str:
        """Changes with every change of any of it."""
        parts = [f"{one.id}:{one.version}:{visit.version}:{visit.elder_id in self.elders}" for one, visit in self.rows]
        return hashlib.sha256("\n".join([self.day.isoformat(), *parts]).encode()).hexdigest()[:32]


async def line_of(tx: AsyncSession, day: date, *, actor: Actor, now: datetime) -> Line:
    """What the actor attends on a day, in order of time."""
    first, following = day_bounds(day)
    query = (
        select(Assignment, Visit)
        .join(Visit, col(Visit.id) == col(Assignment.visit_id))
        .join(Performer, col(Performer.id) == col(Assignment.performer_id))
        .where(
            col(Performer.account_id) == actor.account_id,
            col(Assignment.state).in_(LIVE),
            col(Assignment.planned_from) >= first,
            col(Assignment.planned_from) < following,
        )
        .order_by(col(Assignment.planned_from), col(Assignment.id))
    )
    rows = tuple((one, visit) for one, visit in (await tx.execute(query)).all())
    wanted = {visit.elder_id for _, visit in rows}
    elders = await tx.scalars(select(Elder).where(col(Elder.id).in_(wanted), visible_to(actor, now)))
    return Line(day, rows, {elder.id: elder for elder in elders})


async def opened(tx: AsyncSession, vault: Vault, line: Line, *, actor: Actor) -> MyRoute:
    """The route with what is sealed opened; each elder's opening is noted."""
    stops = [await _door(tx, vault, one, visit, line.elders.get(visit.elder_id)) for one, visit in line.rows]
    for elder_id in line.elders:
        audit.note(tx, "read.sensitive", actor=actor, entity="elder", entity_id=elder_id, fields="address phone notes")
    ordered = sorted([*stops, *_kitchens(line)], key=lambda stop: (stop.starts_at, stop.kind != "pickup"))
    return MyRoute(day=line.day, stops=ordered)


async def _door(tx: AsyncSession, vault: Vault, one: Assignment, visit: Visit, elder: Elder | None) -> RouteStop:
    async def opened_field(field: str, sealed: bytes | None) -> str | None:
        return await vault.open(tx, elder.id, field, sealed) if elder and sealed else None

    phone = await opened_field("phone", elder.phone_sealed if elder else None)
    return RouteStop(
        kind="visit",
        assignment_id=one.id,
        visit_ids=[visit.id],
        elder_id=visit.elder_id,
        elder_name=elder.name if elder else None,
        phone_masked=masked_phone(phone) if phone else None,
        address=await opened_field("address", elder.address_sealed if elder else None),
        access_notes=await opened_field("access_notes", elder.access_notes_sealed if elder else None),
        tasks=[visit.service],
        lon=visit.lon,
        lat=visit.lat,
        navigate=f"geo:{visit.lat:.6f},{visit.lon:.6f}",
        window_start=visit.window_start,
        window_end=visit.window_end,
        starts_at=one.planned_from,
        ends_at=one.planned_until,
        travel_seconds=one.travel_seconds,
        travel_metres=one.travel_metres,
        boxes=visit.boxes,
        crew_size=visit.crew_size,
        state=one.state,
    )


def _kitchens(line: Line) -> list[RouteStop]:
    """One stop per stay at a kitchen: boxes fetched one after the other, with no home in between."""
    fetched = [(one.pickup_at, one, visit) for one, visit in line.rows if one.pickup_at is not None]
    fetched.sort(key=lambda row: (row[0], row[1].id))
    homes = [one.planned_from for one, _ in line.rows]
    stays: list[list[tuple[Assignment, Visit]]] = []
    for at, one, visit in fetched:
        last = stays[-1][-1] if stays else None
        if last is None or last[1].kitchen_id != visit.kitchen_id or _any_between(homes, last[0].pickup_at, at):
            stays.append([])
        stays[-1].append((one, visit))
    return [_kitchen(stay) for stay in stays]


def _any_between(instants: list[datetime], after: datetime | None, until: datetime) -> bool:
    return any(after is None or after < instant <= until for instant in instants)


def _kitchen(fetched: list[tuple[Assignment, Visit]]) -> RouteStop:
    visits = [visit for _, visit in fetched]
    times = [one.pickup_at for one, _ in fetched if one.pickup_at is not None]
    lon, lat = visits[0].kitchen_lon or 0.0, visits[0].kitchen_lat or 0.0  # the table's check makes both present
    begun = any(one.state != "published" for one, _ in fetched)
    return RouteStop(
        kind="pickup",
        assignment_id=None,
        visit_ids=[visit.id for visit in visits],
        elder_id=None,
        elder_name=None,
        phone_masked=None,
        address=None,
        access_notes=None,
        tasks=["pickup"],
        lon=lon,
        lat=lat,
        navigate=f"geo:{lat:.6f},{lon:.6f}",
        window_start=min(times) - COUNTER,
        window_end=min(visit.window_end for visit in visits),
        starts_at=min(times),
        ends_at=max(times),
        travel_seconds=0,
        travel_metres=0,
        boxes=sum(visit.boxes for visit in visits),
        crew_size=1,
        state="done" if begun else "published",
    )
