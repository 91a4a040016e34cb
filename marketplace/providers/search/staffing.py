"""Whether there are people for a wish: who works in the district, and who is on shift at the time."""

from datetime import datetime, time, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func, select
from sqlmodel import col

from marketplace.base.clock import LOCAL
from marketplace.providers.models import Kitchen, Provider
from marketplace.providers.search.wish import Wish
from marketplace.visits.models import Performer, Shift

DINNER_FROM = time(15)  # a meal wished before is a lunch


def works_in(wish: Wish, district_id: UUID) -> ColumnElement[bool]:
    """The condition on `Provider`: it has somebody in the district with the skills, and the gender where it matters."""
    someone = [
        col(Performer.provider_id) == col(Provider.id),
        col(Performer.state) == "active",
        col(Performer.district_id) == district_id,
        col(Performer.skills).contains(wish.service.skills),
    ]
    if wish.service.gender_match and wish.gender is not None:
        someone.append(col(Performer.gender) == wish.gender)
    return exists().where(*someone)


def staffed(wish: Wish, at: datetime) -> ColumnElement[bool]:
    """The condition on `Provider` (a meal: on `Kitchen`): a whole crew is on shift from `at` for the whole service.

    Boxes are brought by whoever carries some in the district, of any provider.
    """
    if wish.service.code == "meal":
        return and_(_cooks(at), _on_shift(wish, at, boxes=True) >= 1)
    return _on_shift(wish, at, boxes=False) >= wish.service.crew_size


def _cooks(at: datetime) -> ColumnElement[bool]:
    lunch = at.astimezone(LOCAL).time() < DINNER_FROM
    return (col(Kitchen.lunch_capacity) if lunch else col(Kitchen.dinner_capacity)) > 0


def _on_shift(wish: Wish, at: datetime, *, boxes: bool) -> ColumnElement[int]:
    skills = list(wish.service.skills)
    if wish.service.gender_match and wish.gender is not None:
        skills.append(f"gender:{wish.gender}")
    people = select(func.count(col(Shift.performer_id).distinct())).where(
        col(Shift.state) == "open",
        col(Shift.starts_at) <= at,
        col(Shift.ends_at) >= at + timedelta(seconds=wish.service.service_seconds),
        col(Shift.skills).contains(skills),
    )
    if wish.district_id is not None:
        people = people.where(col(Shift.district_id) == wish.district_id)
    if boxes:
        people = people.where(
            col(Shift.capacity_boxes) > 0, col(Shift.district_id) == func.any(col(Kitchen.district_ids))
        )
        return people.correlate(Kitchen).scalar_subquery()
    mine = select(col(Performer.id)).where(col(Performer.provider_id) == col(Provider.id))
    return people.where(col(Shift.performer_id).in_(mine.correlate(Provider))).correlate(Provider).scalar_subquery()
