"""The people of the cast, each with what the demo needs to know of them. Indices point into the cast's own lists."""

from dataclasses import dataclass
from datetime import time

from marketplace.base.actor import Role
from marketplace.base.timebank_rules import Category
from marketplace.catalogue.service import Skill
from marketplace.demo.geography import Frontage, LonLat
from marketplace.demo.names import Person
from marketplace.people.schemas import Ability


@dataclass(frozen=True, slots=True)
class CastElder:
    """An elder behind her door; `signs_in` when she has an account of her own."""

    person: Person
    frontage: Frontage
    district: int
    categories: tuple[Category, ...]
    ability: Ability
    signs_in: bool


@dataclass(frozen=True, slots=True)
class CastFamily:
    """A son or daughter who books and pays for an elder, from whichever district."""

    person: Person
    elder: int


@dataclass(frozen=True, slots=True)
class CastVolunteer:
    """A volunteer at home in a district's branch; `mother` is an elder of another district."""

    person: Person
    district: int
    mother: int | None


@dataclass(frozen=True, slots=True)
class CastStudent:
    """A student of the city's university, at home in a district's branch; the contact of its group as well."""

    person: Person
    district: int
    number: str


@dataclass(frozen=True, slots=True)
class CastMinor:
    """A pupil at home in a district's branch; `guardian` is a volunteer of the same district."""

    person: Person
    district: int
    guardian: int


@dataclass(frozen=True, slots=True)
class CastCaregiver:
    """A caregiver of a provider: what she can do, how she gets about, when she works. Monday is weekday 0."""

    person: Person
    provider: int
    district: int
    mode: str
    skills: tuple[Skill, ...]
    boxes: int
    place: LonLat
    starts: time
    ends: time
    rest_from: time
    rest_until: time
    rest_seconds: int
    day_off: int


@dataclass(frozen=True, slots=True)
class CastStaff:
    """A member of staff with a password; `district` None is the whole city."""

    person: Person
    role: Role
    district: int | None
