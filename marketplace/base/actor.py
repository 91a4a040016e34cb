"""Who acts: an account with its roles and reach, or the system itself."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from marketplace.base.errors import Language


class Role(StrEnum):
    """What an account may be; one account may hold several."""

    ELDER = "elder"
    FAMILY = "family"
    PROVIDER = "provider"
    CAREGIVER = "caregiver"
    VOLUNTEER = "volunteer"
    OFFICER = "officer"
    DISPATCHER = "dispatcher"
    REGULATOR = "regulator"
    OPERATOR = "operator"


STAFF = frozenset({Role.OFFICER, Role.DISPATCHER, Role.OPERATOR})


@dataclass(frozen=True, slots=True)
class Actor:
    """An acting account. `region_path` bounds staff to a subtree; the empty path is the whole city.

    The system acts with no account: `Actor.system()`; it passes every check and sees everything.
    """

    account_id: UUID | None
    roles: frozenset[Role]
    region_path: str = ""
    provider_id: UUID | None = None
    language: Language = "zh"

    @classmethod
    def system(cls) -> "Actor":
        return cls(account_id=None, roles=frozenset())

    @property
    def is_system(self) -> bool:
        return self.account_id is None

    def is_any(self, *roles: Role) -> bool:
        """Does the actor hold one of these roles? The system holds all."""
        return self.is_system or not self.roles.isdisjoint(roles)
