"""Performers: caregivers and volunteers, written here by the features that engage them."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base.ids import new_id
from marketplace.visits.models import Performer

VOLUNTEER = "volunteer"  # the skill that only volunteers hold, and only their tasks ask for


async def add_performer(
    tx: AsyncSession,
    *,
    id: UUID | None = None,  # noqa: A002 - the column's own name
    kind: str,
    account_id: UUID,
    provider_id: UUID | None,
    district_id: UUID,
    name: str,
    gender: str,
    mode: str,
    skills: Iterable[str],
) -> Performer:
    """A new active performer; `id` may be given when another table shares it."""
    performer = Performer(
        id=id or new_id(),
        kind=kind,
        account_id=account_id,
        provider_id=provider_id,
        district_id=district_id,
        name=name,
        gender=gender,
        mode=mode,
        skills=sorted(set(skills)),
    )
    tx.add(performer)
    await tx.flush()
    return performer


def held_skills(performer: Performer) -> frozenset[str]:
    """All a visit may ask of the performer: abilities, gender (`gender:f`), provider (`provider:ID`), `volunteer`."""
    own = {f"gender:{performer.gender}", *(skill for skill in performer.skills if skill != VOLUNTEER)}
    if performer.kind == VOLUNTEER:
        own.add(VOLUNTEER)
    return frozenset(own | {f"provider:{performer.provider_id}"} if performer.provider_id else own)
