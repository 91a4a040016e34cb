"""Ages: who is old enough to give hours, and not too old; who is a minor."""

from datetime import date

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base.timebank_rules import EarningRules
from marketplace.hours.members.errors import AgeNotAllowed, AgeUnknown, BirthDateImpossible, MinorsRefused
from marketplace.hours.members.relatives import age_on
from marketplace.hours.models import Member
from marketplace.people.models import Elder

OLDEST = 130
MAJORITY = 18  # Civil Code of the People's Republic of China, article 17


def is_minor(birth_on: date, on: date) -> bool:
    """Under age on that day?"""
    return age_on(birth_on, on) < MAJORITY


def require_plausible(birth_on: date, on: date) -> None:
    """`BirthDateImpossible` for one that lies ahead or too long ago."""
    if not 0 <= age_on(birth_on, on) <= OLDEST:
        raise BirthDateImpossible(pointer="/birth_on")


async def birth_of(tx: AsyncSession, member: Member) -> date | None:
    """A person's date of birth, an elder's from her own record; None for organisations, and where it is not known."""
    if member.elder_id is None:
        return member.birth_on
    query = select(col(Elder.birth_on)).where(col(Elder.id) == member.elder_id)  # visible: the member's own elder
    return await tx.scalar(query)


def require_age(birth_on: date | None, gender: str | None, *, on: date, rules: EarningRules) -> None:
    """`AgeUnknown`, `MinorsRefused`, `AgeNotAllowed`. A minor whom the city takes needs no other age."""
    if birth_on is None:
        raise AgeUnknown(pointer="/birth_on")
    if is_minor(birth_on, on):
        if rules.minors == "refused":
            raise MinorsRefused(pointer="/birth_on")
        return
    age = age_on(birth_on, on)
    youngest = rules.youngest_woman if gender == "f" else rules.youngest
    if age < youngest or (rules.oldest is not None and age > rules.oldest):
        raise AgeNotAllowed(pointer="/birth_on", age=age, youngest=youngest, oldest=rules.oldest or "-")
