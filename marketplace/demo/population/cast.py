"""The whole cast for a seed: staff, elders, families, caregivers, volunteers. The same seed gives the same people."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from random import Random

from marketplace.base.actor import Role
from marketplace.base.timebank_rules import Category
from marketplace.demo.geography import Frontage, build_city, frontages
from marketplace.demo.names import Person, persons
from marketplace.demo.population.care import caregivers
from marketplace.demo.population.roles import (
    CastCaregiver,
    CastElder,
    CastFamily,
    CastMinor,
    CastStaff,
    CastStudent,
    CastVolunteer,
)
from marketplace.demo.population.scale import FULL, Scale
from marketplace.people.schemas import Ability

FIRST_STAFF, FIRST_ADMIN, FIRST_ELDER, FIRST_VOLUNTEER, FIRST_FAMILY = 0, 100, 1000, 6000, 7000
FIRST_STUDENT, FIRST_MINOR = 200, 300
GROWN_UP = (date(1958, 1, 1), date(1998, 12, 31))
STUDYING = (date(2003, 1, 1), date(2006, 12, 31))
AT_SCHOOL = (date(2012, 1, 1), date(2014, 12, 31))
ADVANCED_AGE = 1946  # eighty and more, by year of birth
WITH_MOTHER = 5  # every fifth volunteer has a mother in another district
SIGNS_IN = 3  # every third elder has an account of her own
GRANTED = 12  # so many of those are granted hours to spend

_CATEGORIES: tuple[tuple[Category, float], ...] = (
    ("living_alone", 0.3),
    ("empty_nest", 0.25),
    ("disabled", 0.15),
    ("dementia", 0.08),
    ("low_income", 0.12),
    ("bereaved", 0.03),
    ("left_behind", 0.05),
)
_ABILITIES: tuple[Ability, ...] = ("able", "able", "able", "mild", "mild", "moderate", "severe")


@dataclass(frozen=True, slots=True)
class Cast:
    """Everybody. Districts are numbered as in the geography, north to south; provider n's office lies in district n."""

    seed: int
    scale: Scale
    district_codes: tuple[str, ...]
    staff: tuple[CastStaff, ...]
    admins: tuple[Person, ...]
    elders: tuple[CastElder, ...]
    families: tuple[CastFamily, ...]
    caregivers: tuple[CastCaregiver, ...]
    volunteers: tuple[CastVolunteer, ...]
    students: tuple[CastStudent, ...]
    minors: tuple[CastMinor, ...]

    @property
    def granted(self) -> list[int]:
        """The elders who are granted hours: the first few who sign in themselves."""
        return [number for number, elder in enumerate(self.elders) if elder.signs_in][:GRANTED]


@cache
def cast_of(seed: int, scale: Scale = FULL) -> Cast:
    """The cast for a seed; about two seconds in a fresh process, most of it for reading the map."""
    codes = tuple(district.code for district in build_city().districts)
    doors = frontages(seed, scale.elders + 4 * scale.caregivers)
    elders = tuple(_elders(seed, doors[: scale.elders], codes))
    volunteers = tuple(_volunteers(seed, scale.volunteers, elders, len(codes)))
    return Cast(
        seed=seed,
        scale=scale,
        district_codes=codes,
        staff=_staff(seed, len(codes)),
        admins=persons(seed, len(codes), first_index=FIRST_ADMIN, born=GROWN_UP),
        elders=elders,
        families=_families(seed, scale.families, len(elders)),
        caregivers=caregivers(seed, scale.caregivers, doors[scale.elders :], codes),
        volunteers=volunteers,
        students=_students(seed, len(codes)),
        minors=_minors(seed, volunteers, len(codes)),
    )


def _staff(seed: int, districts: int) -> tuple[CastStaff, ...]:
    posts: list[tuple[Role, int | None]] = [(Role.OPERATOR, None), (Role.REGULATOR, None)]
    posts += [(role, number) for number in range(districts) for role in (Role.DISPATCHER, Role.OFFICER)]
    people = persons(seed, len(posts), first_index=FIRST_STAFF, born=GROWN_UP)
    return tuple(CastStaff(person, role, number) for person, (role, number) in zip(people, posts, strict=True))


def _elders(seed: int, doors: tuple[Frontage, ...], codes: tuple[str, ...]) -> Iterator[CastElder]:
    people = persons(seed, len(doors), first_index=FIRST_ELDER)
    for number, (person, door) in enumerate(zip(people, doors, strict=True)):
        random = Random(f"elder {seed} {number}")
        found: list[Category] = [category for category, share in _CATEGORIES if random.random() < share]
        if person.born_on.year <= ADVANCED_AGE:
            found.append("advanced_age")
        yield CastElder(
            person=person,
            frontage=door,
            district=codes.index(door.district_code),
            categories=tuple(sorted(found)),
            ability=random.choice(_ABILITIES),
            signs_in=number % SIGNS_IN == 0,
        )


def _families(seed: int, count: int, elders: int) -> tuple[CastFamily, ...]:
    """Each looks after one elder; those who have no account of their own come first."""
    numbers = sorted(range(elders), key=lambda number: (number % SIGNS_IN == 0, number))
    people = persons(seed, count, first_index=FIRST_FAMILY, born=GROWN_UP)
    return tuple(CastFamily(person, numbers[number % elders]) for number, person in enumerate(people))


def _volunteers(seed: int, count: int, elders: tuple[CastElder, ...], districts: int) -> Iterator[CastVolunteer]:
    people = persons(seed, count, first_index=FIRST_VOLUNTEER, born=GROWN_UP)
    taken: set[int] = set()
    for number, person in enumerate(people):
        district = number % districts
        mother = None
        if number % WITH_MOTHER == 0:
            away = (k for k, elder in enumerate(elders) if elder.district != district and k not in taken)
            mother = next(away, None)
        if mother is not None:
            taken.add(mother)
        yield CastVolunteer(person, district, mother)


def _students(seed: int, districts: int) -> tuple[CastStudent, ...]:
    """One in each district."""
    people = persons(seed, districts, first_index=FIRST_STUDENT, born=STUDYING)
    return tuple(CastStudent(person, number, f"2023{number:04d}") for number, person in enumerate(people))


def _minors(seed: int, volunteers: tuple[CastVolunteer, ...], districts: int) -> tuple[CastMinor, ...]:
    """One in each district, of whom a volunteer with no mother elsewhere takes care."""
    people = persons(seed, districts, first_index=FIRST_MINOR, born=AT_SCHOOL)
    at_home = {one.district: number for number, one in reversed(list(enumerate(volunteers))) if one.mother is None}
    return tuple(CastMinor(person, number, at_home[number]) for number, person in enumerate(people))
