"""One sign-in per role, for the person who looks at the demo. Telephones follow from the cast's numbering alone."""

from dataclasses import dataclass

from marketplace.base.actor import Role
from marketplace.demo.names import phone
from marketplace.demo.population.care import FIRST_CAREGIVER
from marketplace.demo.population.cast import FIRST_ADMIN, FIRST_ELDER, FIRST_FAMILY, FIRST_STAFF, FIRST_VOLUNTEER
from marketplace.demo.seeding.staff import PASSWORD


@dataclass(frozen=True, slots=True)
class SignIn:
    """Telephone and password; without a password the answer to `POST /v1/sign-in/code` shows the demo's code."""

    role: Role
    phone: str
    password: str | None


def sign_ins() -> list[SignIn]:
    """The first of every role; dispatcher and officer are the northernmost district's."""
    staff = (Role.OPERATOR, Role.REGULATOR, Role.DISPATCHER, Role.OFFICER)  # in the order of the cast's posts
    found = [SignIn(role, _plain(FIRST_STAFF + number), PASSWORD) for number, role in enumerate(staff)]
    found.append(SignIn(Role.PROVIDER, _plain(FIRST_ADMIN), PASSWORD))
    others = {
        Role.CAREGIVER: FIRST_CAREGIVER,
        Role.VOLUNTEER: FIRST_VOLUNTEER,
        Role.FAMILY: FIRST_FAMILY,
        Role.ELDER: FIRST_ELDER,
    }
    return found + [SignIn(role, _plain(first), None) for role, first in others.items()]


def _plain(index: int) -> str:
    return phone(index).removeprefix("+86")
